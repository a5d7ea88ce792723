"""Signed links: short, unforgeable, each good for one purpose only.

A token is base64url of `version, key id, expiry (4 bytes, minutes since 1970, 0 = never), payload, mac`.
The purpose is not written into it but mixed into the mac, so a token for one purpose
is noise for every other.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from newsletter.domain.errors import BadLink, ExpiredLink

_VERSION = 1
_MAC_BYTES = 12
_BLOCK = 64
_HEAD_BYTES = 6
_MINUTE = 60
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(StrEnum):
    """What a token is good for."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    SIGN_IN = "sign-in"
    FORM = "form"
    READING = "reading"
    ADDRESS = "address"
    MUTE = "mute"


@dataclass(frozen=True)
class Keyring:
    """Signing keys by number; new tokens use the current one, older keys still open old links."""

    keys: Mapping[int, bytes]
    current: int

    def sign(self, purpose: Purpose, payload: bytes, expires_at: datetime | None = None) -> str:
        """Make a token for one purpose; without expiry it is good for ever."""
        expiry = 0 if expires_at is None else int(expires_at.timestamp()) // _MINUTE + 1
        body = bytes([_VERSION, self.current]) + expiry.to_bytes(4, "big") + payload
        return _encode(body + self._mac(self.current, purpose, body))

    def open(self, purpose: Purpose, token: str, now: datetime) -> bytes:
        """Return the payload. Raises BadLink when forged or cut, ExpiredLink when too old."""
        raw = _decode(token)
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(body) < _HEAD_BYTES or body[0] != _VERSION or body[1] not in self.keys:
            raise BadLink("This link is not complete. Please open it again from the mail it came in.")
        if not hmac.compare_digest(mac, self._mac(body[1], purpose, body)):
            raise BadLink("This link is not complete. Please open it again from the mail it came in.")
        expiry = int.from_bytes(body[2:6], "big")
        if expiry and now >= datetime.fromtimestamp(expiry * _MINUTE, UTC):
            raise ExpiredLink("This link is too old. Please ask for a new one.")
        return body[_HEAD_BYTES:]

    def _mac(self, key_id: int, purpose: Purpose, body: bytes) -> bytes:
        message = purpose.encode() + b"\0" + body
        return hmac.digest(self.keys[key_id], message, hashlib.sha256)[:_MAC_BYTES]


class Signer:
    """Signs many tokens of one purpose that are good for ever, as `Keyring.sign` does, its key made ready.

    HMAC by its two hashes (RFC 2104 section 2), begun once: `hmac` itself would begin them for each token.
    """

    def __init__(self, keyring: Keyring, purpose: Purpose) -> None:
        self._head = bytes([_VERSION, keyring.current]) + bytes(4)
        key = keyring.keys[keyring.current]
        key = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
        message = purpose.encode() + b"\0" + self._head
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message)
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

    def sign(self, payload: bytes) -> str:
        """Make one token."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(payload)
        outer.update(inner.digest())
        return _encode(self._head + payload + outer.digest()[:_MAC_BYTES])


def keyring_from(secret: str) -> Keyring:
    """Derive the signing key of an installation from its secret."""
    return Keyring({1: hashlib.sha256(b"newsletter tokens\0" + secret.encode()).digest()}, current=1)


def _encode(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def _decode(token: str) -> bytes:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise BadLink("This link is not complete. Please open it again from the mail it came in.") from error
    # The last character carries spare bits; only the canonical spelling counts.
    if _encode(raw) != token:
        raise BadLink("This link is not complete. Please open it again from the mail it came in.")
    return raw
