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

FORMAT = 1
"""The version of the written form; a newer program still reads the older ones."""

_LINE = 76
_SOFT_BREAK = b"=\r\n"
_AS_IS = re.compile(rb"[!-<>-~](?:[ !-<>-~]{0,72}[!-<>-~])?")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

Value = bytes | str


@dataclass(frozen=True)
class Plan:
    """Segments and holes in order."""

    pieces: tuple[Piece, ...]

    def merge(self, values: Mapping[str, Value]) -> bytes:
        """Fill the holes for one reader; header values are bytes made by `mail`, others plain text."""
        return b"".join(piece if isinstance(piece, bytes) else _fill(piece, values) for piece in self.pieces)


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
        if isinstance(value, str):
            raise BrokenPromise(f"the header value {hole.name} was not encoded")
        return value
    if isinstance(value, bytes):
        raise BrokenPromise(f"the value {hole.name} was encoded too early")
    text = _UNSAFE.sub(" ", value).strip() or hole.fallback
    return _quote_value(escape(text) if hole.kind is HoleKind.HTML else text)


def _quote_value(text: str) -> bytes:
    """Encode one value that starts at column 0 and is followed by a soft break."""
    raw = text.encode("utf-8", "replace")
    if _AS_IS.fullmatch(raw) and not raw.startswith(b".") and len(raw) < _LINE:
        return raw + _SOFT_BREAK
    return _quote_line(raw) + _SOFT_BREAK if raw else b""


def _quoted_printable(parts: Sequence[str | Hole]) -> list[Piece]:
    pieces: list[Piece] = []
    at_line_start = True
    for part in parts:
        if isinstance(part, Hole):
            if not at_line_start:
                pieces.append(_SOFT_BREAK)
            pieces.append(part)
            at_line_start = True
        else:
            pieces.append(_quote_text(part))
            at_line_start = part.endswith("\n")
    if not at_line_start or (parts and isinstance(parts[-1], Hole)):
        pieces.append(b"\r\n")
    return pieces


def _quote_text(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_quote_line(line.encode("utf-8", "replace")) for line in lines)


def _quote_line(raw: bytes) -> bytes:
    """One line in quoted-printable, folded by soft breaks; spaces at its end are kept (RFC 2045 rule 3)."""
    out: list[bytes] = []
    column = 0
    last = len(raw) - 1
    for index, byte in enumerate(raw):
        token = _token(byte, at_end=index == last)
        if column + len(token) > _LINE - 1:
            out.append(_SOFT_BREAK)
            column = 0
        if column == 0 and token == b".":
            token = b"=2E"
        out.append(token)
        column += len(token)
    return b"".join(out)


def _token(byte: int, *, at_end: bool) -> bytes:
    if byte in b" \t":
        return b"=%02X" % byte if at_end else bytes([byte])
    return bytes([byte]) if 33 <= byte <= 126 and byte != 61 else b"=%02X" % byte


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
