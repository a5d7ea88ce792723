"""Text beyond ASCII in a header (RFC 2047), byte for byte as Python's `email.header` writes it, but sooner.

Every reader's name passes here, and in many languages hardly one of them is ASCII.
"""

import string
from base64 import b64encode
from collections.abc import Iterator

_AROUND = 12  # characters of =?utf-8?q??=
_AS_IS = string.ascii_letters + string.digits + "-!*+/"
_WRITTEN = [
    "_" if byte == 32 else chr(byte) if chr(byte) in _AS_IS else f"={byte:02X}" for byte in range(256)
]


def encoded_words(text: str, line: int) -> str:
    """Write text as encoded words for lines of that many characters, in the encoding that is shorter."""
    raw = text.encode("utf-8", "replace")
    quoted, based = _quoted(raw), _based(raw)
    if len(based) < len(quoted):
        kind, whole, encode = "b", based, _based
    else:
        kind, whole, encode = "q", quoted, _quoted
    if len(whole) <= line - _AROUND:
        return f"=?utf-8?{kind}?{whole}?="
    return " ".join(f"=?utf-8?{kind}?{encode(part)}?=" for part in _parts(raw.decode(), kind, line))


def _quoted(raw: bytes) -> str:
    return "".join([_WRITTEN[byte] for byte in raw])


def _based(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def _parts(text: str, kind: str, line: int) -> Iterator[bytes]:
    """Cut between characters, never within one; every line but the first begins with a space."""
    part, used, room = b"", 0, line - _AROUND
    for char in text:
        raw = char.encode()
        size = len(raw) if kind == "b" else len(_quoted(raw))
        if used + size > (room // 4 * 3 if kind == "b" else room):
            yield part
            part, used, room = b"", 0, line - _AROUND - 1
        part, used = part + raw, used + size
    yield part
