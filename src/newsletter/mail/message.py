"""Headers as bytes, checked and folded by us (RFC 5322, 2047, 2369, 8058).

Python's own `email` package breaks long List-Unsubscribe headers into encoded words, which RFC 2047
forbids there; so each header is written here, by the rule that fits it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from newsletter.domain.addresses import MAX_ADDRESS
from newsletter.domain.errors import BadInput
from newsletter.domain.holes import Hole, HoleKind, Piece
from newsletter.mail.encoded_words import encoded_words

_ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_LINE = 78
_ENCODED_LINE = 76  # RFC 2047 section 2
_LONGEST_WORD = 450  # quoted it may double, and no line may have more than 998
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ADDRESS = re.compile(
    r"[^\s()<>\[\]:;,\"\\\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_ATOMS = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~ ]*", re.ASCII)
_TAME = re.compile(r"\w+(?: \w+)*", re.ASCII)  # most names: nothing to clean, to quote or to encode


@dataclass(frozen=True)
class Mailbox:
    """A name and an address, as in From."""

    name: str
    address: str


@dataclass(frozen=True)
class MailingList:
    """What a campaign says of itself as a list: a name, an id that never changes (RFC 2919), its archive.

    `feedback_id` tells Gmail's reports apart: three fields for what was sent, the last for who sends.
    """

    name: str
    list_id: str
    archive_url: str
    feedback_id: str


def campaign_headers(sender: Mailbox, subject: str, mailing_list: MailingList) -> Sequence[Piece]:
    """The headers of a campaign's letters; what differs per reader are holes."""
    return (
        Hole("date", HoleKind.HEADER),
        _address_line("From", sender.name, sender.address),
        Hole("to", HoleKind.HEADER),
        _text_line("Subject", subject),
        Hole("message_id", HoleKind.HEADER),
        _line("List-Id", f"{_phrase(mailing_list.name)} <{mailing_list.list_id}>"),
        Hole("list_unsubscribe", HoleKind.HEADER),
        _ONE_CLICK,
        _line("List-Archive", f"<{mailing_list.archive_url}>"),
        b"List-Post: NO\r\n",
        _line("Feedback-ID", mailing_list.feedback_id),
        b"Precedence: bulk\r\n",
        b"X-Auto-Response-Suppress: OOF, AutoReply\r\n",
    )


def notice_headers(sender: Mailbox) -> Sequence[Piece]:
    """The headers of a single mail to one person; its subject may differ as well."""
    return (
        Hole("date", HoleKind.HEADER),
        _address_line("From", sender.name, sender.address),
        Hole("to", HoleKind.HEADER),
        Hole("subject", HoleKind.HEADER),
        Hole("message_id", HoleKind.HEADER),
        b"Auto-Submitted: auto-generated\r\n",
        b"X-Auto-Response-Suppress: OOF, AutoReply\r\n",
    )


def discussion_headers(sender: Mailbox, name: str, list_id: str) -> Sequence[Piece]:
    """Those of a single mail about a discussion, which can be left like any list (RFC 8058)."""
    return (
        *notice_headers(sender),
        _line("List-Id", f"{_phrase(name)} <{list_id}>"),
        Hole("list_unsubscribe", HoleKind.HEADER),
        _ONE_CLICK,
    )


def reader_headers(to: Mailbox, message_id: str, now: datetime) -> Mapping[str, bytes]:
    """The header values every mail needs for its one reader."""
    return {
        "date": date_line(now),
        "to": to_line(to.name, to.address),
        "message_id": message_id_line(message_id),
    }


def date_line(now: datetime) -> bytes:
    """When the letter was written."""
    return _line("Date", format_datetime(now))


def to_line(name: str, address: str) -> bytes:
    """To whom it goes. Raises BadInput for an address that no header can hold."""
    return _address_line("To", name, address)


def subject_line(text: str) -> bytes:
    """What the letter is about, on one line whatever is in it."""
    return _text_line("Subject", text)


def message_id_line(message_id: str) -> bytes:
    """What the letter is known by."""
    return _line("Message-ID", f"<{message_id}>")


def list_unsubscribe(url: str, address: str = "") -> bytes:
    """The one-click header (RFC 8058): one https address, and one to write to where we can receive."""
    if not address:
        return f"List-Unsubscribe: <{url}>\r\n".encode()
    return f"List-Unsubscribe: <{url}>,\r\n <mailto:{address}?subject=unsubscribe>\r\n".encode()


def _address_line(header: str, name: str, address: str) -> bytes:
    if not _ADDRESS.fullmatch(address) or len(address.encode()) > MAX_ADDRESS:
        raise BadInput(
            f"The address for the header {header} is empty, longer than {MAX_ADDRESS} characters "
            "or holds what no address can have."
        )
    phrase = _phrase(name)
    return _line(header, f"{phrase} <{address}>" if phrase else address)


def _text_line(name: str, text: str) -> bytes:
    text = _clean(text)
    return _line(name, text if _is_plain(text) else encoded_words(text, _ENCODED_LINE - len(f"{name}: ")))


def _phrase(text: str) -> str:
    """A display name: plain, quoted, or encoded words outside any quotes (RFC 2047 section 5)."""
    if len(text) <= _LONGEST_WORD and _TAME.fullmatch(text):
        return text
    text = _clean(text)
    if not _is_plain(text):
        return encoded_words(text, _ENCODED_LINE - len("List-Id: "))
    if _ATOMS.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_plain(text: str) -> bool:
    """Whether text may stand as it is; what looks like an encoded word would be decoded by readers."""
    if not text.isascii() or "=?" in text:
        return False
    return len(text) <= _LONGEST_WORD or max(map(len, text.split(" "))) <= _LONGEST_WORD


def _clean(text: str) -> str:
    """No line breaks, controls or direction overrides: the end of a header is ours to say."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def _line(name: str, value: str) -> bytes:
    """One header, folded at spaces so that lines stay within their limit where they can."""
    limit = _ENCODED_LINE if "=?" in value else _LINE
    if len(name) + len(": ") + len(value) <= limit:
        return f"{name}: {value}\r\n".encode()
    lines = [f"{name}:"]
    for word in value.split(" "):
        if len(lines[-1]) + 1 + len(word) > limit and lines[-1].strip() not in {"", f"{name}:"}:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("utf-8") + b"\r\n"
