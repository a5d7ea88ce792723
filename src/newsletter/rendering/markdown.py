"""The author's Markdown: CommonMark with tables, footnotes, tasks, callouts, sizes, buttons, merge tags."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.footnote import footnote_plugin

from newsletter.domain.errors import BadPost
from newsletter.rendering.blocks import shape_blocks

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 100
KNOWN_MERGE_TAGS = frozenset({"name"})

_BREAKS = frozenset({"softbreak", "hardbreak"})
_HTML_TAG = re.compile(r"<(/?)(?!(?:br|hr|img|input|p|li|t[dhr])\b)[a-zA-Z]")
_MERGE_TAG = re.compile(r"\{\{\s*(\w+)\s*(?:[|\x1f]([^{}|\x1f\n]*))?\}\}")
_HALF = re.compile(r"[\ud800-\udfff]")
_UNMAILABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_STAND_IN = "\x1f"
"""For the line of a merge tag while tables, which cut their rows at such lines, are read."""


def parse_markdown(text: str) -> Sequence[Token]:
    """Read Markdown into tokens. Raises BadPost, with the line, for what can never become a letter."""
    if len(text) > MAX_CHARACTERS:
        raise BadPost(f"The post is too long: {MAX_CHARACTERS:,} characters are the limit.")
    _refuse_halves(text)
    text = _MERGE_TAG.sub(lambda tag: tag.group().replace("|", _STAND_IN), _UNMAILABLE.sub("", text))
    tokens = make_parser().parse(text)
    _refuse_depth(tokens)
    for line, token in with_lines(tokens):
        _refuse_merge_tags(line, token)
    return tokens


def make_parser() -> MarkdownIt:
    """The parser that all readers of Markdown share."""
    # Deeper than this is refused below; the parser's own limit would drop it without a word.
    options = {"linkify": True, "alerts": True, "tasklists": True, "maxNesting": MAX_DEPTH + 10}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough", "linkify"])
    if parser.linkify is not None:  # README.md is a file to most authors, not a site in Moldova
        parser.linkify.set({"fuzzy_link": False})
    parser.use(footnote_plugin, inline=False)
    parser.use(attrs_plugin, after=("image", "link_close"), allowed=("class", "width"))
    parser.inline.ruler.before("emphasis", "merge_tag", _merge_tag)
    parser.core.ruler.push("stand_ins", _restore_stand_ins)
    parser.core.ruler.push("name_columns", _name_columns)
    parser.core.ruler.push("shape_blocks", shape_blocks)
    return parser


def with_lines(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Every token, inside and out, with the line of the source it stands on, counted from 1."""
    line = 1
    for block in tokens:
        line = block.map[0] + 1 if block.map else line
        yield line, block
        here = line
        for token in block.children or ():
            yield here, token
            here += token.type in _BREAKS or token.content.count("\n") * (token.type == "html_inline")


def _refuse_halves(text: str) -> None:
    """Lone surrogates are no characters: they can be neither kept nor mailed."""
    found = _HALF.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise BadPost(f"Line {line}: this holds half a character, as a broken copy leaves it. Type it again.")


def _refuse_depth(tokens: Sequence[Token]) -> None:
    """Parsers behind us stop, or silently cut, at a few hundred levels; nobody writes so many on purpose."""
    open_tags, highest, depth, outer = 0, 0, 0, 0
    for line, token in with_lines(tokens):
        if token.block:
            outer = depth = token.level
        else:
            depth += token.nesting
        if token.type in {"html_block", "html_inline"}:
            for end in _HTML_TAG.findall(token.content):
                open_tags = max(0, open_tags - 1) if end else open_tags + 1
                highest = max(highest, open_tags)
        if max(depth, outer, highest) > MAX_DEPTH:
            raise BadPost(f"Line {line}: this is nested too deeply for a letter. Please make it flatter.")


def _refuse_merge_tags(line: int, token: Token) -> None:
    if token.type == "merge_tag" and token.meta["name"] not in KNOWN_MERGE_TAGS:
        raise BadPost(
            f"Line {line}: the post uses {token.content}, which does not exist. "
            "Known: {{ name | there }}."
        )
    if token.type in {"html_block", "html_inline"} and _MERGE_TAG.search(token.content):
        raise BadPost(
            f"Line {line}: a merge tag stands inside HTML, where it is not filled in. "
            "Write that part in Markdown."
        )


def _restore_stand_ins(state: StateCore) -> None:
    for token in (each for block in state.tokens for each in (block, *(block.children or []))):
        token.content = token.content.replace(_STAND_IN, "|")


def _name_columns(state: StateCore) -> None:
    """A table that is read aloud says of each cell which column it belongs to."""
    for token in state.tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")


def _merge_tag(state: StateInline, silent: bool) -> bool:
    """`{{ name | there }}`: a reader's value, or the fallback. Never a template, never evaluated."""
    if state.src[state.pos] != "{":
        return False
    found = _MERGE_TAG.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        token = state.push("merge_tag", "", 0)
        token.content = found.group()
        token.meta = {"name": found.group(1), "fallback": (found.group(2) or "").strip()}
    state.pos = found.end()
    return True
