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
    raw = base64.b32decode(public_id.upper() + "===")
    if len(raw) != 8:
        raise ValueError("a public id holds eight bytes")
    return raw
