"""Raw HTML in a post: what is safe stays, what acts is gone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers
from tests.rendering.reading import attribute_names, elements, tags, text_in

PAGE = "https://letters.example/p/a"
FORMS = ["web", "email"]

HARMLESS = [
    *("abbr", "b", "blockquote", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em", "i", "ins"),
    *("figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "kbd", "li", "mark", "ol", "p", "pre", "q"),
    *("s", "samp", "section", "small", "span", "strong", "sub", "summary", "sup", "u", "ul", "var"),
]

ON_PAGES = {"details", "figcaption", "figure", "section", "summary"}
"""What few mail programs know: in a letter its words stay."""


def html_of(form: str, markdown: str) -> str:
    content = read_content(markdown)
    return content.web_html() if form == "web" else content.email_html(Markers(), PAGE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "tag", ["script", "style", "iframe", "object", "form", "template", "noscript", "title"]
)
def test_what_acts_goes_with_its_content(form: str, tag: str) -> None:
    html = html_of(form, f"before\n\n<{tag}>alert(1)</{tag}>\n\nafter")

    assert tag not in tags(html)
    assert "alert" not in html
    assert text_in(html).split() == ["before", "after"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "tag",
    [
        "embed",
        "link",
        "meta",
        "base",
        "button",
        "textarea",
        "select",
        "video",
        "audio",
        "svg",
        "math",
        "font",
    ],
)
def test_what_a_letter_has_no_use_for_is_gone(form: str, tag: str) -> None:
    html = html_of(form, f"before <{tag}>inside</{tag}> after")

    assert tags(html) == {"p"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "attribute", ["onerror", "onload", "onclick", "srcset", "data-x", "background", "name"]
)
def test_attributes_that_act_are_gone(form: str, attribute: str) -> None:
    html = html_of(form, f'<img src="/a.png" alt="a" {attribute}="alert(1)">')

    assert attribute_names(html) == {"src", "alt"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#9;script:alert(1)",
        "&#106;avascript:alert(1)",
        " javascript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "blob:x",
    ],
)
def test_a_link_leads_to_the_web_to_mail_or_to_a_telephone(form: str, url: str) -> None:
    html = html_of(form, f'<a href="{url}">text</a> <img src="{url}" alt="b">')

    assert "href" not in elements(html, "a")[0]
    assert "src" not in elements(html, "img")[0]
    assert "text" in html


@pytest.mark.parametrize("form", FORMS)
def test_markdown_links_cannot_run_code(form: str) -> None:
    html = html_of(form, "[a](javascript:alert(1)) ![b](javascript:alert(1)) <javascript:alert(1)>")

    assert tags(html) == {"p"}


@pytest.mark.parametrize("form", FORMS)
def test_a_style_cannot_move_things_about(form: str) -> None:
    style = "position:fixed;top:0;color:red;background:url(https://evil.example/)"

    html = html_of(form, f'<span style="{style}">a</span> <p style="{style}">b</p>')

    assert elements(html, "span") == [{"style": "color:red"}]
    assert "position" not in html
    assert "evil.example" not in html


@pytest.mark.parametrize("form", FORMS)
def test_a_style_cannot_end_its_attribute(form: str) -> None:
    html = html_of(form, """<span style='color:red" onclick="alert(1)'>a</span>""")

    assert attribute_names(html) <= {"style"}


@pytest.mark.parametrize(
    ("form", "tag"),
    [(form, tag) for form in FORMS for tag in HARMLESS if form == "web" or tag not in ON_PAGES],
)
def test_harmless_tags_stay_with_what_describes_them(form: str, tag: str) -> None:
    html = html_of(form, f'<{tag} lang="ar" dir="rtl" title="a" id="c">inside</{tag}>')

    assert elements(html, tag) == [{"lang": "ar", "dir": "rtl", "title": "a", "id": "c"}]
    assert text_in(html, tag) == "inside"


@pytest.mark.parametrize("form", FORMS)
def test_a_raw_table_stays_as_it_was_made(form: str) -> None:
    table = (
        '<table><caption>C</caption><thead><tr><th scope="col" colspan="2" rowspan="1">h</th></tr></thead>'
        '<tbody><tr><td colspan="1" rowspan="2" style="text-align:right">d</td></tr></tbody>'
        "<tfoot><tr><td>f</td></tr></tfoot></table>"
    )

    assert html_of(form, table) == table


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "style",
    ["color:red", "font-weight:bold", "font-style:italic", "text-align:left", "text-decoration:underline"],
)
def test_a_style_can_colour_and_stress_words(form: str, style: str) -> None:
    assert elements(html_of(form, f'<span style="{style}">a</span>'), "span") == [{"style": style}]


@pytest.mark.parametrize("form", FORMS)
def test_an_image_keeps_its_size(form: str) -> None:
    html = html_of(form, '<img src="https://a.example/a.png" alt="a" width="30" height="20">')

    assert elements(html, "img") == [
        {"src": "https://a.example/a.png", "alt": "a", "width": "30", "height": "20"}
    ]


@pytest.mark.parametrize("form", FORMS)
def test_harmless_html_stays(form: str) -> None:
    markdown = "<dl><dt>More</dt></dl><kbd>Ctrl</kbd> <sub>a</sub> <mark>b</mark>"

    html = html_of(form, markdown)

    assert {"dl", "dt", "kbd", "sub", "mark"} <= tags(html)
    assert text_in(html) == "MoreCtrl a b"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "markdown", ["before <!-- secret --> after", "before <!--[if mso]>secret<![endif]--> after"]
)
def test_comments_are_gone(form: str, markdown: str) -> None:
    assert "secret" not in html_of(form, markdown)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "markdown", ["<div><b>open", "</div></td></table></body>after", "<p><table><td>cell"]
)
def test_broken_html_cannot_leave_the_letter(form: str, markdown: str) -> None:
    html = html_of(form, markdown)

    for tag in tags(html):
        assert html.count(f"<{tag}>") == html.count(f"</{tag}>")
    assert "</body" not in html


OPENINGS = ["<a href=", "<img src=", "<p ", "<svg/", "<math>", "<table><td>", "</td>", "<!--", "-->"]
DROPPED = ["<script>", "</script>", "<style>", "</style>", "<noscript>", "<title>"]
ACTS = ["javascript:alert(1)", "&#106;", "data:x", "onerror=", "onclick=alert(1)", "style=", "position:fixed"]
SIGNS = ['"', "'", ">", "<", "/", " ", "\n", "\t", "`", "x", "/a"]


@given(st.lists(st.sampled_from(OPENINGS + DROPPED + ACTS + SIGNS), max_size=25), st.sampled_from(FORMS))
@settings(max_examples=100)
def test_no_mixture_of_tags_and_quotes_gets_anything_through(parts: list[str], form: str) -> None:
    html = html_of(form, "".join(parts))

    assert not tags(html) & {"script", "style", "svg", "math", "noscript"}
    assert not {name for name in attribute_names(html) if name.startswith("on")}
    addresses = [str(link.get("href", "")) for link in elements(html, "a")]
    assert not any(address.startswith(("javascript", "data")) for address in addresses)
    assert not any("position" in str(element) for element in elements(html, "p"))


def test_links_on_the_page_tell_no_referrer_and_letters_need_no_such_word() -> None:
    assert elements(html_of("web", "[a](https://a.example/)"), "a")[0]["rel"] == "noopener noreferrer"
    assert "rel" not in elements(html_of("email", "[a](https://a.example/)"), "a")[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["preheader", "page", "footer", "trap", "visually-hidden", "skip"])
def test_an_author_cannot_borrow_the_looks_of_our_frame(form: str, name: str) -> None:
    assert name not in html_of(form, f'<p class="{name}">words</p>')
    assert name not in html_of(form, f"[words](/a){{.{name}}} and more")
