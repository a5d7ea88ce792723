"""Markup is cut into pieces and put together again, and only what is changed changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.markup import Kind, Piece, read_attributes, split_markup, write_attributes


@settings(max_examples=300)
@given(st.text(alphabet="<>/!-='\" \nabstyle&;[]?é"))
def test_the_pieces_are_the_document(html: str) -> None:
    assert "".join(piece.text for piece in split_markup(html)) == html


@pytest.mark.parametrize(
    ("html", "pieces"),
    [
        ("a<B>c</B >", [(Kind.TEXT, "a"), (Kind.START, "<B>"), (Kind.TEXT, "c"), (Kind.END, "</B >")]),
        ("<!DocType x>", [(Kind.DOCTYPE, "<!DocType x>")]),
        ("<a b='>' c=\">\">", [(Kind.START, "<a b='>' c=\">\">")]),
        ("<a b=it's>c", [(Kind.START, "<a b=it's>"), (Kind.TEXT, "c")]),
        ("<!-- <a> --><!--><!--->", [(Kind.COMMENT, t) for t in ("<!-- <a> -->", "<!-->", "<!--->")]),
        ("<!-- a --!>b<!-- c", [(Kind.COMMENT, "<!-- a --!>"), (Kind.TEXT, "b"), (Kind.COMMENT, "<!-- c")]),
        ("<TITLE><a></title>", [(Kind.VERBATIM, "<TITLE><a></title>")]),
        ("<titles>", [(Kind.START, "<titles>")]),
        ("< a <3 </> <", [(Kind.TEXT, "< a <3 </> <")]),
    ],
)
def test_a_document_is_cut_at_its_tags(html: str, pieces: list[tuple[Kind, str]]) -> None:
    assert [(piece.kind, piece.text) for piece in split_markup(html)] == pieces


def test_a_style_block_is_one_piece_with_its_css() -> None:
    html = "<STYLE media='>'>p>b{content:'<i>'}</style >"

    assert list(split_markup(html)) == [Piece(Kind.STYLE, html, css="p>b{content:'<i>'}")]


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("<a>", {}),
        ("<a B=c d='e' f=\"g\" h>", {"b": "c", "d": "e", "f": "g", "h": ""}),
        ("<a b = c/d/e= '' />", {"b": "c/d/e=", "''": ""}),
        ("<a b='1' b='2'>", {"b": "1"}),
        ("<a b='c'd='e'>", {"b": "c", "d": "e"}),
        ("<a b='&amp;&lt;&#65;&#x42;&nbsp;'>", {"b": "&<AB\xa0"}),
        ("<a b='?c&copy=1&copyd&notit;&amp'>", {"b": "?c&copy=1&copyd&notit;&"}),
        ("<v:rect/>", {}),
    ],
)
def test_attributes_are_read_as_a_browser_reads_them(tag: str, attributes: dict[str, str]) -> None:
    assert read_attributes(tag) == attributes


@pytest.mark.parametrize(
    ("tag", "changes", "written"),
    [
        ("<a>", {"b": "c"}, '<a b="c">'),
        ("<a/>", {"b": "c"}, '<a b="c"/>'),
        ("<A X=1  y />", {"b": "c"}, '<A X=1  y b="c" />'),
        ("<a x b='1' y>", {"b": "2"}, '<a x b="2" y>'),
        ("<a x b=1 y>", {"b": ""}, "<a x y>"),
        ("<a b='1' B='2'>", {"b": "3"}, '<a b="3">'),
        ("<a b='1' B='2'>", {"b": ""}, "<a>"),
        ("<a>", {"b": ""}, "<a>"),
        ("<a>", {"b": "&<>\"'"}, '<a b="&amp;&lt;&gt;&quot;\'">'),
    ],
)
def test_a_change_leaves_the_rest_of_a_tag_alone(tag: str, changes: dict[str, str], written: str) -> None:
    assert write_attributes(tag, changes) == written
