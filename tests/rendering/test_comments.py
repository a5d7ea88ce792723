"""What readers write becomes a small, safe part of HTML."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.discussions import cleaned
from newsletter.domain.errors import BadInput
from newsletter.rendering.comments import links_in, render_comment, words_in

LINK = 'rel="nofollow ugc noopener"'


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Hello *there*, **you**.", '<p dir="auto">Hello <em>there</em>, <strong>you</strong>.</p>'),
        ("one\n\ntwo", '<p dir="auto">one</p>\n<p dir="auto">two</p>'),
        ("one\ntwo", '<p dir="auto">one<br>\ntwo</p>'),
        ("`a < b`", '<p dir="auto"><code>a &lt; b</code></p>'),
        ("```js\n1 < 2\n```", '<pre dir="auto"><code>1 &lt; 2\n</code></pre>'),
        ("> quoted", '<blockquote dir="ltr">\n<p dir="auto">quoted</p>\n</blockquote>'),
        ("- a\n- b", '<ul dir="ltr">\n<li>a</li>\n<li>b</li>\n</ul>'),
        ("3. c\n4. d", '<ol start="3" dir="ltr">\n<li>c</li>\n<li>d</li>\n</ol>'),
        (
            "[a](https://x.org/?b=1&c=2)",
            f'<p dir="auto"><a href="https://x.org/?b=1&amp;c=2" {LINK}>a</a></p>',
        ),
        ("[a](mailto:ada@example.org)", f'<p dir="auto"><a href="mailto:ada@example.org" {LINK}>a</a></p>'),
        (
            "see https://x.org/a.",
            f'<p dir="auto">see <a href="https://x.org/a" {LINK}>https://x.org/a</a>.</p>',
        ),
        ("<https://x.org>", f'<p dir="auto"><a href="https://x.org" {LINK}>https://x.org</a></p>'),
        ("# Loud *words*", '<p dir="auto"><strong>Loud <em>words</em></strong></p>'),
    ],
)
def test_what_readers_may_use(markdown: str, html: str) -> None:
    assert render_comment(markdown) == html


@pytest.mark.parametrize(
    "markdown",
    [
        "ada@example.org",
        "<ada@example.org>",
        "mailto:ada@example.org",
        "[in](/studio)",
        "[in](//evil.example)",
        "[in](javascript:alert(1))",
        "[in](JaVaScRiPt&colon;alert(1))",
        "[in](data:text/html,x)",
        "[in](vbscript:x)",
        "[in](http:///x)",
        "<javascript:alert(1)>",
        "www.example.org example.org ftp://example.org",
        "[x]: /studio\n\n[x]",
        "[broken](http://[)",
    ],
)
def test_what_becomes_no_link(markdown: str) -> None:
    assert links_in(render_comment(markdown)) == 0


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="/x" style="position:fixed">x</a>',
        "<div>\n\n# x\n\n</div>",
        "<!-- x -->",
        "a <b>bold</b> word",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Title\n=====",
        "words\n\n---\n\nmore",
        '```"><script>x\ny\n```',
    ],
)
def test_html_tables_and_rules_stay_words(markdown: str) -> None:
    html = render_comment(markdown)

    assert not re.search(r"<(?!/?(?:p|strong|em|code|pre|br)\b)", html)


def test_an_image_is_at_most_a_link() -> None:
    html = render_comment("![look](https://x.org/a.png)")

    assert "<img" not in html
    assert "look" in words_in(html)


@pytest.mark.parametrize("link", ["[](https://x.org)", "[ ](https://x.org)", "[*\u3164*](https://x.org)"])
def test_a_link_without_words_shows_where_it_leads(link: str) -> None:
    assert "https://x.org" in words_in(render_comment(link))


@pytest.mark.parametrize(
    "markdown",
    ["&#x202e;", "&zwnj;&rlm;&NewLine;", "<https://x.org/%E2%80%AE>", "[a](https://x.org/&#x202e;)", "&#0;"],
)
def test_what_nobody_sees_does_not_come_back_by_references(markdown: str) -> None:
    html = render_comment(cleaned(markdown))

    assert cleaned(html) == html


def test_lists_and_quotes_go_the_way_of_their_first_words() -> None:
    html = render_comment("- 1\n- שלום\n- hello\n\n> > مرحبا\n\n1. 2\n\n- last")

    assert re.findall(r"<(\w+) dir=\"(\w+)\"", html) == [
        *(("ul", "rtl"), ("blockquote", "rtl"), ("blockquote", "rtl"), ("p", "auto")),
        ("ul", "ltr"),
    ]
    assert "<ol>" in html


@pytest.mark.parametrize(
    "markdown", ["> " * 10 + "a", "**a _b **c _d_** e_ f**", "- a\n  - b\n    - c\n      - d\n        > e"]
)
def test_what_people_mean_is_not_too_deep(markdown: str) -> None:
    assert render_comment(markdown)


@pytest.mark.parametrize(
    "deep", [">" * 10_000, "- " * 5_000, "1. " * 3_000, "**" * 2_000 + "a" + "**" * 2_000]
)
def test_what_is_too_deep_is_refused_and_never_lost_in_silence(deep: str) -> None:
    with pytest.raises(BadInput, match="flatter"):
        render_comment(deep)


@pytest.mark.parametrize(
    "hostile",
    [
        *("[" * 10_000, "[" * 5_000 + "]" * 5_000, "![" * 5_000, "[a](" * 2_500, "[a][b" * 2_000),
        *("*a_b " * 2_000, "*_" * 5_000, "".join("`" * n + "a" for n in range(140)), "<" * 10_000),
        *("http://" * 1_400, "http://a" + ".a" * 4_900, "a@" * 5_000, "\\" * 10_000, "&#0;" * 2_500),
        *("> a\n" * 2_500, "\n" * 9_999 + "a", "https://a.b " * 800, "[a](https://a.b)" * 600),
    ],
    ids=lambda text: text[:8] if isinstance(text, str) else "",
)
def test_hostile_text_of_full_length_is_read(hostile: str) -> None:
    """Each took milliseconds; were one to blow up, the test would hang."""
    assert words_in(render_comment(hostile))


def test_among_hundreds_of_brackets_bare_addresses_are_still_links() -> None:
    assert links_in(render_comment("[" * 600 + " https://x.org")) == 1


@settings(max_examples=300)
@given(st.text(alphabet="ab <>[]()!*_`~#-+>\\&;:/\"'|=\n\t1.@ש\u202e", max_size=80))
def test_whatever_is_written_only_known_tags_come_out(markdown: str) -> None:
    html = render_comment(markdown)

    assert not re.search(r"<(?!/?(?:a|blockquote|br|code|em|li|ol|p|pre|strong|ul)\b)", html)
    for tag in re.findall(r"<a [^>]*>", html):
        assert re.fullmatch(rf'<a href="(?:https?://|mailto:)[^"]*" {LINK}>', tag)
