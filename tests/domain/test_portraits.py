"""A letter for somebody without a picture."""

import pytest

from newsletter.domain.portraits import initial_of


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Ada Lovelace", "A"),
        ("élise", "É"),
        ("e\u0301lise", "É"),
        ("ß", "SS"),
        ("ليلى", "ل"),
        ("", "?"),
        ("  ", "?"),
    ],
)
def test_the_first_letter_stands_for_a_name(name: str, letter: str) -> None:
    assert initial_of(name) == letter
