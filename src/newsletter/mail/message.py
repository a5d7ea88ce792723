"""Headers as bytes, checked and folded by us (RFC 5322, 2047, 2369, 8058).

Python's own `email` package breaks long List-Unsubscribe headers into encoded words, which RFC 2047
forbids there; so each header is written here, by the rule that fits it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

from newsletter.domain.holes import Hole, HoleKind, Piece

_LINE = 78
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ATOMS = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~ ]*", re.ASCII)


@dataclass(frozen=True)
class Mailbox:
    """A name and an address, as in From."""

    name: str
    address: str


@dataclass(frozen=True)
class MailingList:
    """What a campaign says of itself as a list (RFC 2919): a readable name and an id that never changes."""

    name: str
    list_id: str


def campaign_headers(sender: Mailbox, subject: str, mailing_list: MailingList) -> Sequence[Piece]:
    """The headers of a campaign's letters; what differs per reader are holes."""
    return (
        Hole("date", HoleKind.HEADER),
        _address_line("From", sender),
        Hole("to", HoleKind.HEADER),
        _text_line("Subject", subject),
        Hole("message_id", HoleKind.HEADER),
        _line("List-Id", f"{_phrase(mailing_list.name)} <{mailing_list.list_id}>"),
        Hole("list_unsubscribe", HoleKind.HEADER),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        b"Precedence: bulk\r\n",
        b"X-Auto-Response-Suppress: OOF, AutoReply\r\n",
    )


def notice_headers(sender: Mailbox, subject: str) -> Sequence[Piece]:
    """The headers of a single mail that a person asked for."""
    return (
        Hole("date", HoleKind.HEADER),
        _address_line("From", sender),
        Hole("to", HoleKind.HEADER),
        _text_line("Subject", subject),
        Hole("message_id", HoleKind.HEADER),
        b"Auto-Submitted: auto-generated\r\n",
        b"X-Auto-Response-Suppress: OOF, AutoReply\r\n",
    )


def reader_headers(to: Mailbox, message_id: str, now: datetime) -> Mapping[str, bytes]:
    """The header values every mail needs for its one reader."""
    return {
        "date": _line("Date", format_datetime(now)),
        "to": _address_line("To", to),
        "message_id": _line("Message-ID", f"<{message_id}>"),
    }


def list_unsubscribe(url: str) -> bytes:
    """The one-click header (RFC 8058): one https address, never folded inside."""
    return _line("List-Unsubscribe", f"<{url}>")


def _address_line(name: str, mailbox: Mailbox) -> bytes:
    phrase = _phrase(mailbox.name)
    return _line(name, f"{phrase} <{mailbox.address}>" if phrase else mailbox.address)


def _text_line(name: str, text: str) -> bytes:
    text = _clean(text)
    return _line(name, text if _is_plain(text) else _encoded_words(text, len(name) + 2))


def _phrase(text: str) -> str:
    """A display name: plain, quoted, or encoded words outside any quotes (RFC 2047 section 5)."""
    text = _clean(text)
    if not _is_plain(text):
        return _encoded_words(text, len("List-Id: "))
    if _ATOMS.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_plain(text: str) -> bool:
    """Whether text may stand as it is; what looks like an encoded word would be decoded by readers."""
    return text.isascii() and "=?" not in text


def _encoded_words(text: str, used: int) -> str:
    encoded = Header(text.encode("utf-8", "replace").decode(), "utf-8", maxlinelen=_LINE - used)
    return encoded.encode(linesep="\n").replace("\n", "")


def _clean(text: str) -> str:
    """No line breaks, controls or direction overrides: the end of a header is ours to say."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def _line(name: str, value: str) -> bytes:
    """One header, folded at spaces so that lines stay within 78 characters where they can."""
    lines = [f"{name}:"]
    for word in value.split(" "):
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1].strip() not in {"", f"{name}:"}:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("utf-8") + b"\r\n"
