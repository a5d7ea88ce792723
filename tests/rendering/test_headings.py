"""Names of headings, and the beginning of a post."""

import pytest

from newsletter.rendering.content import read_content


def names(markdown: str) -> list[tuple[int, str, str]]:
    return [(each.rank, each.name, each.words) for each in read_content(markdown).headings()]


def test_headings_have_readable_names_and_no_two_are_alike() -> None:
    markdown = "## What *is* it?\n\ntext\n\n### What is it\n\n## `code` & [links](/x)\n\n## 第一章\n\n## !!!"

    assert names(markdown) == [
        (2, "what-is-it", "What is it?"),
        (3, "what-is-it-2", "What is it"),
        (2, "code-links", "code & links"),
        (2, "第一章", "第一章"),
        (2, "part", "!!!"),
    ]


def test_no_heading_takes_a_name_the_page_itself_uses() -> None:
    assert names("## Content\n\n## Comments") == [
        (2, "content-2", "Content"),
        (2, "comments-2", "Comments"),
    ]


def test_the_page_has_each_name_at_its_heading() -> None:
    html = read_content("## One\n\n> ## One\n\n- ## Two").web_html()

    assert '<h2 id="one">One</h2>' in html
    assert '<h2 id="one-2">One</h2>' in html
    assert '<h2 id="two">Two</h2>' in html


@pytest.mark.parametrize(
    ("markdown", "teaser"),
    [
        ("one\n\ntwo\n\n<!-- more -->\n\nthree", "<p>one</p>\n<p>two</p>\n"),
        ("a b\n\nc d\n\ne f\n\ng h\n\ni j\n\nk l", "<p>a b</p>\n<p>c d</p>\n"),
        ("a b\n\n## c\n\ne f\n\ng h\n\ni j\n\nk l", "<p>a b</p>\n"),
        ("everything in one paragraph", ""),
        ("- a b c\n- d e f\n\n" + "x " * 40, "<ul>\n<li>a b c</li>\n<li>d e f</li>\n</ul>\n"),
        ("a[^1] b\n\n" + "x " * 40 + "\n\n[^1]: note", "<p>a b</p>\n"),
    ],
    ids=["marked", "a third", "no heading at the end", "all or nothing", "whole lists", "no loose notes"],
)
def test_a_teaser_is_the_beginning(markdown: str, teaser: str) -> None:
    assert read_content(markdown).teaser().web_html() == teaser


def test_a_teaser_takes_nothing_from_the_whole_post() -> None:
    content = read_content("a[^1] b\n\n" + "x " * 40 + "\n\n[^1]: note")
    before = content.web_html()
    content.teaser()

    assert content.web_html() == before
    assert "note" in before
