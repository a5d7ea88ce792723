"""Colours of code: few, merged, and within a budget of bytes."""

from newsletter.domain.look import CODE_COLOURS
from newsletter.rendering.code import Ink, classed
from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers
from tests.rendering.reading import elements, tags, text_in


def test_neighbours_of_one_colour_share_their_span() -> None:
    html = Ink(10_000).colour("'abc'", "python")

    assert html == f"<span style=\"color:{CODE_COLOURS['text'].light}\">'abc'</span>"


def test_what_has_no_colour_of_its_own_is_plain() -> None:
    assert classed("a + b", "python") == "a + b"


def test_an_unknown_language_is_plain() -> None:
    assert classed("a < b", "nonsense") == "a &lt; b"


def test_code_beyond_the_budget_is_plain_and_whole() -> None:
    ink = Ink(100)

    first, second = ink.colour("return 1", "python"), ink.colour("return 2; return 3", "python")

    assert "span" in tags(first)
    assert second == "return 2; return 3"
    assert 0 <= ink.left < 100


def test_a_letter_full_of_code_holds_little_colour() -> None:
    block = "```python\n" + "return 'a', 1\n" * 100 + "```\n\n"

    html = read_content(block * 12).email_html(Markers(), "https://letters.example/p/a")

    plain = len(text_in(html))
    assert len(elements(html, "span")) > 200
    assert len(html) < plain + 24_000
    assert text_in(html, "pre") == "return 'a', 1\n" * 1200
