"""Colours that can be read, whatever a publisher chooses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.colours import contrast, mix, parse_colour, readable
from newsletter.domain.errors import BadInput

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("text", "colour"), [("#1F5F5B", "#1f5f5b"), (" #abc ", "#aabbcc"), ("#000000", "#000000")]
)
def test_a_colour_is_written_one_way(text: str, colour: str) -> None:
    assert parse_colour(text) == colour


@pytest.mark.parametrize("text", ["", "red", "#12345", "#1f5f5g", "1f5f5b", "#1f5f5b;}", "rgb(0, 0, 0)"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a colour such as #1f5f5b"):
        parse_colour(text)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#fff000", "#fff000", 1.0),
    ],
)
def test_contrast_is_the_one_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(one, other) == contrast(other, one)


def test_a_mix_lies_between() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#102030", "#ffffff", 0) == "#102030"


def test_a_colour_that_can_be_read_stays() -> None:
    assert readable("#1f5f5b", "#ffffff", 4.5) == "#1f5f5b"


@given(
    COLOURS, st.sampled_from(["#ffffff", "#fdfcfa", "#161514", "#f2f1ef"]), st.sampled_from([3.0, 4.5, 7.0])
)
def test_every_colour_can_be_made_readable(colour: str, paper: str, ratio: float) -> None:
    assert contrast(readable(colour, paper, ratio), paper) >= ratio


def test_a_corrected_colour_keeps_its_hue() -> None:
    corrected = readable("#ffd400", "#ffffff", 4.5)

    red, green, blue = (int(corrected[start : start + 2], 16) for start in (1, 3, 5))
    assert red > green > blue
