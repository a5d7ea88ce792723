"""The letters are those somebody looked at; `python -m tests.support.golden` keeps what was meant."""

import pytest

from tests.support.golden import FOLDER, golden_files
from tests.support.letters import sample_letters

FILES = dict(golden_files())


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_letter_is_the_one_that_was_looked_at(name: str) -> None:
    assert FILES[name] == (FOLDER / name).read_text("utf-8")


def test_no_letter_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)


def test_a_letter_is_the_same_every_time() -> None:
    assert sample_letters() == sample_letters()
