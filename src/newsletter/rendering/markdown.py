"""The author's Markdown: CommonMark with tables, footnotes, strikethrough, task lists and merge tags."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from newsletter.domain.errors import BadPost

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 100
KNOWN_MERGE_TAGS = frozenset({"name"})

_HTML_TAG = re.compile(r"<(/?)(?!(?:br|hr|img|input|p|li|t[dhr])\b)[a-zA-Z]")
_MERGE_TAG = re.compile(r"\{\{\s*(\w+)\s*(?:\|([^{}|\n]*))?\}\}")


def parse_markdown(text: str) -> Sequence[Token]:
    """Read Markdown into tokens. Raises BadPost for what can never become a letter."""
    if len(text) > MAX_CHARACTERS:
        raise BadPost(f"The post is too long: {MAX_CHARACTERS:,} characters are the limit.")
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be mailed
    tokens = make_parser().parse(text)
    _refuse_depth(tokens)
    for token in (each for block in tokens for each in (block, *(block.children or []))):
        if token.type in {"html_block", "html_inline"} and _MERGE_TAG.search(token.content):
            raise BadPost(
                "A merge tag stands inside HTML, where it is not filled in. Write that part in Markdown."
            )
    return tokens


def _refuse_depth(tokens: Sequence[Token]) -> None:
    """Parsers behind us stop, or silently cut, at a few hundred levels; nobody writes so many on purpose."""
    open_tags = 0
    for token in tokens:
        depth = token.level
        for each in (token, *(token.children or [])):
            depth += each.nesting if each is not token else 0
            if each.type in {"html_block", "html_inline"}:
                open_tags += sum(-1 if end else 1 for end in _HTML_TAG.findall(each.content))
            if depth > MAX_DEPTH or open_tags > MAX_DEPTH:
                raise BadPost("The post is nested too deeply for a letter. Please make it flatter.")


def make_parser() -> MarkdownIt:
    """The parser that all readers of Markdown share."""
    parser = MarkdownIt("commonmark", {"linkify": True, "typographer": False})
    parser.enable(["table", "strikethrough", "linkify"])
    if parser.linkify is not None:  # README.md is a file to most authors, not a site in Moldova
        parser.linkify.set({"fuzzy_link": False})
    parser.use(footnote_plugin, inline=False).use(tasklists_plugin)
    parser.inline.ruler.before("emphasis", "merge_tag", _merge_tag)
    return parser


def _merge_tag(state: StateInline, silent: bool) -> bool:
    """`{{ name | there }}`: a reader's value, or the fallback. Never a template, never evaluated."""
    if state.src[state.pos] != "{":
        return False
    found = _MERGE_TAG.match(state.src, state.pos)
    if not found:
        return False
    name, fallback = found.group(1), (found.group(2) or "").strip()
    if name not in KNOWN_MERGE_TAGS:
        raise BadPost(f"The post uses {found.group(0)}, which does not exist. Known: {{{{ name | there }}}}.")
    if not silent:
        token = state.push("merge_tag", "", 0)
        token.content = found.group(0)
        token.meta = {"name": name, "fallback": fallback}
    state.pos = found.end()
    return True
