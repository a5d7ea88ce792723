"""Headers of phrases and addresses, taken apart (RFC 5322 section 3.4); groups and comments are not ours."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from newsletter.domain.addresses import MAX_ADDRESS, MAX_LOCAL, parse_address
from newsletter.domain.errors import BadAddress
from newsletter.mail.lint.fields import Field
from newsletter.mail.lint.messages import Message

ADDRESS_HEADERS = ("From", "Sender", "Reply-To", "To", "Cc")

_LONGEST_DOMAIN = MAX_ADDRESS - 2  # beside the shortest local part and the @
_ATEXT = r"\w!#$%&'*+\-/=?^`{|}~\u0080-\U0010ffff"  # with what goes beyond ASCII (RFC 6532 section 3.2)
_DOT_ATOM = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*")
_ATOMS = re.compile(rf"[{_ATEXT} \t]*")
_CLOSED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_PIECES = re.compile(
    r'(?P<quoted>"[^"\\]*(?:\\.[^"\\]*)*"?)|(?P<angled><[^<>]*>?)|(?P<comma>,)|(?P<text>[^",<]+)'
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Form(StrEnum):
    """How a piece of a structured header is written."""

    QUOTED = "quoted"
    ANGLED = "angled"
    COMMA = "comma"
    TEXT = "text"


class Piece(NamedTuple):
    """A quoted string, something in angle brackets, a comma, or the text between."""

    form: Form
    text: str


class Entry(NamedTuple):
    """One mailbox of an address header: its phrase, and its address without brackets."""

    phrase: tuple[Piece, ...]
    address: str


def pieces(value: str) -> Iterator[Piece]:
    """Cut a value at its quotes, angle brackets and commas; what is never closed reaches to the end."""
    for found in _PIECES.finditer(value):
        yield Piece(Form(found.lastgroup or ""), found.group())


def address_fields(message: Message) -> Iterator[Field]:
    """The headers that hold addresses."""
    for name in ADDRESS_HEADERS:
        yield from message.whole.all(name)


def entries(value: str) -> Sequence[Entry] | None:
    """The mailboxes of an address header; None when it is no list of them."""
    found: list[Entry] = []
    waiting: list[Piece] = []
    for piece in [*pieces(value), Piece(Form.COMMA, ",")]:
        if piece.form is not Form.COMMA:
            waiting.append(piece)
            continue
        entry = _entry(waiting)
        if entry is None:
            return None
        found.append(entry)
        waiting = []
    return found


def is_phrase(phrase: Sequence[Piece]) -> bool:
    """Whether pieces are atoms and closed quoted strings, encoded words among the atoms."""
    return all(
        (piece.form is Form.TEXT and _ATOMS.fullmatch(piece.text))
        or (piece.form is Form.QUOTED and _CLOSED.fullmatch(piece.text))
        for piece in phrase
    )


def trouble_with_address(address: str) -> str:
    """What is wrong with the form of an address, or nothing; it is not named. Sizes are another matter."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "has no @"
    if _SURROGATE.search(address):
        return "is not UTF-8"
    if not _DOT_ATOM.fullmatch(local):
        return "has a part before its @ that is no row of atoms with dots between"
    if not domain.isascii():
        return "has a domain beyond ASCII; write it in A-labels"
    if len(domain) <= _LONGEST_DOMAIN and not _is_domain(domain):
        return "has no domain name behind its @"
    return ""


def size_trouble_with_address(address: str) -> str:
    """Which limit an address breaks (RFC 5321 section 4.5.3.1), or nothing."""
    raw = address.encode("utf-8", "surrogateescape")
    local = raw.rpartition(b"@")[0]
    if len(local) > MAX_LOCAL:
        return f"has {len(local):,} octets before its @; {MAX_LOCAL} are the limit"
    return f"has {len(raw):,} octets; {MAX_ADDRESS} are the limit" if len(raw) > MAX_ADDRESS else ""


def is_dot_atom(text: str) -> bool:
    """Whether text is a row of ASCII atoms with dots between (RFC 5322 section 3.2.3)."""
    return text.isascii() and _DOT_ATOM.fullmatch(text) is not None


def _entry(waiting: Sequence[Piece]) -> Entry | None:
    *phrase, last = [piece for piece in waiting if piece.text.strip(" \t")] or [Piece(Form.COMMA, ",")]
    if last.form is Form.ANGLED and last.text.endswith(">"):
        is_one = all(piece.form is not Form.ANGLED for piece in phrase)
        return Entry(tuple(phrase), last.text[1:-1]) if is_one else None
    bare = last.text.strip(" \t")
    if phrase or last.form is not Form.TEXT or " " in bare or "\t" in bare:
        return None
    return Entry((), bare)


def _is_domain(domain: str) -> bool:
    try:
        return parse_address(f"a@{domain}").domain == domain.lower()
    except BadAddress:
        return False
