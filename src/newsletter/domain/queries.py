"""What somebody typed into a search box, as words to look for."""

import re
from dataclasses import dataclass

MOST_TERMS = 12
LONGEST_WORD = 60

_PHRASE_OR_WORD = re.compile(r'["“„”«»]([^"“„”«»]*)["“„”«»]|([^\s"“„”«»]+)')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Query:
    """Terms that must all be found, each of one word or of several that stand together.

    The last word of an open query may still be under way: it stands for all words that begin so.
    """

    terms: tuple[tuple[str, ...], ...]
    is_open: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms)


def parse_query(text: str) -> Query:
    """Read a search. Nothing typed is an error; signs that are no letters or digits only part words."""
    terms: list[tuple[str, ...]] = []
    is_open = False
    for phrase, word in _PHRASE_OR_WORD.findall(text):
        words = tuple(each[:LONGEST_WORD].lower() for each in _WORD.findall(phrase or word))
        if words and len(terms) < MOST_TERMS:
            terms.append(words[:MOST_TERMS])
            is_open = not phrase and len(words) == 1
    return Query(tuple(terms), is_open)
