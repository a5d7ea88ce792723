"""What a publisher may choose of how letters look, and the palettes that follow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.colours import contrast
from newsletter.domain.errors import BadInput
from newsletter.domain.look import CODE_COLOURS, FONTS, READING, SIGNS, SMALL, Look, keep_look, read_look

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_any_accent_can_be_read_in_both_palettes(accent: str) -> None:
    look = Look(accent=accent)

    for tones in (look.light, look.dark):
        assert contrast(tones.ink, tones.paper) >= READING
        for paper in (tones.paper, tones.wash):
            assert contrast(tones.accent, paper) >= SMALL
            assert contrast(tones.quiet, paper) >= SMALL
        assert contrast(tones.on_button, tones.button) >= SMALL
        assert contrast(tones.button, tones.paper) >= 3


def test_code_and_signs_can_be_read_in_both_palettes() -> None:
    look = Look()

    for shade in (*CODE_COLOURS.values(), *SIGNS):
        assert contrast(shade.light, look.light.wash) >= SMALL, shade
        assert contrast(shade.dark, look.dark.wash) >= SMALL, shade


def test_a_font_is_named_or_a_stack() -> None:
    assert Look(font="sans").stack == FONTS["sans"]
    assert Look(font="'Iowan Old Style', Georgia, serif").stack == "'Iowan Old Style', Georgia, serif"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"accent": "red"}, "“red” is not a colour"),
        ({"paper": "#777777"}, "hard to read"),
        ({"ink": "#cccccc"}, "hard to read"),
        ({"font": "a; } body { display: none"}, "The font must be"),
        ({"font": ""}, "The font must be"),
        ({"font": "O'Brien, serif"}, "The font must be"),
        ({"font": "Georgia, serif,"}, "The font must be"),
        ({"font": "..."}, "The font must be"),
        ({"logo_url": "https://["}, "must be an https:// address"),
        ({"logo_url": "http://example.org/logo.png"}, "must be an https:// address"),
        ({"logo_url": "logo.png"}, "must be an https:// address"),
        ({"logo_url": "https://example.org/a b.png"}, "must be an https:// address"),
        ({"logo_width": 0}, "16 to 600 pixels"),
        ({"logo_width": 900}, "16 to 600 pixels"),
        ({"header": "a" * 201}, "The header is too long: 200 characters"),
        ({"footer": "a" * 501}, "The footer is too long: 500 characters"),
        ({"logo_url": "https://example.org/" + "a" * 500}, "The logo url is too long"),
    ],
)
def test_what_no_letter_can_show_well_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Look(**given)


def test_a_look_is_kept_as_what_differs() -> None:
    look = Look(accent="#aa0000", font="sans", footer="Bye")

    assert keep_look(look) == {"font": "sans", "footer": "Bye"}
    assert read_look(keep_look(look), "#aa0000") == look


def test_what_a_newer_version_kept_is_left_out() -> None:
    assert read_look({"font": "sans", "sparkles": True}, "#1f5f5b") == Look(font="sans")
