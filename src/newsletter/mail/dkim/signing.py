"""The DKIM-Signature header of a letter (RFC 6376 sections 3.5, 3.7 and 5)."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence

from newsletter.domain.errors import BadSetting, BrokenPromise
from newsletter.mail.dkim.canonical import relaxed_body, relaxed_headers
from newsletter.mail.dkim.keys import DkimKey, KeyKind

_LINE = 78

# Signed once more than they occur, so that nobody adds another and passes it off as ours (section 8.15).
_CLOSED = (
    *(b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"mime-version"),
    *(b"content-type", b"list-unsubscribe", b"list-unsubscribe-post"),
)
_AS_THEY_OCCUR = (
    *(b"content-transfer-encoding", b"list-id", b"list-archive", b"feedback-id"),
    *(b"auto-submitted", b"precedence"),
)


class DkimSigner:
    """Signs with every key it has: RSA first, which all receivers know, then Ed25519.

    Raises BadSetting without an RSA key; to the big receivers the letters would be unsigned.
    """

    def __init__(self, keys: Sequence[DkimKey]) -> None:
        if all(key.kind is not KeyKind.RSA for key in keys):
            domains = ", ".join(sorted({key.domain for key in keys})) or "a domain"
            raise BadSetting(
                f"To sign for {domains} an RSA key is needed; many receivers know no other kind. "
                "Make one, and Ed25519 may stand beside it."
            )
        self._keys = sorted(keys, key=lambda key: key.kind is not KeyKind.RSA)

    def sign(self, letter: Sequence[bytes], now: int) -> bytes:
        """The headers to put before a letter: one per key, folded, each with its line end.

        The letter comes in any pieces, as it will be sent. `now` is in seconds since 1970.
        Raises BrokenPromise for what is no letter: one without From, or without an end of its headers.
        """
        head, blank_line, body = b"".join(letter).partition(b"\r\n\r\n")
        headers = relaxed_headers(head)
        if not blank_line or b"from" not in headers:
            raise BrokenPromise("a letter to be signed has From, and a blank line before its body")
        names, lines = _signed(headers)
        body_hash = b64encode(hashlib.sha256(relaxed_body(body)).digest())
        common = (b" t=%d;" % now, b" h=" + names[0], *names[1:], b" bh=" + body_hash + b";")
        return b"".join(_signature(key, common, lines) for key in self._keys)


def _signed(headers: Mapping[bytes, Sequence[bytes]]) -> tuple[list[bytes], list[bytes]]:
    """The parts of `h=`, and the headers they stand for: of one name the lowest first (section 5.4.2)."""
    names: list[bytes] = []
    lines: list[bytes] = []
    for name in (*_CLOSED, *_AS_THEY_OCCUR):
        found = headers.get(name, ())
        names += [name + b":"] * (len(found) + (name in _CLOSED))
        lines += reversed(found)
    names[-1] = names[-1].removesuffix(b":") + b";"
    return names, lines


def _signature(key: DkimKey, common: Iterable[bytes], lines: Iterable[bytes]) -> bytes:
    """One header; it is signed too, as if `b=` were empty and without its line end (section 3.7)."""
    tags = (
        b"DKIM-Signature: v=1;",
        b" a=%b-sha256;" % key.kind.encode(),
        b" c=relaxed/relaxed;",
        b" d=%b;" % key.domain.encode(),
        b" s=%b;" % key.selector.encode(),
    )
    unsigned = _folded((*tags, *common)) + b"\r\n b="
    (own_line,) = relaxed_headers(unsigned)[b"dkim-signature"]
    signature = b64encode(key.sign(b"\r\n".join((*lines, own_line))))
    width = _LINE - len(" b=")
    rows = (signature[at : at + width] for at in range(0, len(signature), width))
    return unsigned + b"\r\n ".join(rows) + b"\r\n"


def _folded(parts: Iterable[bytes]) -> bytes:
    """Parts in lines of at most 78 characters; a part that is longer has a line to itself."""
    rows = [b""]
    for part in parts:
        if len(rows[-1]) + len(part) > _LINE:
            rows.append(b" " + part.lstrip(b" "))
        else:
            rows[-1] += part
    return b"\r\n".join(rows)
