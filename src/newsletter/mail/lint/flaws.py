"""What the linter finds, and what a rule is.

Sentences about a message go into logs: they name headers, never an address and never a token.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from newsletter.mail.lint.messages import Message

_SHOWN = 10
_SAYABLE = re.compile(r"[A-Za-z0-9_=-]{1,40}")


@dataclass(frozen=True)
class Flaw:
    """What is wrong by which rule, and on which line of the raw message, from 1; 0 is the whole message."""

    rule: str
    line: int
    message: str


class Spot(NamedTuple):
    """What a rule complains of."""

    line: int
    message: str


@dataclass(frozen=True)
class Rule:
    """A named thing that holds for every message that leaves."""

    name: str
    check: Callable[[Message], Iterable[Spot]]

    def flaws(self, message: Message) -> Iterator[Flaw]:
        """What breaks this rule: the first few in full, and how many more there are."""
        spots = list(self.check(message))
        last = message.line_count  # a body that is missing would begin behind it
        for spot in spots[:_SHOWN]:
            yield Flaw(self.name, min(spot.line, last), spot.message)
        more = spots[_SHOWN:]
        if more:
            line = min(more[0].line, last)
            yield Flaw(self.name, line, f"There are {len(more):,} more of these, the first one here.")


def sayable(word: str, otherwise: str) -> str:
    """A header's name or a boundary where it may be quoted, or what to say instead."""
    return word if _SAYABLE.fullmatch(word) else otherwise
