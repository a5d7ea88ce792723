"""Lines and their ends (RFC 5322 section 2.1.1, RFC 5321 section 2.3.8)."""

from collections.abc import Iterator

from newsletter.mail.lint.flaws import Rule, Spot
from newsletter.mail.lint.messages import Message

LONGEST_LINE = 998
"""Octets, without the line end."""


def _line_length(message: Message) -> Iterator[Spot]:
    for number, line in enumerate(message.raw.split(b"\n"), 1):
        size = len(line.removesuffix(b"\r"))
        if size > LONGEST_LINE:
            yield Spot(number, f"The line has {size:,} octets; {LONGEST_LINE} are the limit.")


def _line_ends(message: Message) -> Iterator[Spot]:
    *lines, rest = message.raw.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\r"):
            yield Spot(number, "The line ends with LF alone; lines of mail end with CRLF.")
        if b"\r" in line[:-1]:
            yield Spot(number, "The line holds a CR that no LF follows.")
    if b"\r" in rest:
        yield Spot(len(lines) + 1, "The line holds a CR that no LF follows.")


def _nul(message: Message) -> Iterator[Spot]:
    for number, line in enumerate(message.raw.split(b"\n"), 1):
        if b"\0" in line:
            yield Spot(number, "The line holds a NUL, which no mail may.")


def _last_line(message: Message) -> Iterator[Spot]:
    if not message.raw.endswith(b"\n"):
        yield Spot(message.raw.count(b"\n") + 1, "The message ends within a line; it must end with CRLF.")


BYTE_RULES = (
    Rule("line-length", _line_length),
    Rule("line-ends", _line_ends),
    Rule("nul", _nul),
    Rule("last-line", _last_line),
)
