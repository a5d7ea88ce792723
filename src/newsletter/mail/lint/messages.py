"""A message taken apart: fields, body and the parts of a multipart body (RFC 2046 section 5.1)."""

import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsletter.mail.lint.fields import Field, Parameters, read_fields, read_parameters


@dataclass(frozen=True)
class Entity:
    """Fields and a body: a whole message, or one part of it.

    `line` is the number of its first line and `first` that of its body's first; the lines of the body
    come without their ends.
    """

    fields: tuple[Field, ...]
    body: tuple[bytes, ...]
    line: int
    first: int

    def all(self, name: str) -> list[Field]:
        """The fields of this name, in any spelling."""
        return [field for field in self.fields if field.key == name.lower()]

    def one(self, name: str) -> Field | None:
        """The first field of this name."""
        return next(iter(self.all(name)), None)

    @cached_property
    def content_type(self) -> Parameters:
        """What the body says it is."""
        field = self.one("Content-Type")
        return read_parameters(field.value if field else "text/plain")

    @cached_property
    def encoding(self) -> str:
        """How the body is encoded for the way (RFC 2045 section 6)."""
        field = self.one("Content-Transfer-Encoding")
        return field.value.lower() if field else "7bit"

    @cached_property
    def content(self) -> bytes | None:
        """The body decoded; None where it cannot be."""
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(b"\r\n".join(self.body))
        if self.encoding == "base64":
            try:
                return binascii.a2b_base64(b"".join(self.body), strict_mode=True)
            except binascii.Error:
                return None
        return b"\r\n".join(self.body) if self.encoding == "7bit" else None

    @cached_property
    def text(self) -> str:
        """The decoded body as text, whatever is not UTF-8 replaced; nothing where it cannot be decoded."""
        return (self.content or b"").decode("utf-8", "replace")


@dataclass(frozen=True)
class Message:
    """A message in three views: its raw bytes, the whole as one entity, and the parts of it."""

    raw: bytes
    whole: Entity
    parts: tuple[Entity, ...]

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self.raw.count(b"\n") + (not self.raw.endswith(b"\n"))

    @property
    def is_list(self) -> bool:
        """Whether it says of itself that it goes to many."""
        is_bulk = any(field.value.lower() == "bulk" for field in self.whole.all("Precedence"))
        return is_bulk or any(self.whole.one(name) for name in ("List-Id", "List-Unsubscribe"))

    @property
    def entities(self) -> tuple[Entity, ...]:
        """The whole and its parts."""
        return self.whole, *self.parts

    @property
    def leaves(self) -> tuple[Entity, ...]:
        """What holds content: the parts, or the whole where there are none."""
        return self.parts or (self.whole,)

    @property
    def fields(self) -> Iterator[Field]:
        """Every field of the message and of its parts."""
        for entity in self.entities:
            yield from entity.fields

    @property
    def boundary(self) -> bytes:
        """What stands between the parts; empty when the message is in one piece or says nothing."""
        return boundary_of(self.whole)

    @property
    def plain(self) -> Entity | None:
        """The first part of text; None when there is none that can be decoded."""
        return next(iter(self._readable("text/plain")), None)

    @property
    def html(self) -> Entity | None:
        """The last part of HTML; None when there is none that can be decoded."""
        return next(reversed(self._readable("text/html")), None)

    def _readable(self, kind: str) -> list[Entity]:
        return [part for part in self.parts if part.content_type.kind == kind and part.content is not None]


def read_message(raw: bytes) -> Message:
    """Take any bytes apart. A line is what ends with LF; stray CR and NUL are left to the rules on bytes."""
    lines = raw.translate(None, b"\r\0").split(b"\n")
    if not lines[-1]:
        lines.pop()
    whole = _entity(lines, 1)
    return Message(raw, whole, tuple(_parts(whole)))


def boundary_of(entity: Entity) -> bytes:
    """The boundary a multipart entity names."""
    if not entity.content_type.kind.startswith("multipart/"):
        return b""
    return (entity.content_type.get("boundary") or "").encode("utf-8", "surrogateescape")


def _entity(lines: Sequence[bytes], number: int) -> Entity:
    fields, taken = read_fields(lines, number)
    return Entity(fields, tuple(lines[taken:]), number, number + taken)


def _parts(whole: Entity) -> Iterator[Entity]:
    boundary = boundary_of(whole)
    if not boundary:
        return
    begun = None
    for index, line in enumerate(whole.body):
        if line.rstrip(b" \t") not in {b"--" + boundary, b"--" + boundary + b"--"}:
            continue
        if begun is not None:
            yield _entity(whole.body[begun:index], whole.first + begun)
        if line.rstrip(b" \t") != b"--" + boundary:
            return
        begun = index + 1
    if begun is not None:
        yield _entity(whole.body[begun:], whole.first + begun)
