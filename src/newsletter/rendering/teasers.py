"""The beginning of a post, for those who may not read the rest."""

import copy
import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

_MORE = re.compile(r"\s*<!--\s*more\s*-->\s*")
_WORDS = 120


def teaser_of(tokens: Sequence[Token]) -> Sequence[Token]:
    """What stands before the line `<!-- more -->`, else the first blocks, a third of the post at most."""
    blocks = [block for block in _blocks(tokens) if block[0].type != "footnote_block_open"]
    for number, block in enumerate(blocks):
        if block[0].type == "html_block" and _MORE.fullmatch(block[0].content):
            return _without_notes(blocks[:number])
    allowed = min(_WORDS, sum(map(_count, blocks)) / 3)
    shown, words = [], 0
    for block in blocks:
        words += _count(block)
        if words > allowed:
            break
        shown.append(block)
    while shown and shown[-1][0].type == "heading_open":
        shown.pop()
    return _without_notes(shown)


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The outermost blocks, each with all it holds."""
    block: list[Token] = []
    depth = 0
    for token in tokens:
        block.append(token)
        depth += token.nesting
        if depth == 0:
            yield block
            block = []


def _count(block: Sequence[Token]) -> int:
    return sum(len(token.content.split()) for token in block)


def _without_notes(blocks: Sequence[Sequence[Token]]) -> Sequence[Token]:
    """Footnotes stand at the end, which is not shown."""
    kept = []
    for token in (each for block in blocks for each in block):
        if token.children and any(child.type == "footnote_ref" for child in token.children):
            token = copy.copy(token)  # noqa: PLW2901 (the whole post keeps its notes)
            token.children = [child for child in token.children or () if child.type != "footnote_ref"]
        kept.append(token)
    return kept
