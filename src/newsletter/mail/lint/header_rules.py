"""Headers one by one: how often, by which name, on what lines, of what characters (RFC 5322)."""

import re
from collections.abc import Iterator

from newsletter.mail.lint.encoded_words import has_encoded_word, said_by
from newsletter.mail.lint.fields import Field
from newsletter.mail.lint.flaws import Rule, Spot, sayable
from newsletter.mail.lint.mailboxes import ADDRESS_HEADERS, entries
from newsletter.mail.lint.messages import Entity, Message

_ONCE = ("From", "To", "Subject", "Date", "Message-ID")
_AT_MOST_ONCE = ("Cc", "Reply-To", "Sender", "In-Reply-To", "References", "MIME-Version")
_AT_MOST_ONCE_IN_ALL = ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition")

_LONGEST_FOLDABLE = 78
_NAME = re.compile(r"[!-9;-~]+")
_FOLDABLE = re.compile(rb"[^ \t][ \t]+[^ \t]")
# Line ends and NUL in raw bytes are found by the rules on bytes; a tab there may fold a line.
_CONTROLS = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CONTROLS_SAID = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _count(message: Message) -> Iterator[Spot]:
    for name in _ONCE:
        if not message.whole.one(name):
            yield Spot(0, f"There is no {name}.")
        yield from _repeated(message.whole, name)
    for name in _AT_MOST_ONCE:
        yield from _repeated(message.whole, name)
    for entity in message.entities:
        for name in _AT_MOST_ONCE_IN_ALL:
            yield from _repeated(entity, name)


def _repeated(entity: Entity, name: str) -> Iterator[Spot]:
    for field in entity.all(name)[1:]:
        yield Spot(field.line, f"{name} is there more than once.")


def _name(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        if not _NAME.fullmatch(field.name):
            yield Spot(field.line, "This line is no header: one begins with a name, then a colon.")


def _empty_line(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        for number, line in enumerate(field.lines[1:], field.line + 1):
            if not line.strip(b" \t"):
                yield Spot(number, f"{_of(field)} is continued by a line of spaces alone.")


def _folding(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        for number, line in enumerate(field.lines, field.line):
            text = line if number > field.line else line.partition(b":")[2]
            size = len(line.decode("utf-8", "replace"))
            is_ours = not has_encoded_word(text.decode("latin-1"))  # their lines have a limit of their own
            if size > _LONGEST_FOLDABLE and is_ours and _FOLDABLE.search(text):
                yield Spot(
                    number,
                    f"{_of(field)} has a line of {size:,} characters that could be folded to fit "
                    f"{_LONGEST_FOLDABLE}.",
                )


def _controls(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        if _CONTROLS.search(field.value):
            yield Spot(field.line, f"{_of(field)} holds a control or direction character.")
        if any(_CONTROLS_SAID.search(said) for said in said_by(field)):
            yield Spot(field.line, f"{_of(field)} holds a control or direction character in an encoded word.")


def _ascii(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        if not _beside_addresses(field).isascii():
            yield Spot(
                field.line,
                f"{_of(field)} goes beyond ASCII unencoded; only the part of an address before its @ may.",
            )


def _beside_addresses(field: Field) -> str:
    if field.key not in {name.lower() for name in ADDRESS_HEADERS}:
        return field.value
    found = entries(field.value) or []
    return "".join(piece.text for entry in found for piece in entry.phrase)


def _of(field: Field) -> str:
    return sayable(field.name, "A header")


HEADER_RULES = (
    Rule("header-count", _count),
    Rule("header-name", _name),
    Rule("header-empty-line", _empty_line),
    Rule("header-folding", _folding),
    Rule("header-controls", _controls),
    Rule("header-ascii", _ascii),
)
