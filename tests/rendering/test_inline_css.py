"""CSS goes into style attributes, and nothing else of a whole document is lost."""

import re
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.errors import BadSetting
from newsletter.rendering.inline_css import inline_css
from tests.rendering.reading import elements, text_in

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A title</title>
<style>
p { color: red; margin: 0; }
.kicker { font-weight: 600; }
.letter { font-size: 18px; }
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
<p class="kicker letter" id="first">One \
<a href="https://a.example/?b=1&amp;c=2#d">two</a> <a href="#fn1">3</a></p>
<table width="100%"><tr><td align="center">漢字 é</td></tr></table>
<pre>
  a
    b
</pre>
<!--[if mso]></td></tr></table><![endif]-->
</body>
</html>
"""
INLINED = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A title</title>
<style>a:hover{color:green}@media (max-width: 480px){p{color:blue!important;font-size:29px!important}}\
@media (prefers-color-scheme: dark){.kicker{color:#b3ada3!important}}</style>
</head>
<body>
<!--[if mso]><table width="600"><tr><td><![endif]-->
<p class="kicker" id="first" style="color:red;margin:0;font-weight:600;font-size:18px">One \
<a href="https://a.example/?b=1&amp;c=2#d">two</a> <a href="#fn1">3</a></p>
<table width="100%"><tr><td align="center" style="width:auto;padding:8px">漢字 é</td></tr></table>
<pre>
  a
    b
</pre>
<!--[if mso]></td></tr></table><![endif]-->
</body>
</html>
"""


def test_a_document_is_inlined() -> None:
    assert inline_css(DOCUMENT) == INLINED


def test_inlining_is_the_same_every_time() -> None:
    assert inline_css(DOCUMENT) == inline_css(DOCUMENT)


def test_one_document_does_not_show_in_the_next() -> None:
    inline_css('<style>p{color:blue}.kicker{color:blue}</style><p style="p">')

    assert inline_css(DOCUMENT) == INLINED


def test_text_reads_as_it_was_written() -> None:
    html = inline_css(DOCUMENT)

    assert text_in(html, "td") == "漢字 é"
    assert text_in(html, "pre") == "\n  a\n    b\n"
    assert text_in(html, "title") == "A title"
    assert elements(html, "td") == [{"align": "center", "style": "width:auto;padding:8px"}]


@pytest.mark.parametrize(
    "written",
    [
        "<!doctype html>",
        "<!DOCTYPE html>",
        "<!DocType HTML >",
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/a.dtd">',
        "",
        "\n\n  <!doctype html>",
        "\ufeff<!doctype html>",
    ],
)
def test_a_document_begins_with_the_doctype_in_upper_case(written: str) -> None:
    assert inline_css(written + "<html><p>a</html>") == "<!DOCTYPE html><html><p>a</html>"


def test_a_comment_may_stand_before_the_doctype() -> None:
    assert inline_css("<!-- a -->\n<!doctype html>\n<p>") == "<!-- a -->\n<!DOCTYPE html>\n<p>"


def test_a_doctype_in_the_middle_is_none() -> None:
    assert inline_css("<p><!doctype html>") == "<!DOCTYPE html><p><!doctype html>"


def test_a_document_without_markup_stays() -> None:
    assert inline_css("a & b") == "<!DOCTYPE html>a & b"


def test_the_style_block_is_where_the_last_one_was() -> None:
    html = inline_css("<head>\n<style>a:hover{top:0}</style>\n<meta>\n<style>p{top:0}</style>\n</head>")

    assert html == "<!DOCTYPE html><head>\n\n<meta>\n<style>a:hover{top:0}</style>\n</head>"


def test_a_style_block_in_the_body_moves_to_the_head() -> None:
    html = inline_css("<head><title>a</title></head><body><style>a:hover{top:0}</style><p></body>")

    assert html == "<!DOCTYPE html><head><title>a</title><style>a:hover{top:0}</style></head><body><p></body>"


@pytest.mark.parametrize("media", ["all", "screen", "Screen", " "])
def test_a_style_block_for_screens_is_inlined(media: str) -> None:
    html = inline_css(f'<style media="{media}">p{{top:0}}</style><p>a</p>')

    assert html == '<!DOCTYPE html><p style="top:0">a</p>'


@pytest.mark.parametrize("media", ["print", "(max-width:1px)"])
def test_a_style_block_for_other_media_stays_for_them(media: str) -> None:
    html = inline_css(f'<style media="{media}">p{{top:0}}</style><p>a</p>')

    assert html == f"<!DOCTYPE html><style>@media {media}{{p{{top:0}}}}</style><p>a</p>"


def test_a_style_block_without_end_is_refused() -> None:
    with pytest.raises(BadSetting, match="never closed"):
        inline_css("<style>p{color:red}<p>a</p>")


@pytest.mark.parametrize("rel", ["stylesheet", "StyleSheet", "alternate stylesheet"])
@pytest.mark.parametrize("place", ["{}", "<!--[if !mso]><!-->{}<!--<![endif]-->"])
def test_a_linked_stylesheet_is_refused(rel: str, place: str) -> None:
    with pytest.raises(BadSetting, match="links a stylesheet"):
        inline_css(place.format(f'<link rel="{rel}" href="https://a.example/a.css">'))


def test_css_that_would_be_lost_is_refused() -> None:
    with pytest.raises(BadSetting, match=re.escape("“color:rgb(0 0 0 / 50%)” for “p”")):
        inline_css("<style>p{color:rgb(0 0 0 / 50%)}</style><p>a</p>")


@pytest.mark.parametrize(
    "markup",
    [
        "<style>p {{ background: url({url}) }}</style>",
        "<style>@font-face {{ src: url({url}) }} a:hover {{ background: url({url}) }}</style>",
        '<p style="background: url({url})"></p>',
        '<img src="{url}">',
        '<link rel="preload" href="{url}"><base href="{url}">',
        '<!DOCTYPE html SYSTEM "{url}">',
    ],
)
def test_nothing_is_fetched(markup: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        html = inline_css(markup.format(url=f"http://127.0.0.1:{listener.getsockname()[1]}/a") + "<b>a</b>")

        assert text_in(html, "b") == "a"
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize(
    "markup", ['<link rel="stylesheet" href="{url}">', "<style>@import url({url});</style>"]
)
def test_what_would_be_fetched_is_refused_unread(markup: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        with pytest.raises(BadSetting):
            inline_css(markup.format(url=f"http://127.0.0.1:{listener.getsockname()[1]}/a"))

        with pytest.raises(BlockingIOError):
            listener.accept()


def test_no_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.dtd").write_text('<!ENTITY a "secret">')

    html = inline_css(f'<!DOCTYPE html SYSTEM "{tmp_path}/a.dtd"><style>p{{top:0}}</style><p>&a;</p>')

    assert html == '<!DOCTYPE html><p style="top:0">&a;</p>'


MARKUP = st.lists(
    st.sampled_from(
        [
            *(
                "<p>",
                "</p>",
                "<td a='",
                "'>",
                "<!--",
                "-->",
                "&amp;",
                "&",
                "\n",
                " ",
                "<",
                ">",
                '"',
                "é",
                "<br/>",
            ),
            *(
                "<pre>\n",
                "</pre>",
                "<b c=d>",
                "</b>",
                "<![endif]",
                "hole0x1x",
                "<?x",
                "<title>",
                "</title>",
                "/",
            ),
        ]
    )
).map("".join)


@settings(max_examples=100)
@given(MARKUP)
def test_markup_no_rule_reaches_stays_to_the_byte(body: str) -> None:
    assert inline_css(f"<style>zz{{top:0}}</style>{body}") == f"<!DOCTYPE html>{body}"


NAMES = st.from_regex(r"-?[a-zA-Z_éß][a-zA-Z0-9_é-]{0,5}", fullmatch=True)


@settings(max_examples=100)
@given(NAMES, NAMES, st.sampled_from([" ", ">", " > ", "\n"]))
def test_every_plain_selector_reaches_its_element(name: str, other: str, between: str) -> None:
    css = f"B.{name}{between}i#{other}{{top:0}}"

    html = inline_css(f'<style>{css}</style><b class="{name}"><i id="{other}">')

    assert html == f'<!DOCTYPE html><b><i id="{other}" style="top:0">'
