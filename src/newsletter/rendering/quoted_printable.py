"""Text to quoted-printable (RFC 2045 section 6.7), with one rule of ours: no line begins with a dot.

Where nothing needs encoding a line is copied as it is, which is nearly everywhere.
"""

import re

SOFT_BREAK = b"=\r\n"
"""A line end that readers take out again."""

LINE = 75
"""Characters of a line before its soft break."""

_PLAIN = re.compile(rb"(?:[ !-<>-~]*[!-<>-~])?")
_WRITTEN = [
    bytes([byte]) if byte in b" \t" or (33 <= byte <= 126 and byte != 61) else b"=%02X" % byte
    for byte in range(256)
]


def quote_text(text: str) -> bytes:
    """Encode lines of text; every line end becomes the one of mail."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_quote_line(line.encode("utf-8", "replace")) for line in lines)


def quote_value(text: str) -> bytes:
    """Encode one value that starts at column 0; what follows it stands behind a soft break."""
    raw = text.encode("utf-8", "replace")
    return _quote_line(raw) + SOFT_BREAK if raw else b""


def fold_plain(raw: bytes) -> bytes:
    """Fold a line in which nothing needs encoding."""
    folded = SOFT_BREAK.join([raw[start : start + LINE] for start in range(0, len(raw), LINE)])
    if folded.startswith(b".") or SOFT_BREAK + b"." in folded:
        return _fold([_WRITTEN[byte] for byte in raw])
    return folded


def _quote_line(raw: bytes) -> bytes:
    if _PLAIN.fullmatch(raw):
        return fold_plain(raw)
    written = [_WRITTEN[byte] for byte in raw]
    if raw.endswith((b" ", b"\t")):  # at the end of a line it would be lost on the way
        written[-1] = b"=%02X" % raw[-1]
    return _fold(written)


def _fold(written: list[bytes]) -> bytes:
    if written[0] == b".":
        written[0] = b"=2E"
    whole = b"".join(written)
    if len(whole) <= LINE:
        return whole
    out: list[bytes] = []
    column = 0
    for each in written:
        if column + len(each) > LINE:
            out.append(SOFT_BREAK)
            column = 0
        out.append(b"=2E" if each == b"." and column == 0 else each)
        column += len(out[-1])
    return b"".join(out)
