"""One content, three forms: the page's HTML, the letter's HTML and the letter's plain text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from newsletter.domain.holes import Hole, HoleKind
from newsletter.rendering.markdown import make_parser, parse_markdown
from newsletter.rendering.markers import Markers
from newsletter.rendering.plain_text import write_plain_text

MergeTag = Callable[[str, str], str]
"""Writes the merge tag `(name, fallback)`."""

_WORDS_A_MINUTE = 230
_HIGHLIGHT_UP_TO = 6_000  # characters; coloured code is many times its size as mailed

_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
    ),
    *(
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
    ),
    *(
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
    ),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
}
_ATTRIBUTES = {
    "*": {"id", "class", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"style", "colspan", "rowspan"},
    "th": {"style", "colspan", "rowspan", "scope"},
    "span": {"style"},
    "input": {"type", "checked", "disabled"},
}
_STYLES = {"color", "font-weight", "font-style", "text-align", "text-decoration"}
_DROPPED_WITH_CONTENT = {"script", "style", "iframe", "object", "form", "template", "noscript", "title"}


@dataclass(frozen=True)
class Content:
    """A parsed post."""

    tokens: Sequence[Token]

    def web_html(self) -> str:
        """HTML for the site; merge tags show their fallback."""
        return _clean(_render(self.tokens, lambda _name, fallback: fallback, classes=True))

    def email_html(self, markers: Markers, page_url: str) -> str:
        """HTML for a letter: colours inline, every link absolute, merge tags as markers."""

        def tag(name: str, fallback: str) -> str:
            return markers.mark(Hole(name, HoleKind.HTML, fallback))

        return _clean(_render(self.tokens, tag, classes=False), base=page_url)

    def plain_text(self, markers: Markers, page_url: str) -> str:
        """Text that reads well by itself, links listed at its end."""
        return write_plain_text(
            self.tokens, lambda name, fallback: markers.mark(Hole(name, HoleKind.TEXT, fallback)), page_url
        )

    def minutes(self) -> int:
        """Reading time, at least a minute."""
        words = sum(len(token.content.split()) for token in self.tokens if token.type in {"inline", "fence"})
        return max(1, round(words / _WORDS_A_MINUTE))

    def opening(self, limit: int = 200) -> str:
        """The first words, for summaries and preheaders."""
        text = write_plain_text(self.tokens, lambda _name, fallback: fallback, "", bare=True)
        words = " ".join(text.split())
        return words if len(words) <= limit else words[:limit].rsplit(" ", 1)[0] + "…"


def read_content(markdown: str) -> Content:
    """Parse a post's Markdown. Raises BadPost."""
    return Content(parse_markdown(markdown))


def _render(tokens: Sequence[Token], tag: MergeTag, *, classes: bool) -> str:
    parser = make_parser()
    renderer = parser.renderer
    assert isinstance(renderer, RendererHTML)
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True, noclasses=not classes, style="friendly")

    def merge_tag(tokens: Sequence[Token], index: int, *_rest: object) -> str:
        meta = tokens[index].meta
        return escape(tag(meta["name"], meta["fallback"]))

    def fence(tokens: Sequence[Token], index: int, *_rest: object) -> str:
        return _code_block(tokens[index], formatter)

    rules: dict[str, Any] = renderer.rules
    rules |= {"merge_tag": merge_tag, "fence": fence}
    return renderer.render(tokens, parser.options, {})


def _code_block(token: Token, formatter: "HtmlFormatter[str]") -> str:
    language = token.info.split()[0] if token.info.split() else ""
    code = escape(token.content, quote=False)
    if language and len(token.content) <= _HIGHLIGHT_UP_TO:
        try:
            lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        except ClassNotFound:
            pass
        else:
            code = highlight(token.content, lexer, formatter)
    return f'<pre class="code"><code>{code}</code></pre>\n'


def _clean(html: str, base: str | None = None) -> str:
    """Keep what is safe. Sanitising comes last, so nothing that renders can undo it."""
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative=("rewrite_with_base", base) if base else "pass_through",
        link_rel="noopener noreferrer" if base is None else None,
    )
