"""A post as HTML for a letter: tables where classic Outlook needs them, nothing that must be clicked open."""

import re
from collections.abc import Callable
from html import escape

from markdown_it.token import Token

from newsletter.rendering.blocks import LETTER_WIDTH, picture_width
from newsletter.rendering.code import Ink
from newsletter.rendering.forms import Form, MergeTag, language_of, linked
from newsletter.rendering.page_form import card_words

_BOX = (
    '<table role="presentation" class="{}" width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td{}>'
)
_BUTTON = '<table role="presentation" class="button" cellspacing="0" cellpadding="0" border="0"><tr><td>'
_BOX_END = "</td></tr></table>\n"
_COLOUR_UP_TO = 6_000  # characters of a piece of code; coloured code is many times its size as mailed
_LONG_WORD = re.compile(r"[^\s&;<>]{25,}")
_STRETCH = re.compile(r".{12}")
_INK = 20_000  # bytes of colour a letter may hold, a fifth of what mail programs show before they cut


class LetterForm(Form):
    """The form that is mailed; what it looks like is said by the letter's style sheet."""

    def __init__(self, merge_tag: MergeTag, page_url: str) -> None:
        super().__init__(merge_tag)
        self._page_url = page_url
        self._ink = Ink(_INK)
        self._in_table = False

    def _rules(self) -> dict[str, Callable[[Token], str]]:
        return super()._rules() | {
            "table_open": self._table_open,
            "table_close": self._table_close,
            "text": lambda token: self._breakable(escape(token.content, quote=False)),
            "code_inline": lambda token: (
                f"<code>{self._breakable(escape(token.content, quote=False))}</code>"
            ),
            "footnote_ref": self._footnote_ref,
            "footnote_anchor": lambda _token: "",
            "footnote_block_open": lambda _token: '<div class="footnotes"><ol>\n',
            "footnote_block_close": lambda _token: "</ol></div>\n",
            "footnote_open": lambda _token: "<li>",
        }

    def code(self, token: Token) -> str:
        """Colours as styles while there is room for them."""
        language, code = language_of(token), escape(token.content, quote=False)
        if language and len(token.content) <= _COLOUR_UP_TO:
            code = self._ink.colour(token.content, language)
        if code.startswith("\n"):  # right behind the tag, parsers take a line break away
            code = f"<span>{code}</span>"
        return f"{_BOX.format('code', '')}<pre>{code}</pre>{_BOX_END}"

    def figure(self, token: Token) -> str:
        """A picture as wide as the letter, or as its author says."""
        (image,) = token.children or []
        width = picture_width(image) or LETTER_WIDTH
        style = f"max-width:{width}px" if width < LETTER_WIDTH else ""
        caption = token.meta["caption"]
        below = f'<p class="caption">{escape(caption)}</p>\n' if caption else ""
        kind = "picture with-caption" if caption else "picture"
        return (
            f'<p class="{kind}">{linked(self.picture(image, width, style), token.meta["href"])}</p>\n{below}'
        )

    def button(self, token: Token) -> str:
        """A padded cell, which is a button in every mail program."""
        link = f'<a href="{escape(token.meta["href"])}">{self.inside(token)}</a>'
        return f"{_BUTTON}{link}{_BOX_END}"

    def card(self, token: Token) -> str:
        """The still, if there is one, and a line that says what it leads to."""
        meta, still = token.meta, ""
        url, words = escape(meta["href"]), escape(card_words(meta))
        if meta["thumbnail"]:
            picture = f'<img src="{escape(meta["thumbnail"])}" alt="" width="{LETTER_WIDTH}">'
            still = f'<a href="{url}">{picture}</a>'
        return f'{_BOX.format("card", "")}{still}<p><a href="{url}">&#9654;&#65038; {words}</a></p>{_BOX_END}'

    def callout_open(self, token: Token) -> str:
        """A box with a coloured edge."""
        return _BOX.format("callout", f' class="{token.info.lower()}"') + "\n"

    def callout_close(self, _token: Token) -> str:
        """Its end."""
        return _BOX_END

    def _table_open(self, _token: Token) -> str:
        self._in_table = True
        return '<div class="wide"><table class="grid" width="100%">\n'

    def _table_close(self, _token: Token) -> str:
        self._in_table = False
        return "</table></div>\n"

    def _breakable(self, html: str) -> str:
        """In a table, places where a very long word may break: it would make its column as wide as itself."""
        return _LONG_WORD.sub(_with_breaks, html) if self._in_table else html

    def _footnote_ref(self, token: Token) -> str:
        """Most mail programs cannot jump within a letter, so the number leads to the page."""
        number = token.meta["id"] + 1
        return f'<sup><a href="{escape(self._page_url)}#fn{number}">{number}</a></sup>'


def _with_breaks(word: re.Match[str]) -> str:
    return _STRETCH.sub(r"\g<0><wbr>", word.group()).removesuffix("<wbr>")
