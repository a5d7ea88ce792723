"""Bodies in seven bits (RFC 2045 section 6): declared, valid, and UTF-8 when decoded."""

import re
from collections.abc import Iterator

from newsletter.mail.lint.flaws import Rule, Spot
from newsletter.mail.lint.messages import Entity, Message

_LONGEST_LINE = 76
_QUOTED_PRINTABLE = re.compile(rb"[\t !-<>-~]*(?:=[0-9A-F]{2}[\t !-<>-~]*)*=?")
_IN_SEVEN_BITS = re.compile(rb"[\t -~]*")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _declared(message: Message) -> Iterator[Spot]:
    for leaf in message.leaves:
        if leaf.encoding not in {"quoted-printable", "base64", "7bit"}:
            yield Spot(leaf.line, "The encoding is neither quoted-printable, nor base64, nor 7bit.")
    if message.parts and message.whole.encoding != "7bit":
        yield Spot(message.whole.line, "The message as a whole must be 7bit; only its parts are encoded.")


def _seven_bit(message: Message) -> Iterator[Spot]:
    elsewhere: set[int] = set()
    for leaf in message.leaves:
        ends = leaf.first if leaf.encoding == "7bit" else leaf.first + len(leaf.body)
        elsewhere.update(range(leaf.line, ends))  # headers have a rule of their own
    for number, line in enumerate(message.whole.body, message.whole.first):
        if number not in elsewhere and not line.isascii():
            yield Spot(number, "The line goes beyond ASCII, and nothing encodes it.")


def _quoted_printable(message: Message) -> Iterator[Spot]:
    for leaf in message.leaves:
        if leaf.encoding == "quoted-printable":
            yield from _quoted_printable_of(leaf)


def _quoted_printable_of(leaf: Entity) -> Iterator[Spot]:
    for number, line in enumerate(leaf.body, leaf.first):
        if len(line) > _LONGEST_LINE:
            yield Spot(number, f"The line has {len(line):,} characters; {_LONGEST_LINE} are the limit.")
        if line.endswith((b" ", b"\t")):
            yield Spot(number, "The line ends with a space, which may be lost on the way.")
        if not _IN_SEVEN_BITS.fullmatch(line):
            yield Spot(number, "The line holds an octet that quoted-printable escapes.")
        elif not _QUOTED_PRINTABLE.fullmatch(line):
            yield Spot(number, "The line holds an = without its two digits of 0-9 and A-F.")
    if leaf.body and leaf.body[-1].endswith(b"="):
        yield Spot(leaf.first + len(leaf.body) - 1, "The last line of a part ends with a soft line break.")


def _base64(message: Message) -> Iterator[Spot]:
    for leaf in message.leaves:
        if leaf.encoding == "base64":
            yield from _base64_of(leaf)


def _base64_of(leaf: Entity) -> Iterator[Spot]:
    is_fine = True
    for number, line in enumerate(leaf.body, leaf.first):
        if len(line) > _LONGEST_LINE:
            yield Spot(number, f"The line has {len(line):,} characters; {_LONGEST_LINE} are the limit.")
        if not _BASE64_LINE.fullmatch(line):
            is_fine = False
            yield Spot(number, "The line holds a character that base64 does not have.")
    if is_fine and not _BASE64.fullmatch(b"".join(leaf.body)):
        yield Spot(leaf.first, "The base64 of a part is cut off, or goes on behind its end.")


def _utf8(message: Message) -> Iterator[Spot]:
    for leaf in message.leaves:
        try:
            (leaf.content or b"").decode("utf-8")
        except UnicodeDecodeError:
            if leaf.encoding in {"quoted-printable", "base64"} and not any(_encoding_of(leaf)):
                yield Spot(leaf.first, "A part does not decode to UTF-8.")


def _encoding_of(leaf: Entity) -> Iterator[Spot]:
    return _base64_of(leaf) if leaf.encoding == "base64" else _quoted_printable_of(leaf)


TRANSFER_RULES = (
    Rule("transfer-encoding", _declared),
    Rule("seven-bit", _seven_bit),
    Rule("quoted-printable", _quoted_printable),
    Rule("base64", _base64),
    Rule("utf-8", _utf8),
)
