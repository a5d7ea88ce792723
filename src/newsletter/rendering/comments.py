"""What readers write: a small part of Markdown, and nothing that could take over a page."""

import re
from collections.abc import MutableMapping, Sequence
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from newsletter.domain.directions import direction_of
from newsletter.domain.discussions import says_something
from newsletter.domain.errors import BadInput
from newsletter.rendering.urls import split_url

MAX_NESTING = 16
"""Quotes in lists in quotes, and emphasis in emphasis; nobody means more."""

_NOT_FOR_READERS = ("image", "html_block", "html_inline", "entity", "reference", "lheading", "hr", "code")
_MANY_BRACKETS = 500
_TAGS = {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"}
_AROUND = {"blockquote_open", "bullet_list_open", "ordered_list_open"}
_HOST = re.compile(r"[\w.-]+")
_TAG = re.compile(r"<[^<>]*>")


def render_comment(markdown: str) -> str:
    """A comment as safe HTML. Raises BadInput when it is nested too deeply."""
    parser = _make_parser()
    if markdown.count("[") > _MANY_BRACKETS:  # looking for the end of each takes long, and nobody means them
        parser.disable("link")
    environment: MutableMapping[str, object] = {}
    tokens = parser.parse(markdown, environment)
    _refuse_depth(tokens)
    return nh3.clean(
        parser.renderer.render(tokens, parser.options, environment),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "*": {"dir"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    ).strip()


def links_in(html: str) -> int:
    """How many links a rendered comment holds."""
    return html.count("<a ")


def words_in(html: str) -> str:
    """What a rendered comment says, without its form."""
    return unescape(_TAG.sub(" ", html)).strip()


def _make_parser() -> MarkdownIt:
    """A parser for one comment: what finds bare addresses keeps notes, so threads cannot share it."""
    # Deeper than the limit is refused; at its own limit the parser would drop text without a word.
    parser = MarkdownIt("commonmark", {"linkify": True, "breaks": True, "maxNesting": 2 * MAX_NESTING})
    parser.disable(_NOT_FOR_READERS)
    parser.enable("linkify")
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    parser.validateLink = _may_link  # type: ignore[method-assign]
    parser.normalizeLinkText = _as_typed  # type: ignore[assignment, method-assign]
    parser.core.ruler.push("unlink_addresses", _unlink_addresses)
    parser.core.ruler.push("name_links", _name_links)
    parser.core.ruler.push("headings_as_words", _headings_as_words)
    parser.core.ruler.push("directions", _directions)
    parser.add_render_rule("fence", _fence)
    return parser


def _may_link(url: str) -> bool:
    """Links lead to a page elsewhere, or to an address; never into this site by a half address."""
    parts = split_url(url)
    if parts.scheme in {"http", "https"}:
        return bool(_HOST.fullmatch(parts.hostname or ""))
    return parts.scheme == "mailto"


def _as_typed(url: str) -> str:
    """Decoded for show, a link might turn the direction of what follows."""
    return url


def _unlink_addresses(state: StateCore) -> None:
    """Addresses that stand in the words stay words: whoever wants a link writes one."""
    for block in state.tokens:
        inside = block.children or []
        for place, token in enumerate(inside):
            is_bare = token.type == "link_open" and token.info == "auto"
            if is_bare and not str(token.attrs["href"]).startswith(("http://", "https://")):
                inside[place] = inside[place + 2] = Token("text", "", 0)


def _name_links(state: StateCore) -> None:
    """A link around nothing that can be seen shows where it leads."""
    for block in state.tokens:
        named: list[Token] = []
        href = words = ""
        for token in block.children or ():
            if token.type == "link_open":
                href, words = str(token.attrs["href"]), ""
            elif token.type == "link_close" and not says_something(words):
                named.append(Token("text", "", 0, content=href))
            words += token.content
            named.append(token)
        block.children = named if block.children else block.children


def _headings_as_words(state: StateCore) -> None:
    """A comment has no part in the outline of a page: its headings are paragraphs in bold."""
    for place, token in enumerate(state.tokens):
        if token.type == "heading_open":
            words = state.tokens[place + 1]
            words.children = [
                Token("strong_open", "strong", 1),
                *(words.children or []),
                Token("strong_close", "strong", -1),
            ]
        if token.type in {"heading_open", "heading_close"}:
            token.type, token.tag = token.type.replace("heading", "paragraph"), "p"


def _directions(state: StateCore) -> None:
    """Every paragraph finds its own way; lists and quotes go the way of their first words."""
    around: list[Token] = []
    for token in state.tokens:
        if token.type in _AROUND:
            around.append(token)
        elif token.type == "paragraph_open":
            token.attrSet("dir", "auto")
        elif around and token.type == "inline":
            direction = direction_of(token.content, "")
            if direction:
                for each in around:
                    each.attrSet("dir", direction)
                around = []
        elif around and token.type.endswith("_close") and token.type.replace("_close", "_open") in _AROUND:
            around.pop()


def _fence(
    _renderer: RendererHTML, tokens: Sequence[Token], place: int, _options: OptionsDict, _environment: object
) -> str:
    return f'<pre dir="auto"><code>{escape(tokens[place].content, quote=False)}</code></pre>\n'


def _refuse_depth(tokens: Sequence[Token]) -> None:
    for block in tokens:
        depth = block.level
        for token in (block, *(block.children or ())):
            depth += token.nesting if token is not block else 0
            if depth > MAX_NESTING:
                raise BadInput("The comment has quotes or lists too deep in one another. Make it flatter.")
