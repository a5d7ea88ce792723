"""Random public identifiers: what addresses on the web show instead of row numbers."""

import base64
import secrets

LENGTH = 13
"""Characters in a public id: 64 random bits in lower-case base32."""


def new_public_id() -> str:
    """Make an identifier that says nothing about how many there are."""
    return public_id_from(secrets.token_bytes(8))


def public_id_from(raw: bytes) -> str:
    """Write eight bytes as a public id."""
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def public_id_bytes(public_id: str) -> bytes:
    """Return the eight bytes behind a public id; ValueError when it is none."""
    if len(public_id) != LENGTH or not _ALPHABET.issuperset(public_id):
        raise ValueError("a public id holds eight bytes, in thirteen lower-case letters and digits")
    # Python reads numbers of base 32 too, by other digits, and much faster than its base64 module.
    return (int(public_id.translate(_DIGITS), 32) >> 1).to_bytes(8, "big")


_WRITTEN = "abcdefghijklmnopqrstuvwxyz234567"
_ALPHABET = frozenset(_WRITTEN)
_DIGITS = {
    ord(ours): python for ours, python in zip(_WRITTEN, "0123456789abcdefghijklmnopqrstuv", strict=True)
}
