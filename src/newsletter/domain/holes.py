"""The places of a letter that differ from reader to reader."""

from dataclasses import dataclass
from enum import StrEnum


class HoleKind(StrEnum):
    """How a value must be written at its place."""

    HEADER = "header"  # ready-made header bytes
    HTML = "html"  # escaped for HTML, then quoted-printable
    TEXT = "text"  # quoted-printable


@dataclass(frozen=True)
class Hole:
    """A typed gap in a plan. `fallback` stands in when a reader has no value."""

    name: str
    kind: HoleKind
    fallback: str = ""


Piece = bytes | Hole
"""A plan, a header or a body is a sequence of these."""
