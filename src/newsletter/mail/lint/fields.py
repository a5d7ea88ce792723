"""Header fields as they stand (RFC 5322 section 2.2): what is broken is kept as it is, for rules to find."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

_WORD = r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+"
_KIND = re.compile(rf"{_WORD}/{_WORD}|{_WORD}")
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*({_WORD})=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|({_WORD}))[ \t]*')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Field:
    """One field and the lines it takes; `line` is the number of the first.

    `value` is unfolded; bytes that are not UTF-8 are surrogates in it. `name` is empty where a line
    has no colon.
    """

    name: str
    value: str
    line: int
    lines: tuple[bytes, ...]

    @property
    def key(self) -> str:
        """The name to look it up by."""
        return self.name.rstrip(" \t").lower()


class Parameters(NamedTuple):
    """A value such as that of Content-Type (RFC 2045 section 5.1), in lower case where case means nothing."""

    kind: str
    pairs: tuple[tuple[str, str], ...]
    is_readable: bool

    def get(self, name: str) -> str | None:
        """The first parameter of this name."""
        return next((value for each, value in self.pairs if each == name), None)


def read_fields(lines: Sequence[bytes], first: int) -> tuple[tuple[Field, ...], int]:
    """The fields before the empty line, and how many lines they and it take; the first has that number."""
    groups: list[tuple[int, list[bytes]]] = []
    taken = 0
    for taken, line in enumerate(lines, 1):
        if not line:
            break
        if groups and line.startswith((b" ", b"\t")):
            groups[-1][1].append(line)
        else:
            groups.append((first + taken - 1, [line]))
    return tuple(_field(number, group) for number, group in groups), taken


def read_parameters(value: str) -> Parameters:
    """Take a value with parameters apart, as far as it can be read."""
    kind = _KIND.match(value)
    if kind is None:
        return Parameters("", (), is_readable=False)
    pairs, end = [], kind.end()
    while found := _PARAMETER.match(value, end):
        name, quoted, plain = found.groups()
        pairs.append((name.lower(), _ESCAPED.sub(r"\1", quoted) if plain is None else plain))
        end = found.end()
    rest = value[end:].strip(" \t")
    return Parameters(kind.group().lower(), tuple(pairs), is_readable=not rest)


def _field(number: int, lines: list[bytes]) -> Field:
    name, colon, value = b"".join(lines).decode("utf-8", "surrogateescape").partition(":")
    if not colon:
        name, value = "", name
    return Field(name, value.strip(" \t"), number, tuple(lines))
