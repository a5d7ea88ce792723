"""The relaxed form of headers and bodies: what still reads the same when relays have refolded and trimmed.

RFC 6376 section 3.4. A letter is nearly in this form already and is signed once per reader, so the work
is left to searches for two bytes; a regular expression looks at every space and takes ten times as long.
"""

from collections.abc import Mapping, Sequence


def relaxed_headers(head: bytes) -> Mapping[bytes, Sequence[bytes]]:
    """The headers of a letter as they are signed (section 3.4.2): `name:value` without a line end.

    By name in lower case, each name's headers in the order they stand.
    """
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    headers: dict[bytes, list[bytes]] = {}
    for line in _single_spaced(unfolded).split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.strip(b" ").lower()
        headers.setdefault(name, []).append(name + b":" + value.strip(b" "))
    return headers


def relaxed_body(body: bytes) -> bytes:
    """The body of a letter as it is hashed (section 3.4.4).

    A last line that does not end is ended first, for so it travels (RFC 5321 section 4.1.1.4).
    """
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    body = _single_spaced(body).replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end else b""


def _single_spaced(text: bytes) -> bytes:
    """One space for every run of spaces and tabs; a run at the very end of the text may go."""
    first, *others = text.replace(b"\t", b" ").split(b"  ")
    return b" ".join([first, *filter(None, (part.lstrip(b" ") for part in others))])
