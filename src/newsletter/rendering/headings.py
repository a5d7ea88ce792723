"""The headings of a post, each with a name that a link can lead to."""

from collections.abc import Sequence
from typing import NamedTuple

from markdown_it.token import Token

from newsletter.domain.names import first_free, slug_of

_TAKEN_BY_THE_PAGE = frozenset({"content", "comments", "search", "share", "subscribe"})


class Heading(NamedTuple):
    """A heading: where it stands among the tokens, its rank from 1 to 6, its name, its words."""

    place: int
    rank: int
    name: str
    words: str


def headings_of(tokens: Sequence[Token]) -> Sequence[Heading]:
    """All headings in their order; of two with the same words the second gets a number."""
    taken = set(_TAKEN_BY_THE_PAGE)
    found = []
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            words = _words(tokens[index + 1].children or ())
            name = first_free(slug_of(words, "part"), taken)
            taken.add(name)
            found.append(Heading(index, int(token.tag[1:]), name, words))
    return found


def _words(children: Sequence[Token]) -> str:
    parts = []
    for token in children:
        if token.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif token.type == "merge_tag":
            parts.append(token.meta["fallback"])
        elif token.type not in {"footnote_ref", "html_inline"}:
            parts.append(token.content)
    return "".join(parts).strip()
