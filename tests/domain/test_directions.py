"""Which way a text runs."""

import pytest

from newsletter.domain.directions import direction_of


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Hello", "ltr"),
        ("كيف يصل البريد", "rtl"),
        ("שלום", "rtl"),
        ("2026: سنة", "rtl"),
        ("“RFC 5321” بالعربية", "ltr"),
        ("2026!", "ltr"),
        ("", "ltr"),
    ],
)
def test_the_first_letter_with_a_direction_decides(text: str, direction: str) -> None:
    assert direction_of(text) == direction
