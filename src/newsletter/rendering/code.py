"""Code in few colours: each costs bytes in every letter, so neighbours of one colour share their span."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby

from pygments import lex
from pygments.lexers import get_lexer_by_name
from pygments.token import Token as Kind
from pygments.token import _TokenType as KindType
from pygments.util import ClassNotFound

from newsletter.domain.look import CODE_COLOURS, Shade

_COLOURS: Mapping[KindType, str] = {
    Kind.Keyword: "keyword",
    Kind.Operator.Word: "keyword",
    Kind.Literal.String: "text",
    Kind.Comment: "comment",
    Kind.Literal.Number: "number",
    Kind.Name.Function: "name",
    Kind.Name.Class: "name",
    Kind.Name.Decorator: "name",
    Kind.Name.Tag: "name",
    Kind.Generic.Deleted: "removed",
    Kind.Generic.Inserted: "added",
}


@dataclass
class Ink:
    """How many bytes of colour a letter may still hold; what comes after is plain."""

    left: int

    def colour(self, code: str, language: str) -> str:
        """HTML of a piece of code with its colours as styles; plain where there is no room for them."""
        plain = escape(code, quote=False)
        coloured = "".join(
            text if colour is None else f'<span style="color:{colour.light}">{text}</span>'
            for colour, text in _pieces(code, language)
        )
        cost = len(coloured) - len(plain)
        if cost > self.left:
            return plain
        self.left -= cost
        return coloured


def classed(code: str, language: str) -> str:
    """HTML of a piece of code with its colours as classes, for a page."""
    return "".join(
        text if colour is None else f'<span class="{colour.name}">{text}</span>'
        for colour, text in _pieces(code, language)
    )


def _pieces(code: str, language: str) -> Iterator[tuple[Shade | None, str]]:
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        yield None, escape(code, quote=False)
        return
    words = ((_colour_of(kind) if text.strip() else None, text) for kind, text in lex(code, lexer))
    for colour, run in groupby(words, key=lambda word: word[0]):
        yield colour, escape("".join(text for _, text in run), quote=False)


def _colour_of(kind: KindType) -> Shade | None:
    while kind is not Kind:
        if kind in _COLOURS:
            return CODE_COLOURS[_COLOURS[kind]]
        assert kind.parent is not None
        kind = kind.parent
    return None
