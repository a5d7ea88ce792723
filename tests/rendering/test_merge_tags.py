"""`{{ name | there }}` is a hole for a reader's name, and never a template."""

import pytest

from newsletter.domain.errors import BadPost
from newsletter.domain.holes import Hole, HoleKind
from newsletter.rendering.content import read_content
from newsletter.rendering.markdown import parse_markdown
from newsletter.rendering.markers import Markers

PAGE = "https://letters.example/p/a"


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Hi {{ name | there }}!", "<p>Hi there!</p>\n"),
        ("Hi {{name|there}}!", "<p>Hi there!</p>\n"),
        ("Hi {{ name }}!", "<p>Hi !</p>\n"),
        ("Hi {{ name | dear reader }}!", "<p>Hi dear reader!</p>\n"),
        ("Hi {{ name | <b>&you }}!", "<p>Hi &lt;b&gt;&amp;you!</p>\n"),
        ("**{{ name | there }}**", "<p><strong>there</strong></p>\n"),
        ("# {{ name | there }}", '<h1 id="there">there</h1>\n'),
        ("*a {{ name | there }} b*", "<p><em>a there b</em></p>\n"),
        ("- {{ name | there }}", "<ul>\n<li>there</li>\n</ul>\n"),
        ("{{ name | a }} and {{ name | b }}", "<p>a and b</p>\n"),
    ],
    ids=[
        *("fallback", "no spaces", "no fallback", "words", "HTML", "strong", "emphasis", "heading", "list"),
        "two fallbacks",
    ],
)
def test_the_page_shows_the_fallback(markdown: str, html: str) -> None:
    assert read_content(markdown).web_html() == html


@pytest.mark.parametrize(
    "literal",
    [
        "{{ 7*7 }}",
        "{{ name.upper }}",
        "{{ name | upper | lower }}",
        "{{ name() }}",
        "{{ }}",
        "{{ name",
        "{ name }",
        "{% raw %}",
        "{% if name %}",
        "{# comment #}",
        "${name}",
        "%(name)s",
    ],
)
def test_anything_else_in_braces_stays_as_it_is(literal: str) -> None:
    content = read_content(f"Before {literal} after")

    assert content.web_html() == f"<p>Before {literal} after</p>\n"
    assert content.email_html(Markers(), PAGE) == f"<p>Before {literal} after</p>\n"
    assert content.plain_text(Markers(), PAGE) == f"Before {literal} after\n"


@pytest.mark.parametrize(
    "markdown",
    ["`{{ name | x }}`", "```\n{{ name | x }}\n```", "```jinja\n{{ name | x }}\n```", "    {{ nobody }}"],
    ids=["code", "fence", "coloured fence", "indented code"],
)
def test_code_is_never_merged(markdown: str) -> None:
    markers = Markers()

    html = read_content(markdown).email_html(markers, PAGE)

    assert not any(isinstance(piece, Hole) for piece in markers.split(html))


def test_an_escaped_merge_tag_is_text() -> None:
    assert read_content(r"\{{ name }}").web_html() == "<p>{{ name }}</p>\n"


@pytest.mark.parametrize("tag", ["{{ email }}", "{{ Name | you }}", "{{names}}", "{{ name_ | x }}"])
def test_an_unknown_merge_tag_is_refused_by_its_name(tag: str) -> None:
    with pytest.raises(BadPost) as refused:
        parse_markdown(f"Dear\n\nHi {tag}!")

    assert f"Line 3: the post uses {tag}, which does not exist." in str(refused.value)
    assert "{{ name | there }}" in str(refused.value)


@pytest.mark.parametrize(
    "markdown",
    [
        "<p>Hi {{ name | there }}</p>",
        '<a title="{{ name }}">a</a>',
        'text <b class="{{ name | x }}">b</b>',
        "<div>\n{{ nobody }}\n</div>",
        "> - <div>{{ name }}</div>",
    ],
    ids=["block", "attribute", "span", "unknown", "nested"],
)
def test_a_merge_tag_inside_html_is_refused(markdown: str) -> None:
    with pytest.raises(BadPost, match="stands inside HTML"):
        parse_markdown(markdown)


@pytest.mark.parametrize("markdown", ["<b>{{ name | you }}</b>", "<div>\n\n{{ name | you }}\n\n</div>"])
def test_a_merge_tag_between_tags_is_merged(markdown: str) -> None:
    html = read_content(markdown).web_html()

    assert "you" in html
    assert "{{" not in html


def test_a_letter_has_a_hole_for_each_fallback() -> None:
    markers = Markers()

    html = read_content("Hi {{ name | there }}, {{ name }}, {{ name | there }}.").email_html(markers, PAGE)

    there, nothing = Hole("name", HoleKind.HTML, "there"), Hole("name", HoleKind.HTML)
    assert markers.split(html) == ["<p>Hi ", there, ", ", nothing, ", ", there, ".</p>\n"]


def test_a_linked_merge_tag_is_written_once() -> None:
    html = read_content("[Hi {{ name | there }}](https://a.example/)").web_html()

    assert html == '<p><a href="https://a.example/" rel="noopener noreferrer">Hi there</a></p>\n'


def test_a_text_has_holes_of_its_own_kind() -> None:
    markers = Markers()

    text = read_content("Hi {{ name | <there> }}.").plain_text(markers, PAGE)

    assert markers.split(text) == ["Hi ", Hole("name", HoleKind.TEXT, "<there>"), ".\n"]


def test_an_author_cannot_guess_a_marker() -> None:
    first, second = Markers(), Markers()

    word = first.mark(Hole("name", HoleKind.TEXT))

    assert second.split(word) == [word]


def test_a_marker_survives_as_one_word_of_letters_and_digits() -> None:
    word = Markers().mark(Hole("name", HoleKind.HTML, "there"))

    assert word.isascii()
    assert word.isalnum()


def test_many_holes_are_told_apart() -> None:
    markers = Markers()
    holes = [Hole(f"name{number}", HoleKind.TEXT) for number in range(120)]

    text = "".join(markers.mark(hole) for hole in holes)

    assert markers.split(text) == holes


def test_equal_holes_share_a_marker() -> None:
    markers = Markers()

    assert markers.mark(Hole("a", HoleKind.TEXT)) == markers.mark(Hole("a", HoleKind.TEXT))
    assert markers.mark(Hole("a", HoleKind.TEXT)) != markers.mark(Hole("a", HoleKind.HTML))
    assert markers.mark(Hole("a", HoleKind.TEXT)) != markers.mark(Hole("a", HoleKind.TEXT, "b"))
