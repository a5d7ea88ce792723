"""A post as plain text: it reads well by itself."""

import pytest

from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers

PAGE = "https://letters.example/p/a-post"

FORMS = {
    "paragraphs": ("one\ntwo\n\nthree", "one two\n\nthree\n"),
    "spans": ("*em* **strong** ~~gone~~ `a  <b>`", "em strong ~~gone~~ a  <b>\n"),
    "hard break": ("one  \ntwo", "one\ntwo\n"),
    "entities": ("&lt;a&gt; &amp; &copy;", "<a> & ©\n"),
    "rule": ("one\n\n---\n\ntwo", "one\n\n* * *\n\ntwo\n"),
    "first headings": ("# One\n\n## Two", "One\n===\n\nTwo\n===\n"),
    "lower headings": ("### Three\n\n###### Six", "Three\n-----\n\nSix\n---\n"),
    "wide heading": ("# 漢字", "漢字\n====\n"),
    "long heading": ("# " + "a" * 80, "a" * 80 + "\n" + "=" * 72 + "\n"),
    "bullets": ("* one\n* two", "- one\n- two\n"),
    "numbers": ("9. nine\n9. ten", "9. nine\n10. ten\n"),
    "nested list": ("- one\n  - two\n    1. three\n- four", "- one\n\n  - two\n\n    1. three\n\n- four\n"),
    "loose list": ("- one\n\n  more\n- two", "- one\n\n  more\n\n- two\n"),
    "long numbers": ("10. ten\n\n    more", "10. ten\n\n    more\n"),
    "tasks": ("- [ ] open\n- [x] done", "- [ ] open\n- [x] done\n"),
    "list with code": ("- one\n\n  ```\n  code\n  ```", "- one\n\n      code\n"),
    "quote": ("> one\n>\n> two", "> one\n>\n> two\n"),
    "nested quote": ("> one\n> > two", "> one\n>\n> > two\n"),
    "quoted list": ("> - one\n> - two", "> - one\n> - two\n"),
    "code": ("```python\nif a:\n    b <c>\n\n\nd\n```", "    if a:\n        b <c>\n\n\n    d\n"),
    "indented code": ("    a\n      b", "    a\n      b\n"),
    "raw block": ("<div>one &amp; <b>two</b></div>", "one & two\n"),
    "raw block and text": ("<div>\n<b>one</b>\n</div>\n\ntwo", "one\n\ntwo\n"),
    "raw spans": ("one <b>two</b> <!-- note --> three", "one two  three\n"),
    "nothing": ("", "\n"),
}


def text_of(markdown: str) -> str:
    return read_content(markdown).plain_text(Markers(), PAGE)


@pytest.mark.parametrize(("markdown", "text"), FORMS.values(), ids=FORMS)
def test_markdown_becomes_text(markdown: str, text: str) -> None:
    assert text_of(markdown) == text


def test_links_are_numbered_in_the_text_and_listed_at_its_end() -> None:
    text = text_of("See [one](https://a.example/1) and [two](https://a.example/2).\n\nEnd.")

    assert text == (
        "See one [1] and two [2].\n\nEnd.\n\nLinks\n-----\n[1] https://a.example/1\n[2] https://a.example/2\n"
    )


def test_an_address_used_twice_has_one_number() -> None:
    text = text_of("[a](https://a.example/) [b](https://b.example/) [c](https://a.example/)")

    assert text.startswith("a [1] b [2] c [1]\n")
    assert text.count("https://a.example/") == 1


@pytest.mark.parametrize(
    "markdown", ["https://a.example/x", "<https://a.example/x>", "<me@a.example>", "me@a.example"]
)
def test_an_address_that_is_its_own_text_needs_no_number(markdown: str) -> None:
    assert text_of(markdown) == markdown.strip("<>") + "\n"


@pytest.mark.parametrize(
    ("href", "absolute"),
    [
        ("/about", "https://letters.example/about"),
        ("other", "https://letters.example/p/other"),
        ("#part", "https://letters.example/p/a-post#part"),
        ("mailto:me@a.example", "mailto:me@a.example"),
    ],
)
def test_listed_links_are_absolute(href: str, absolute: str) -> None:
    assert text_of(f"[a]({href})") == f"a [1]\n\nLinks\n-----\n[1] {absolute}\n"


def test_a_link_keeps_the_text_inside_it() -> None:
    text = text_of("[*a* `b`](https://a.example/)")

    assert text.startswith("a b [1]\n")


def test_an_image_is_named_and_listed() -> None:
    assert text_of("![A cat](/cat.png)") == (
        "[Image: A cat] [1]\n\nLinks\n-----\n[1] https://letters.example/cat.png\n"
    )


def test_a_linked_image_has_both_addresses() -> None:
    text = text_of("[![A cat](/cat.png)](https://cats.example/)")

    assert text.startswith("[Image: A cat] [1] [2]\n")
    assert text.endswith("[1] https://letters.example/cat.png\n[2] https://cats.example/\n")


def test_footnotes_are_numbered_and_written_before_the_links() -> None:
    text = text_of(
        "One[^a], two[^b], one again[^a].\n\n[^b]: Second, [there](https://a.example/).\n[^a]: First."
    )

    assert text == (
        "One[^1], two[^2], one again[^1].\n\n"
        "Notes\n-----\n[^1] First.\n[^2] Second, there [1].\n\n"
        "Links\n-----\n[1] https://a.example/\n"
    )


def test_a_table_is_aligned() -> None:
    text = text_of("| Name | Number |\n|---|--:|\n| a | 1 |\n| longer | 22 |")

    assert text == "Name    Number\n------  ------\na            1\nlonger      22\n"


def test_a_table_with_wide_characters_is_aligned_by_columns() -> None:
    text = text_of("| 名前 | n |\n|---|---|\n| a | 1 |\n| 漢字字 | 2 |")

    assert text == "名前    n\n------  -\na       1\n漢字字  2\n"


def test_a_table_with_empty_cells_and_links_is_aligned() -> None:
    text = text_of("| a | b | c |\n|---|---|---|\n| | [x](/x) | |\n| 1 |")

    assert text.startswith("a  b      c\n-  -----  -\n   x [1]\n1\n")


def test_a_table_of_one_row_is_a_heading() -> None:
    assert text_of("| one | two |\n|---|---|") == "one  two\n---  ---\n"


def test_text_ends_with_one_line_end() -> None:
    text = text_of("one\n\n\n\n")

    assert text == "one\n"


def test_one_content_can_be_written_twice() -> None:
    content = read_content("[a](https://a.example/)")

    assert content.plain_text(Markers(), PAGE) == content.plain_text(Markers(), PAGE)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("10<sup>6</sup> and H<sub>2</sub>O", "10^6 and H_2O\n"),
        ("<table><tr><td>Tea</td><td>10</td></tr></table>", "Tea  10\n"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n\n- two\n"),
        ("Was ~~$50~~ $20", "Was ~~$50~~ $20\n"),
        ("| a | b |\n|---|---|\n| one<br>two | x |", "a        b\n-------  -\none two  x\n"),
    ],
)
def test_what_tags_mean_is_kept_in_signs(markdown: str, text: str) -> None:
    assert text_of(markdown) == text


@pytest.mark.parametrize(
    "markdown",
    [
        "<div>\n<![ x ]>\n</div>",
        "<div><![foo[x]]></div>",
        '<a href="http://[">x</a>',
        "[x](http://[)",
        "https://[::1",
    ],
)
def test_broken_markup_and_addresses_stop_nothing(markdown: str) -> None:
    content = read_content(markdown)

    assert content.plain_text(Markers(), PAGE).endswith("\n")
    assert content.opening() is not None
    assert content.email_html(Markers(), PAGE) == content.email_html(Markers(), PAGE)
