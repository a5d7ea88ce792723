"""Pictures, buttons, cards and callouts: on the page, in a letter and as text."""

import pytest

from newsletter.rendering.blocks import video_site
from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers
from tests.rendering.reading import elements, tags, text_in

PAGE = "https://letters.example/p/a-post"


def letter(markdown: str) -> str:
    return read_content(markdown).email_html(Markers(), PAGE)


def page(markdown: str) -> str:
    return read_content(markdown).web_html()


def text(markdown: str) -> str:
    return read_content(markdown).plain_text(Markers(), PAGE)


def test_a_picture_by_itself_is_a_figure_with_its_caption() -> None:
    markdown = '![A *cat*](/cat.png "On the mat & happy")'

    assert page(markdown) == (
        '<figure><img src="/cat.png" alt="A cat" loading="lazy" decoding="async">'
        "<figcaption>On the mat &amp; happy</figcaption></figure>\n"
    )
    assert elements(letter(markdown), "img") == [
        {"src": "https://letters.example/cat.png", "alt": "A cat", "width": "600"}
    ]
    assert '<p class="caption">On the mat &amp; happy</p>' in letter(markdown)
    assert text(markdown).startswith("[Image: A *cat*] [1]\nOn the mat & happy\n") or text(
        markdown
    ).startswith("[Image: A cat] [1]\nOn the mat & happy\n")


@pytest.mark.parametrize(
    ("size", "width"),
    [
        ("{width=300}", "300"),
        ('{width="300px"}', "300"),
        ("{width=9000}", "600"),
        ("{width=half}", "600"),
        ("", "600"),
    ],
)
def test_a_picture_is_as_wide_as_its_author_says_within_the_letter(size: str, width: str) -> None:
    (image,) = elements(letter(f"![A cat](/cat.png){size}"), "img")

    assert image["width"] == width
    assert image.get("style") == (f"max-width:{width}px" if width != "600" else None)


def test_a_picture_may_be_a_link() -> None:
    markdown = "[![A cat](/cat.png)](https://cats.example/)"

    assert page(markdown).startswith('<figure><a href="https://cats.example/"')
    assert [each["href"] for each in elements(letter(markdown), "a")] == ["https://cats.example/"]


def test_a_picture_among_words_stays_among_them() -> None:
    assert tags(page("A ![cat](/cat.png) here")) == {"p", "img"}
    assert "width" not in elements(letter("A ![cat](/cat.png) here"), "img")[0]
    assert elements(letter("A ![cat](/cat.png){width=20} here"), "img")[0]["width"] == "20"


def test_a_button_is_a_padded_cell_in_a_letter() -> None:
    markdown = "[Read **on**](/next?a=1&b=2){.button}"

    assert page(markdown).startswith('<p><a class="button" href="/next?a=1&amp;b=2"')
    assert 'class="button"' in letter(markdown)
    assert text_in(letter(markdown), "td") == "Read on"
    assert elements(letter(markdown), "a") == [{"href": "https://letters.example/next?a=1&b=2"}]
    assert text(markdown) == "Read on [1]\n\nLinks\n-----\n[1] https://letters.example/next?a=1&b=2\n"


def test_a_link_among_words_is_no_button() -> None:
    assert "table" not in tags(letter("Go [there](/a){.button} now"))


def test_attributes_beyond_class_and_width_are_no_markdown_of_ours() -> None:
    assert "onclick" not in page("[a](/b){onclick=x}")
    assert "style" not in page('[a](/b){style="color:red"}')


@pytest.mark.parametrize(
    ("markdown", "words", "still"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk", "Watch on YouTube", True),
        ("https://youtu.be/abcdefghijk?t=9", "Watch on YouTube", True),
        ("https://m.youtube.com/shorts/abcdefghijk", "Watch on YouTube", True),
        ("[A talk](https://www.youtube.com/watch?v=abcdefghijk)", "Watch on YouTube: A talk", True),
        ("<https://vimeo.com/1234>", "Watch on Vimeo", False),
        ("[A talk](https://vimeo.com/1234)", "Watch on Vimeo: A talk", False),
        ("[![A still](https://a.example/s.png)](https://vimeo.com/1234)", "Watch on Vimeo: A still", True),
        ("[watch](https://www.youtube.com/watch?v=abcdefghijk)", "Watch on YouTube: watch", True),
    ],
)
def test_a_video_is_a_card_that_leads_to_it(markdown: str, words: str, still: bool) -> None:
    for html in (page(markdown), letter(markdown)):
        assert words in text_in(html, "a")
        assert ("img" in tags(html)) is still
        assert not tags(html) & {"iframe", "video", "object"}
    assert text(markdown).startswith(f"{words} [1]\n")


def test_the_still_of_a_video_is_the_one_its_address_names() -> None:
    (image,) = elements(letter("https://youtu.be/abcdefghijk"), "img")

    assert image["src"] == "https://i.ytimg.com/vi/abcdefghijk/hqdefault.jpg"


@pytest.mark.parametrize(
    "url",
    [
        "https://youtube.com/",
        "https://notyoutube.com/watch?v=abcdefghijk",
        "https://youtube.com.evil.example/x",
        "/watch?v=a",
    ],
)
def test_other_addresses_are_no_videos(url: str) -> None:
    assert video_site(url) == ""


def test_a_video_among_words_stays_a_link() -> None:
    assert tags(page("See https://youtu.be/abcdefghijk now")) == {"p", "a"}


@pytest.mark.parametrize("kind", ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])
def test_a_callout_stands_out_and_says_what_it_is(kind: str) -> None:
    markdown = f"> [!{kind}]\n> One *two*.\n>\n> - three"

    assert page(markdown).startswith(f'<aside class="callout {kind.lower()}">\n<p class="callout-title">')
    assert f'<td class="{kind.lower()}">' in letter(markdown)
    assert "aside" not in tags(letter(markdown))
    assert text(markdown) == f"| {kind.capitalize()}:\n|\n| One two.\n|\n| - three\n"


def test_a_quotation_with_brackets_is_no_callout() -> None:
    assert tags(page("> [!OTHER]\n> one")) == {"blockquote", "p"}


def test_tasks_are_characters_in_a_letter() -> None:
    html = letter("- [x] done\n- [ ] open\n- plain")

    assert "input" not in tags(html)
    assert [item.strip() for item in text_in(html, "li").split("\n") if item] == ["☑ done☐ openplain"]


def test_what_opens_on_a_page_is_open_in_a_letter() -> None:
    markdown = "<details><summary>More</summary>\n\nHidden words\n\n</details>"

    assert {"details", "summary"} <= tags(page(markdown))
    assert not tags(letter(markdown)) & {"details", "summary"}
    assert "Hidden words" in text_in(letter(markdown))


def test_a_table_says_which_column_a_cell_belongs_to() -> None:
    assert [each["scope"] for each in elements(letter("| a | b |\n|---|---|\n| 1 | 2 |"), "th")] == [
        "col",
        "col",
    ]


def test_footnotes_do_not_lead_back_in_a_letter() -> None:
    html = letter("One[^1].\n\n[^1]: Note.")

    assert [each["href"] for each in elements(html, "a")] == [f"{PAGE}#fn1"]
    assert "Note." in text_in(html, "li")


def test_a_very_long_word_in_a_table_may_break() -> None:
    word = "Donaudampfschifffahrtsgesellschaft"

    html = letter(f"| a | {word} |\n|---|---|\n| `{word}` | short |\n\n{word}\n")

    assert html.count("<wbr>") == 4
    assert text_in(html, "table").count(word) == 2
    assert f"<p>{word}</p>" in html


def test_a_link_with_a_readers_name_is_no_card() -> None:
    assert letter("[A film for {{ name | you }}](https://youtu.be/abcdefghijk)").startswith("<p><a href=")
