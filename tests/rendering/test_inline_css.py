"""CSS goes into style attributes, and nothing else of the document is lost."""

import socket
from pathlib import Path

import pytest

from newsletter.rendering.inline_css import inline_css
from tests.rendering.reading import elements, text_in

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A title</title>
<style>
p { color: red; margin: 0 !important; }
.kicker { font-weight: 600; }
td { width: auto; padding: 8px; }
a:hover { color: green; }
@media (max-width: 480px) {
  p { color: blue !important; font-size: 29px !important; }
}
@media (prefers-color-scheme: dark) {
  .kicker { color: #b3ada3 !important; }
}
</style>
</head>
<body>
<!--[if mso]><table width="600"><tr><td><![endif]-->
<p class="kicker" id="first">One <a href="https://a.example/?b=1&amp;c=2#d">two</a> <a href="#fn1">3</a></p>
<table width="100%"><tr><td align="center">漢字 é</td></tr></table>
<pre>
  a
    b
</pre>
<!--[if mso]></td></tr></table><![endif]-->
</body>
</html>
"""


@pytest.fixture(scope="module")
def inlined() -> str:
    return inline_css(DOCUMENT)


def styles_of(html: str, tag: str) -> set[str]:
    return set(str(elements(html, tag)[0]["style"]).replace(" ", "").rstrip(";").split(";"))


def test_the_doctype_stays_in_upper_case(inlined: str) -> None:
    assert inlined.startswith("<!DOCTYPE html>\n")


def test_rules_become_style_attributes(inlined: str) -> None:
    assert {"color:red", "font-weight:600"} <= styles_of(inlined, "p")
    assert "padding:8px" in styles_of(inlined, "td")


def test_importance_stays_in_attributes(inlined: str) -> None:
    assert "margin:0!important" in styles_of(inlined, "p")


def test_media_queries_stay_in_one_style_block(inlined: str) -> None:
    assert inlined.count("<style") == 1
    assert "@media (max-width: 480px)" in inlined
    assert "@media (prefers-color-scheme: dark)" in inlined


def test_importance_stays_in_media_queries(inlined: str) -> None:
    block = "".join(text_in(inlined, "style").split())

    assert "p{color:blue!important;font-size:29px!important}" in block
    assert ".kicker{color:#b3ada3!important}" in block


def test_rules_that_went_inline_leave_the_block(inlined: str) -> None:
    assert "padding" not in text_in(inlined, "style")


def test_states_stay_in_the_block_and_out_of_attributes(inlined: str) -> None:
    assert "a:hover" in text_in(inlined, "style")
    assert "style" not in elements(inlined, "a")[0]


def test_classes_and_ids_stay_for_the_media_queries(inlined: str) -> None:
    assert elements(inlined, "p")[0]["class"] == "kicker"
    assert elements(inlined, "p")[0]["id"] == "first"


def test_conditional_comments_stay(inlined: str) -> None:
    assert '<!--[if mso]><table width="600"><tr><td><![endif]-->' in inlined
    assert "<!--[if mso]></td></tr></table><![endif]-->" in inlined


def test_links_stay_as_they_are(inlined: str) -> None:
    assert 'href="https://a.example/?b=1&amp;c=2#d"' in inlined
    assert 'href="#fn1"' in inlined


def test_sizes_are_not_copied_into_attributes(inlined: str) -> None:
    assert elements(inlined, "table")[0]["width"] == "100%"
    assert "width" not in elements(inlined, "td")[0]


def test_text_stays_to_the_character(inlined: str) -> None:
    assert text_in(inlined, "td") == "漢字 é"
    assert text_in(inlined, "pre") == "\n  a\n    b\n"
    assert text_in(inlined, "title") == "A title"


def test_a_written_style_wins_over_a_rule() -> None:
    html = inline_css(
        '<html><head><style>p{color:red}</style></head><body><p style="color:blue">a</p></body></html>'
    )

    assert styles_of(html, "p") == {"color:blue"}


def test_inlining_is_the_same_every_time() -> None:
    assert inline_css(DOCUMENT) == inline_css(DOCUMENT)


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="stylesheet" href="{url}">',
        "<style>p {{ background: url({url}) }}</style>",
        '<img src="{url}">',
    ],
    ids=["link", "background", "image"],
)
def test_nothing_is_fetched(markup: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        head = markup.format(url=f"http://127.0.0.1:{listener.getsockname()[1]}/a.css")

        html = inline_css(f"<html><head>{head}</head><body><p>a</p></body></html>")

        assert text_in(html, "p") == "a"
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_no_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p { color: red }")
    link = f'<link rel="stylesheet" href="{tmp_path}/a.css">'

    html = inline_css(f"<html><head>{link}</head><body><p>a</p></body></html>")

    assert elements(html, "p") == [{}]
