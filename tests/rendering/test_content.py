"""One content, three forms: code kept to the byte, links that work from an inbox, first words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers
from tests.rendering.reading import elements, tags, text_in

PAGE = "https://letters.example/p/a-post"

CODE = """

  def f(x):\t
    return "<b>" + '&amp;'  # {{ name | x }}\x20\x20

>>> 1 < 2 && 3 > 2
$ ls -la
é 漢字 🎈

"""
LANGUAGES = ["", "python", "pycon", "console", "html", "jinja", "diff", "json", "c", "text", "nonsense"]


@pytest.mark.parametrize("form", ["web", "email"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_code_keeps_every_character(language: str, form: str) -> None:
    content = read_content(f"~~~ {language}\n{CODE}~~~\n")

    html = content.web_html() if form == "web" else content.email_html(Markers(), PAGE)

    assert text_in(html, "pre") == CODE


@given(st.text(st.sampled_from("ab \n\t<>&\"'{}|%`*_[]()#=é漢$\\"), max_size=80), st.sampled_from(LANGUAGES))
@settings(max_examples=100)
def test_any_code_keeps_every_character(code: str, language: str) -> None:
    html = read_content(f"~~~ {language}\n{code}\n~~~\n").web_html()

    assert text_in(html, "code") == code + "\n"


def test_code_is_coloured_by_classes_on_the_page_and_by_styles_in_a_letter() -> None:
    content = read_content("```python\nreturn 1\n```")

    web, email = content.web_html(), content.email_html(Markers(), PAGE)

    assert elements(web, "span")[0] == {"class": "k"}
    assert set(elements(email, "span")[0]) == {"style"}
    assert "color:" in str(elements(email, "span")[0]["style"])


def test_long_code_is_not_coloured_in_a_letter() -> None:
    short = read_content("```python\n" + "x = 1\n" * 1000 + "```")
    long = read_content("```python\n" + "x = 1\n" * 1000 + "\n```")

    assert "span" in tags(short.web_html())
    assert "span" in tags(long.web_html())
    assert "span" not in tags(long.email_html(Markers(), PAGE))
    assert text_in(long.email_html(Markers(), PAGE), "pre") == "x = 1\n" * 1000 + "\n"


def test_a_language_cannot_break_out_of_its_code_block() -> None:
    html = read_content('```"><script>alert(1)</script>\ncode\n```').web_html()

    assert html == '<pre class="code"><code>code\n</code></pre>\n'


@pytest.mark.parametrize(
    ("href", "absolute"),
    [
        ("/about", "https://letters.example/about"),
        ("other", "https://letters.example/p/other"),
        ("../about", "https://letters.example/about"),
        ("#part", "https://letters.example/p/a-post#part"),
        ("?page=2", "https://letters.example/p/a-post?page=2"),
        ("//other.example/a", "https://other.example/a"),
        ("https://other.example/a?b=1#c", "https://other.example/a?b=1#c"),
        ("mailto:me@example.org", "mailto:me@example.org"),
        ("tel:+15550100", "tel:+15550100"),
    ],
)
def test_every_link_in_a_letter_is_absolute(href: str, absolute: str) -> None:
    html = read_content(f"[a]({href})").email_html(Markers(), PAGE)

    assert [link["href"] for link in elements(html, "a")] == [absolute]


def test_images_and_raw_links_in_a_letter_are_absolute_too() -> None:
    html = read_content('![a](/a.png) <a href="/b">b</a> <img src="c.png" alt="c">').email_html(
        Markers(), PAGE
    )

    assert [link["href"] for link in elements(html, "a")] == ["https://letters.example/b"]
    assert [image["src"] for image in elements(html, "img")] == [
        "https://letters.example/a.png",
        "https://letters.example/p/c.png",
    ]


def test_footnotes_in_a_letter_lead_to_the_page() -> None:
    html = read_content("Text[^1].\n\n[^1]: Note.").email_html(Markers(), PAGE)

    assert [link["href"] for link in elements(html, "a")] == [f"{PAGE}#fn1"]


def test_links_on_the_page_stay_relative() -> None:
    html = read_content("[a](/about) [b](#part)").web_html()

    assert [link["href"] for link in elements(html, "a")] == ["/about", "#part"]


@pytest.mark.parametrize(
    ("words", "minutes"), [(0, 1), (1, 1), (230, 1), (460, 2), (34_500, 150)], ids=lambda value: str(value)
)
def test_reading_takes_a_minute_for_every_230_words(words: int, minutes: int) -> None:
    assert read_content("word " * words).minutes() == minutes


def test_code_takes_time_to_read_too() -> None:
    assert read_content("```\n" + "word\n" * 690 + "```").minutes() == 3


@pytest.mark.parametrize(
    ("markdown", "opening"),
    [
        ("One *two* `three`.", "One two three."),
        ("# Title\n\nText\nmore", "Title Text more"),
        ("A [link](https://a.example/) and https://b.example/", "A link and https://b.example/"),
        ("Hi {{ name | there }}!", "Hi there!"),
        ("Note[^1].\n\n[^1]: Hidden.", "Note."),
        ("![a photo](a.png) Text", "a photo Text"),
        ("", ""),
    ],
    ids=["spans", "heading", "links", "merge tag", "footnote", "image", "empty"],
)
def test_an_opening_is_words_alone(markdown: str, opening: str) -> None:
    assert read_content(markdown).opening() == opening


def test_a_long_opening_ends_after_a_whole_word() -> None:
    content = read_content("eleven char " * 50)

    assert content.opening(30) == "eleven char eleven char…"


def test_an_opening_has_200_characters_unless_told_otherwise() -> None:
    assert read_content("a" * 100 + " " + "b" * 99).opening() == "a" * 100 + " " + "b" * 99
    assert read_content("a" * 100 + " " + "b" * 100).opening() == "a" * 100 + "…"


def test_an_opening_that_just_fits_is_whole() -> None:
    content = read_content("four four")

    assert content.opening(9) == "four four"
    assert content.opening(8) == "four…"


@given(st.text(st.sampled_from("ab \n#*_`~>-1.[]()!|:<>/^&\\\t\x0b\x85\u2028漢"), max_size=60))
@settings(max_examples=100)
def test_any_text_can_be_a_post(markdown: str) -> None:
    content = read_content(markdown)

    assert content.web_html() == content.web_html()
    assert content.email_html(Markers(), PAGE) == content.email_html(Markers(), PAGE)
    assert content.plain_text(Markers(), PAGE).endswith("\n")
    assert len(content.opening(20)) <= 21
    assert content.minutes() == 1
