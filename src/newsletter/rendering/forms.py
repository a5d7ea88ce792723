"""What the two HTML forms of a post share: a renderer with a rule of ours for each special token."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from newsletter.rendering.blocks import picture_width
from newsletter.rendering.markdown import make_parser

MergeTag = Callable[[str, str], str]
"""Writes the merge tag `(name, fallback)`."""


class Form(ABC):
    """Writes tokens as HTML. A subclass has a method for each token that its form shows in its own way."""

    def __init__(self, merge_tag: MergeTag) -> None:
        self._merge_tag = merge_tag
        self._parser = make_parser()
        renderer = self._parser.renderer
        assert isinstance(renderer, RendererHTML)
        self._renderer = renderer
        rules: dict[str, Any] = renderer.rules
        for kind, write in self._rules().items():
            rules[kind] = lambda tokens, index, *_rest, write=write: write(tokens[index])

    def write(self, tokens: Sequence[Token]) -> str:
        """The whole post, not yet sanitised."""
        return self._renderer.render(tokens, self._parser.options, {})

    def _rules(self) -> dict[str, Callable[[Token], str]]:
        return {
            "merge_tag": lambda token: escape(self._merge_tag(token.meta["name"], token.meta["fallback"])),
            "list_item_open": _list_item,
            "image": lambda token: self.picture(token, picture_width(token)),
            "fence": self.code,
            "code_block": self.code,
            "figure": self.figure,
            "button": self.button,
            "card": self.card,
            "alert_title_open": lambda _token: '<p class="callout-title">',
            "alert_open": self.callout_open,
            "alert_close": self.callout_close,
        }

    def inside(self, token: Token) -> str:
        """The HTML of what a token holds."""
        return self._renderer.renderInline(token.children or [], self._parser.options, {})

    def picture(self, image: Token, width: int, style: str = "") -> str:
        """An image with what is read out instead of it; 0 leaves its width to itself."""
        alt = self._renderer.renderInlineAsText(image.children or [], self._parser.options, {})
        size = (f' width="{width}"' if width else "") + (f' style="{style}"' if style else "")
        return f'<img src="{escape(str(image.attrs["src"]))}" alt="{escape(alt)}"{size}>'

    @abstractmethod
    def code(self, token: Token) -> str:
        """A block of code, every character kept."""

    @abstractmethod
    def figure(self, token: Token) -> str:
        """A picture by itself, with its caption."""

    @abstractmethod
    def button(self, token: Token) -> str:
        """A link that looks like a button."""

    @abstractmethod
    def card(self, token: Token) -> str:
        """A link to a video, with its still."""

    @abstractmethod
    def callout_open(self, token: Token) -> str:
        """The beginning of a box that stands out."""

    @abstractmethod
    def callout_close(self, _token: Token) -> str:
        """Its end."""


def _list_item(token: Token) -> str:
    """Boxes to tick as characters: nobody can tick them here, and no mail program shows a form."""
    if "checked" not in token.meta:
        return "<li>"
    return f'<li class="task">{"&#9745;" if token.meta["checked"] else "&#9744;"} '


def linked(html: str, url: str) -> str:
    """HTML inside a link, or as it is when there is none."""
    return f'<a href="{escape(url)}">{html}</a>' if url else html


def language_of(fence: Token) -> str:
    """The language a block of code names, in lower case."""
    words = fence.info.split()
    return words[0].lower() if words else ""
