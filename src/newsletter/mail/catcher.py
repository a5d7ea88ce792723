"""The mail catcher: an SMTP server that keeps every message and delivers none. For trying out only."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.domain.errors import BadSetting, NotFound


@dataclass(frozen=True)
class Caught:
    """One message in the catcher."""

    number: int
    at: str
    return_path: str
    recipients: Sequence[str]
    subject: str
    message_id: str
    offset: int
    size: int


class Spool:
    """Messages end to end in one file, and an index with a line for each; both only ever grow."""

    def __init__(self, folder: Path) -> None:
        self._messages = folder / "messages"
        self._index = folder / "index.jsonl"
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._messages.touch()
        self._index.touch()
        self._count = sum(1 for _ in self.all())

    def add(self, return_path: str, recipients: Sequence[str], raw: bytes) -> Caught:
        """Keep a message; it is in both files when this returns."""
        headers = BytesHeaderParser().parsebytes(raw)
        with self._lock, self._messages.open("ab") as messages, self._index.open("a") as index:
            self._count += 1
            caught = Caught(
                number=self._count,
                at=datetime.now(UTC).isoformat(),
                return_path=return_path,
                recipients=list(recipients),
                subject=_readable(str(headers.get("Subject", ""))),
                message_id=str(headers.get("Message-ID", "")).strip(),
                offset=messages.tell(),
                size=len(raw),
            )
            messages.write(raw)
            messages.flush()
            index.write(json.dumps(asdict(caught)) + "\n")
        return caught

    def all(self) -> Iterator[Caught]:
        """Every message, oldest first."""
        with self._index.open() as index:
            for line in index:
                try:
                    yield Caught(**json.loads(line))
                except ValueError:
                    continue  # a line torn by a crash

    def get(self, number: int) -> tuple[Caught, bytes]:
        """One message with its bytes. Raises NotFound."""
        for caught in self.all():
            if caught.number == number:
                with self._messages.open("rb") as messages:
                    messages.seek(caught.offset)
                    return caught, messages.read(caught.size)
        raise NotFound("There is no such message in the catcher.")


def _readable(subject: str) -> str:
    """A subject decoded as far as it can be: the catcher takes anything."""
    try:
        return str(make_header(decode_header(subject)))
    except (LookupError, ValueError, HeaderParseError):
        return subject


class _Keep:
    """Accepts everything."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        caught = self._spool.add(envelope.mail_from or "", envelope.rcpt_tos, raw)
        return f"250 2.0.0 caught as {caught.number}"


def start_catching(spool: Spool, host: str, port: int) -> Controller:
    """Listen in a thread. Raises BadSetting when the port is taken."""
    controller = Controller(_Keep(spool), hostname=host, port=port, enable_SMTPUTF8=True, ready_timeout=10)
    try:
        controller.start()
    except OSError as error:
        raise BadSetting(f"The catcher cannot listen on {host}:{port}: {error.strerror}.") from error
    return controller
