"""The author's Markdown: every feature there is, as the page shows it."""

import pytest

from newsletter.domain.errors import BadPost
from newsletter.rendering.content import read_content
from newsletter.rendering.markdown import MAX_CHARACTERS, parse_markdown
from newsletter.rendering.markers import Markers

FEATURES = {
    "paragraph": ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"),
    "heading": ("# One\n\n###### Six", '<h1 id="one">One</h1>\n<h6 id="six">Six</h6>\n'),
    "underlined heading": ("One\n===\n\nTwo\n---", '<h1 id="one">One</h1>\n<h2 id="two">Two</h2>\n'),
    "emphasis": (
        "*em* **strong** ***both***",
        "<p><em>em</em> <strong>strong</strong> <em><strong>both</strong></em></p>\n",
    ),
    "strikethrough": ("~~gone~~", "<p><s>gone</s></p>\n"),
    "code": ("`a <b> & c`", "<p><code>a &lt;b&gt; &amp; c</code></p>\n"),
    "hard break": ("one  \ntwo\\\nthree", "<p>one<br>\ntwo<br>\nthree</p>\n"),
    "rule": ("---", "<hr>\n"),
    "bullets": ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
    "numbers": ("3. one\n4. two", '<ol start="3">\n<li>one</li>\n<li>two</li>\n</ol>\n'),
    "nested list": ("- one\n  - two", "<ul>\n<li>one\n<ul>\n<li>two</li>\n</ul>\n</li>\n</ul>\n"),
    "quote": (
        "> one\n> > two",
        "<blockquote>\n<p>one</p>\n<blockquote>\n<p>two</p>\n</blockquote>\n</blockquote>\n",
    ),
    "image": (
        "An ![alt](a.png) here",
        '<p>An <img src="a.png" alt="alt" loading="lazy" decoding="async"> here</p>\n',
    ),
    "entity": ("&copy; &amp; &lt;", "<p>© &amp; &lt;</p>\n"),
    "escape": (r"\*not em\*", "<p>*not em*</p>\n"),
    "indented code": ("    a <b>", '<pre class="code"><code>a &lt;b&gt;\n</code></pre>\n'),
    "no inline footnotes": ("a^[b]", "<p>a^[b]</p>\n"),
    "typography left alone": ('"quoted" -- ...', '<p>"quoted" -- ...</p>\n'),
}


@pytest.mark.parametrize(("markdown", "html"), FEATURES.values(), ids=FEATURES)
def test_a_feature_of_markdown_becomes_html(markdown: str, html: str) -> None:
    assert read_content(markdown).web_html() == html


@pytest.mark.parametrize(
    ("markdown", "href", "text"),
    [
        ("[text](https://a.example/b?c=1&d=2#e)", "https://a.example/b?c=1&amp;d=2#e", "text"),
        ("[text][ref]\n\n[ref]: https://a.example/", "https://a.example/", "text"),
        ("<https://a.example/>", "https://a.example/", "https://a.example/"),
        ("https://a.example/b", "https://a.example/b", "https://a.example/b"),
        ("<me@a.example>", "mailto:me@a.example", "me@a.example"),
        ("[text](http://a.example/)", "http://a.example/", "text"),
        ("[call](tel:+15550100)", "tel:+15550100", "call"),
        ("[page](/about)", "/about", "page"),
        ("[top](#top)", "#top", "top"),
    ],
    ids=[
        "inline",
        "reference",
        "angle brackets",
        "bare",
        "address",
        "http",
        "telephone",
        "own page",
        "anchor",
    ],
)
def test_a_link_becomes_a_link(markdown: str, href: str, text: str) -> None:
    assert (
        read_content(markdown).web_html() == f'<p><a href="{href}" rel="noopener noreferrer">{text}</a></p>\n'
    )


def test_a_table_keeps_its_alignment() -> None:
    html = read_content("| a | b | c |\n|:--|:-:|--:|\n| 1 | *2* | 3 |").web_html()

    assert '<th scope="col">a</th>' in html
    assert '<td class="to-center"><em>2</em></td>' in html
    assert '<td class="to-right">3</td>' in html


def test_a_task_list_shows_what_is_done() -> None:
    html = read_content("- [ ] open\n- [x] done").web_html()

    opened, done = html.split("</li>")[:2]
    assert "☐ open" in opened
    assert "☑ done" in done
    assert "<input" not in html


def test_a_footnote_links_there_and_back() -> None:
    html = read_content("Text[^1].\n\n[^1]: The *note*.").web_html()

    assert '<a href="#fn1" id="fnref1" rel="noopener noreferrer">[1]</a>' in html
    assert '<li id="fn1" class="footnote-item"><p>The <em>note</em>. <a href="#fnref1"' in html


def test_a_footnote_used_twice_is_written_once() -> None:
    html = read_content("One[^n], two[^n].\n\n[^n]: The note.").web_html()

    assert html.count("The note.") == 1
    assert html.count('href="#fn1"') == 2


def test_half_a_character_is_refused_with_its_line() -> None:
    with pytest.raises(BadPost, match="Line 3: this holds half a character"):
        read_content("one\n\ntwo \ud83c `c`")


def test_characters_that_no_mail_can_hold_are_left_out() -> None:
    assert read_content("a\x00b\x1bc\x0bd\x7f").web_html() == "<p>abcd</p>\n"


def test_a_merge_tag_in_a_table_keeps_its_fallback() -> None:
    html = read_content(
        "| a | {{ name | you }} |\n|---|---|\n| {{ name | there }} | `{{ x | y }}` |"
    ).web_html()

    assert html.count("<th ") == html.count("<td>") == 2
    assert "<td>there</td>" in html
    assert "<code>{{ x | y }}</code>" in html


def test_a_post_may_be_a_million_characters_long_and_no_longer() -> None:
    assert parse_markdown("a" * MAX_CHARACTERS)
    with pytest.raises(BadPost, match="too long: 1,000,000 characters"):
        parse_markdown("a" * (MAX_CHARACTERS + 1))


def test_an_empty_post_is_empty_html() -> None:
    assert read_content("").web_html() == ""


@pytest.mark.parametrize(
    "text", ["<div>" * 300 + "\n\ndeep\n\n" + "</div>" * 300, "*" * 600 + "a" + "*" * 600]
)
def test_what_is_nested_without_reason_is_refused(text: str) -> None:
    with pytest.raises(BadPost, match="nested too deeply"):
        read_content(text)


@pytest.mark.parametrize("depth", [20, 45])
def test_what_is_deep_is_whole(depth: int) -> None:
    nested = read_content("\n".join("  " * level + f"- level {level}" for level in range(depth)))
    quoted = read_content("> " * depth + "deep\n\nthe end")

    for html in (nested.web_html(), nested.email_html(Markers(), "http://localhost/p/x")):
        assert f"level {depth - 1}" in html
    assert "deep" in quoted.web_html()
    assert "deep" in quoted.plain_text(Markers(), "http://localhost/p/x")


@pytest.mark.parametrize(
    "markdown",
    [
        "> " * 150 + "deep",
        "</i>" * 300 + "\n\n" + "<div>" * 300,
        "\n".join("  " * n + "- x" for n in range(120)),
    ],
    ids=["quotes", "end tags that close nothing", "lists"],
)
def test_what_is_too_deep_is_refused_and_not_cut(markdown: str) -> None:
    with pytest.raises(BadPost, match="nested too deeply"):
        read_content(markdown)


def test_a_large_table_in_raw_html_is_not_deep() -> None:
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(400))

    assert "399" in read_content(f"<table>{rows}</table>\n").web_html()


def test_the_name_of_a_file_is_not_a_link() -> None:
    assert "href" not in read_content("See README.md and setup.py.").web_html()
