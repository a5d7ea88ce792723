"""The headers of a letter, written by us and read back by Python."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import parseaddr

from newsletter.domain.holes import Hole
from newsletter.mail.message import Mailbox, MailingList, campaign_headers, list_unsubscribe, reader_headers

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
SENDER = Mailbox("The Paper", "paper@example.org")


def a_list(name: str, list_id: str) -> MailingList:
    """A list of that name."""
    return MailingList(name, list_id, "https://letters.example/s/letters", "post:section:letter:publication")


LIST = a_list("The Paper: Letters", "abc.def.example.org")

NAMES = [
    *("Date", "From", "To", "Subject", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("List-Archive", "List-Post", "Feedback-ID", "Precedence", "X-Auto-Response-Suppress"),
]


def headers(
    name: str = "Ann", subject: str = "A subject", sender: Mailbox = SENDER, mailing_list: MailingList = LIST
) -> bytes:
    """All headers of a campaign's letter, for a reader of that name."""
    values = {
        **reader_headers(Mailbox(name, "ann@example.net"), "1.2@example.org", NOW),
        "list_unsubscribe": list_unsubscribe("https://letters.example/u/token"),
    }
    pieces = campaign_headers(sender, subject, mailing_list)
    return b"".join(values[piece.name] if isinstance(piece, Hole) else piece for piece in pieces)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw + b"\r\nbody\r\n", policy=default_policy)
    assert isinstance(message, EmailMessage)
    return message


def shown_name(raw: bytes, header: str) -> str:
    """The display name as mail programs show it; Python's newer parser puts spaces between encoded words."""
    line = next(line for line in raw.replace(b"\r\n ", b" ").splitlines() if line.startswith(header.encode()))
    name, _address = parseaddr(line.decode().removeprefix(f"{header}: "))
    return str(make_header(decode_header(name)))
