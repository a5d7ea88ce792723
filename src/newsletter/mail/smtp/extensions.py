"""What a relay says it can do, read from its answer to EHLO (RFC 5321 section 4.1.1.1)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Extensions:
    """The extensions we make use of; the defaults are those of a relay that offers none."""

    pipelining: bool = False
    starttls: bool = False
    eight_bit_mime: bool = False
    smtputf8: bool = False
    auth: frozenset[str] = frozenset()
    takes_size: bool = False
    size_limit: int = 0
    """Bytes a message may have; 0 means that the relay names no limit (RFC 1870)."""
    mail_limit: int = 0
    """Messages a connection may carry; 0 means that the relay names no limit (RFC 9422)."""


def read_extensions(lines: Sequence[str]) -> Extensions:
    """Read the lines of an EHLO reply behind its greeting; what we do not know is left alone."""
    offered: dict[str, list[str]] = {}
    for line in filter(None, lines):
        # Some old relays write AUTH=PLAIN; nobody else puts a sign there.
        name, *values = line.upper().replace("AUTH=", "AUTH ", 1).split()
        offered.setdefault(name, []).extend(values)
    limits = dict(value.partition("=")[::2] for value in offered.get("LIMITS", ()))
    return Extensions(
        pipelining="PIPELINING" in offered,
        starttls="STARTTLS" in offered,
        eight_bit_mime="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        auth=frozenset(offered.get("AUTH", ())),
        takes_size="SIZE" in offered,
        size_limit=_number("".join(offered.get("SIZE", ())[:1])),
        mail_limit=_number(limits.get("MAILMAX", "")),
    )


def _number(value: str) -> int:
    """A value as a number; a relay that writes nonsense there names no limit."""
    return int(value) if value.isascii() and value.isdigit() else 0
