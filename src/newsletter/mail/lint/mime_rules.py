"""Two parts that say the same, the richer one last (RFC 2045, RFC 2046 section 5.1)."""

import re
from collections.abc import Iterator

from newsletter.mail.lint.fields import Parameters, read_parameters
from newsletter.mail.lint.flaws import Rule, Spot, sayable
from newsletter.mail.lint.messages import Message

_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_EXTENDED = re.compile(r"utf-8'[A-Za-z0-9-]*'(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})*", re.IGNORECASE)


def _version(message: Message) -> Iterator[Spot]:
    fields = message.whole.all("MIME-Version")
    if not fields:
        yield Spot(0, "There is no MIME-Version.")
    for field in fields:
        if field.value != "1.0":
            yield Spot(field.line, "MIME-Version is not 1.0.")


def _alternative(message: Message) -> Iterator[Spot]:
    field = message.whole.one("Content-Type")
    line = field.line if field else 0
    if message.whole.content_type.kind != "multipart/alternative":
        yield Spot(line, "The message is not multipart/alternative.")
        return
    kinds = [part.content_type.kind for part in message.parts]
    if kinds and len(kinds) < 2:
        yield Spot(message.parts[0].line, "The message has one part; it takes a text and an HTML part.")
    elif kinds:
        if kinds[0] != "text/plain":
            yield Spot(message.parts[0].line, "The first part is not text/plain.")
        if kinds[-1] != "text/html":
            yield Spot(message.parts[-1].line, "The last part is not text/html.")


def _charset(message: Message) -> Iterator[Spot]:
    for part in message.parts:
        said = part.content_type
        is_text = said.kind.startswith("text/") and said.is_readable
        if is_text and (said.get("charset") or "").lower() != "utf-8":
            yield Spot(part.line, "A part does not declare the charset utf-8.")


def _parameters(message: Message) -> Iterator[Spot]:
    for entity in message.entities:
        for name in ("Content-Type", "Content-Disposition"):
            for field in entity.all(name):
                trouble = _trouble_with(read_parameters(field.value))
                if trouble:
                    yield Spot(field.line, f"{name} {trouble}.")


def _trouble_with(parameters: Parameters) -> str:
    names = [name for name, _value in parameters.pairs]
    if not parameters.is_readable:
        return "holds something that is no parameter"
    if len(set(names)) < len(names):
        return "names a parameter twice"
    if any(name.endswith("*") and not _EXTENDED.fullmatch(value) for name, value in parameters.pairs):
        return "has a parameter beyond ASCII that is not written as RFC 2231 section 4 has it"
    return ""


def _boundary(message: Message) -> Iterator[Spot]:
    kind, field = message.whole.content_type, message.whole.one("Content-Type")
    if field is None or not kind.kind.startswith("multipart/") or not kind.is_readable:
        return
    if _BOUNDARY.fullmatch(message.boundary):
        yield from _delimiters(message, b"--" + message.boundary)
    else:
        yield Spot(field.line, "Content-Type names no boundary of 1 to 70 characters that may be in one.")


def _delimiters(message: Message, delimiter: bytes) -> Iterator[Spot]:
    name = sayable(delimiter[2:].decode("ascii"), "of this message")
    is_begun = is_closed = False
    for number, line in enumerate(message.whole.body, message.whole.first):
        if delimiter not in line:
            continue
        if is_closed or line not in {delimiter, delimiter + b"--"}:
            yield Spot(number, f"The boundary {name} stands where no part begins or ends.")
        is_begun, is_closed = True, is_closed or line == delimiter + b"--"
    if not is_begun:
        yield Spot(message.whole.first, f"The boundary {name} never begins a part.")
    elif not is_closed:
        yield Spot(0, f"The boundary {name} is never closed.")


MIME_RULES = (
    Rule("mime-version", _version),
    Rule("alternative", _alternative),
    Rule("charset", _charset),
    Rule("parameters", _parameters),
    Rule("boundary", _boundary),
)
