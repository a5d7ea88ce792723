"""A post as HTML for feed readers: plain tags, no forms, every address absolute."""

from collections.abc import Callable, Sequence
from html import escape

import nh3
from markdown_it.token import Token

from newsletter.rendering.page_form import PageForm
from newsletter.rendering.sanitising import KNOWN_TAGS, clean_page

_TAGS = KNOWN_TAGS - {"aside", "input", "section"}
# No classes and no names: feed readers have styles of their own, and show many posts on one page.
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}


class FeedForm(PageForm):
    """The form that feeds carry; merge tags show their fallback."""

    def __init__(self, page_url: str) -> None:
        super().__init__(lambda _name, fallback: fallback)
        self._page_url = page_url

    def _rules(self) -> dict[str, Callable[[Token], str]]:
        return super()._rules() | {
            "alert_title_open": lambda _token: "<p><strong>",
            "alert_title_close": lambda _token: "</strong></p>\n",
            "list_item_open": _list_item,
            "footnote_ref": self._footnote_ref,
            "footnote_anchor": lambda _token: "",
        }

    def code(self, token: Token) -> str:
        """Without colours."""
        return f"<pre><code>{escape(token.content, quote=False)}</code></pre>\n"

    def callout_open(self, _token: Token) -> str:
        """A quotation, which every feed reader sets apart."""
        return "<blockquote>\n"

    def callout_close(self, _token: Token) -> str:
        """Its end."""
        return "</blockquote>\n"

    def _footnote_ref(self, token: Token) -> str:
        """The number leads to the page: two posts of a feed may both have a first note."""
        number = token.meta["id"] + 1
        return f'<sup><a href="{escape(self._page_url)}#fn{number}">{number}</a></sup>'


def feed_html(tokens: Sequence[Token], page_url: str) -> str:
    """A post as feeds carry it, safe, with every address as it is meant on the post's page."""
    return nh3.clean(
        clean_page(FeedForm(page_url).write(tokens)),
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", page_url),
        link_rel=None,
    )


def _list_item(token: Token) -> str:
    """Boxes to tick as characters: no feed reader shows a form."""
    if "checked" not in token.meta:
        return "<li>"
    return f"<li>{'&#9745;' if token.meta['checked'] else '&#9744;'} "
