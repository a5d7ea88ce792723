"""A mail compiled to bytes with typed holes: rendered once, merged per reader by joining.

Every static segment is final: quoted-printable, CRLF, no line over 76 characters and none that
begins with a dot, so nothing on the way needs stuffing. A hole in a body starts behind a soft line
break (RFC 2045 section 6.7), so each value is encoded by itself.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from newsletter.domain.errors import BrokenPromise
from newsletter.domain.holes import Hole, HoleKind, Piece
from newsletter.rendering.compose import Letter
from newsletter.rendering.quoted_printable import LINE, SOFT_BREAK, fold_plain, quote_text, quote_value

FORMAT = 1
"""The version of the written form; a newer program still reads the older ones."""

# Nothing to escape, to encode or to strip: nearly every value.
_SAME_IN_ALL_KINDS = re.compile(r"[!#-%(-\-/-;?-~](?:[ !#-%(-;?-~]*[!#-%(-;?-~])?")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

Value = bytes | str


@dataclass(frozen=True)
class Plan:
    """Segments and holes in order."""

    pieces: tuple[Piece, ...]

    def merge(self, values: Mapping[str, Value]) -> bytes:
        """Fill the holes for one reader; header values are bytes made by `mail`, others plain text."""
        return b"".join(piece if isinstance(piece, bytes) else _fill(piece, values) for piece in self.pieces)


class Press:
    """A plan made ready for many readers: what `Plan.merge` gives, in a fraction of its time."""

    def __init__(self, plan: Plan) -> None:
        self._sheet: list[bytes] = []  # the segments, and in each hole of a body its fallback
        self._headers: list[tuple[str, int]] = []
        self._bodies: dict[str, list[tuple[int, Hole]]] = {}
        for place, piece in enumerate(plan.pieces):
            if isinstance(piece, bytes):
                self._sheet.append(piece)
            elif piece.kind is HoleKind.HEADER:
                self._sheet.append(b"")
                self._headers.append((piece.name, place))
            else:
                self._sheet.append(_encoded(piece, ""))
                self._bodies.setdefault(piece.name, []).append((place, piece))

    def merge(self, values: Mapping[str, Value]) -> bytes:
        """Fill the holes for one reader."""
        return b"".join(self.fill(values))

    def fill(self, values: Mapping[str, Value]) -> list[bytes]:
        """Fill the holes, and leave the letter in pieces: most of them are the same for all readers."""
        sheet = self._sheet.copy()
        for name, place in self._headers:
            value = values[name]
            sheet[place] = value if isinstance(value, bytes) else _ready_made(name, value)
        for name, holes in self._bodies.items():
            value = values[name]
            if isinstance(value, str) and _SAME_IN_ALL_KINDS.fullmatch(value):
                raw = value.encode()
                encoded = (raw if len(raw) <= LINE else fold_plain(raw)) + SOFT_BREAK
                for place, _ in holes:
                    sheet[place] = encoded
            elif value != "":
                for place, hole in holes:
                    sheet[place] = _encoded(hole, value)
        return sheet


def compile_plan(headers: Iterable[Piece], letter: Letter) -> Plan:
    """Compile headers and a composed letter into one multipart/alternative message (RFC 2046)."""
    text, html = _quoted_printable(letter.text), _quoted_printable(letter.html)
    boundary = _boundary(text, html)
    pieces: list[Piece] = [
        *headers,
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="' + boundary + b'"\r\n\r\n',
        *_part(boundary, b"text/plain", text),
        *_part(boundary, b"text/html", html),
        b"--" + boundary + b"--\r\n",
    ]
    return Plan(_joined(pieces))


def dump_plan(plan: Plan) -> bytes:
    """Write a plan for keeping."""
    pieces = [
        piece.decode("ascii") if isinstance(piece, bytes) else [piece.name, piece.kind, piece.fallback]
        for piece in plan.pieces
    ]
    return json.dumps({"format": FORMAT, "pieces": pieces}).encode("ascii")


def load_plan(raw: bytes) -> Plan:
    """Read a plan that was kept. Raises BrokenPromise for a format this program does not know."""
    kept = json.loads(raw)
    if kept["format"] != FORMAT:
        raise BrokenPromise(f"plan format {kept['format']} is not known to this version")
    return Plan(
        tuple(
            piece.encode("ascii") if isinstance(piece, str) else Hole(piece[0], HoleKind(piece[1]), piece[2])
            for piece in kept["pieces"]
        )
    )


def _fill(hole: Hole, values: Mapping[str, Value]) -> bytes:
    value = values[hole.name]
    if hole.kind is HoleKind.HEADER:
        return _ready_made(hole.name, value)
    return _encoded(hole, value)


def _ready_made(name: str, value: Value) -> bytes:
    if isinstance(value, str):
        raise BrokenPromise(f"the header value {name} was not encoded")
    return value


def _encoded(hole: Hole, value: Value) -> bytes:
    if isinstance(value, bytes):
        raise BrokenPromise(f"the value {hole.name} was encoded too early")
    text = _UNSAFE.sub(" ", value).strip() or hole.fallback
    return quote_value(escape(text) if hole.kind is HoleKind.HTML else text)


def _quoted_printable(parts: Sequence[str | Hole]) -> list[Piece]:
    pieces: list[Piece] = []
    at_line_start = True
    for part in parts:
        if isinstance(part, Hole):
            if not at_line_start:
                pieces.append(SOFT_BREAK)
            pieces.append(part)
            at_line_start = True
        else:
            pieces.append(quote_text(part))
            at_line_start = part.endswith("\n")
    if not at_line_start or (parts and isinstance(parts[-1], Hole)):
        pieces.append(b"\r\n")
    return pieces


def _part(boundary: bytes, kind: bytes, body: Sequence[Piece]) -> list[Piece]:
    head = (
        b"--" + boundary + b"\r\nContent-Type: " + kind + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return [head, *body]


def _boundary(*bodies: Sequence[Piece]) -> bytes:
    """A boundary no body can hold: "=_" never occurs in quoted-printable."""
    digest = hashlib.sha256()
    for body in bodies:
        for piece in body:
            digest.update(piece if isinstance(piece, bytes) else piece.name.encode())
    return b"=_" + digest.hexdigest()[:24].encode()


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Neighbouring segments become one."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
