"""A post as HTML for its page."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from markdown_it.token import Token

from newsletter.domain.pictures import PictureAddress, read_picture_address
from newsletter.rendering.blocks import picture_width
from newsletter.rendering.code import classed
from newsletter.rendering.forms import Form, language_of, linked
from newsletter.rendering.headings import headings_of

COLUMN = 680
"""Pixels the reading column is wide."""

_COLOUR_UP_TO = 100_000  # characters; nobody reads more, and it would take seconds


class PageForm(Form):
    """The form that the site shows: colours by classes, links as they were written."""

    def _rules(self) -> dict[str, Callable[[Token], str]]:
        return super()._rules() | {"th_open": _cell, "td_open": _cell, "heading_open": self._heading}

    def write(self, tokens: Sequence[Token]) -> str:
        """The whole post; headings can be linked to."""
        self._names = {id(tokens[each.place]): each.name for each in headings_of(tokens)}
        return super().write(tokens)

    def picture(self, image: Token, width: int, style: str = "") -> str:
        """An image that is fetched when it comes near; of ours a browser takes the copy that fits."""
        tag = super().picture(image, width, style)
        ours = read_picture_address(str(image.attrs["src"]))
        size = "" if ours is None else _choices(ours, width)
        return f'{tag.removesuffix(">")}{size} loading="lazy" decoding="async">'

    def code(self, token: Token) -> str:
        """Highlighted by classes."""
        language = language_of(token)
        short = len(token.content) <= _COLOUR_UP_TO
        code = classed(token.content, language) if language and short else escape(token.content, quote=False)
        return f'<pre class="code"><code>{code}</code></pre>\n'

    def figure(self, token: Token) -> str:
        """A figure."""
        (image,) = token.children or []
        picture = linked(self.picture(image, picture_width(image)), token.meta["href"])
        caption = token.meta["caption"]
        below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
        return f"<figure>{picture}{below}</figure>\n"

    def button(self, token: Token) -> str:
        """A paragraph with a link that the page draws as a button."""
        return f'<p><a class="button" href="{escape(token.meta["href"])}">{self.inside(token)}</a></p>\n'

    def card(self, token: Token) -> str:
        """A still with a line below; no player is loaded from elsewhere."""
        meta, still = token.meta, ""
        if meta["thumbnail"]:
            still = f'<img src="{escape(meta["thumbnail"])}" alt="">'
        words = escape(card_words(meta))
        return f'<p class="card"><a href="{escape(meta["href"])}">{still}<span>▶ {words}</span></a></p>\n'

    def _heading(self, token: Token) -> str:
        """A heading that can be linked to; those inside quotes and lists cannot."""
        name = self._names.get(id(token), "")
        return f'<{token.tag} id="{escape(name)}">' if name else f"<{token.tag}>"

    def callout_open(self, token: Token) -> str:
        """An aside."""
        return f'<aside class="callout {token.info.lower()}">\n'

    def callout_close(self, _token: Token) -> str:
        """Its end."""
        return "</aside>\n"


def _choices(ours: PictureAddress, width: int) -> str:
    """Its copies and its shape, so that the text below does not jump."""
    shown = width or min(ours.width, COLUMN)
    height = round(shown * ours.height / ours.width)
    size = f' height="{height}"' if width else f' width="{shown}" height="{height}"'
    return f' srcset="{ours.srcset}" sizes="(min-width: 45rem) {shown}px, 100vw"{size}'


def _cell(token: Token) -> str:
    """A cell whose alignment is a class: the site's policy lets no style attribute act."""
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    aligned = f' class="to-{side}"' if side in {"center", "right"} else ""
    return f"<{token.tag}{aligned}{' scope=col' if token.tag == 'th' else ''}>"


def card_words(card: Mapping[str, str]) -> str:
    """What a card says: where its link leads, and what to."""
    title, site = card["title"], card["site"]
    return f"Watch on {site}: {title}" if title else f"Watch on {site}"
