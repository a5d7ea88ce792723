"""A conversation to learn from: what a relay says, what it can do, and whether it lets us in."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.outcomes import Outcome
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.client import Client
from newsletter.mail.smtp.connection import Connection, Route
from newsletter.mail.smtp.events import Event
from newsletter.mail.smtp.extensions import Extensions

_HIDDEN = "…"
_LONGEST = 1_000


@dataclass(frozen=True)
class Protection:
    """How the conversation is protected, and until when the relay's certificate is good."""

    version: str
    cipher: str
    until: datetime | None


@dataclass
class Transcript:
    """What was said, line by line: `>` is ours, `<` theirs. No secret is in it, and no letter."""

    lines: list[str] = field(default_factory=list)
    _is_secret: bool = False
    _is_letter: bool = False

    def sent(self, data: bytes) -> None:
        """We said something."""
        if self._is_letter:
            self.lines.append(f"> (the letter, {len(data):,} bytes)")
            return
        for line in _text(data):
            if line.upper().startswith("AUTH "):
                self._is_secret = True
                self.lines.append(f"> {' '.join(line.split(' ')[:2])} {_HIDDEN}")
            else:
                self.lines.append(f"> {_HIDDEN if self._is_secret else line}")

    def received(self, data: bytes) -> None:
        """The relay said something."""
        for line in _text(data):
            self._is_letter = line.startswith("354")
            self._is_secret = self._is_secret and line.startswith("334")
            self.lines.append(f"< {line[:_LONGEST]}")


@dataclass(frozen=True)
class Probe:
    """What came of it. `trouble` says what is wrong; without any the relay let us in."""

    transcript: Transcript
    trouble: str = ""
    extensions: Extensions | None = None
    protection: Protection | None = None
    outcome: Outcome | None = None


async def probe(route: Route, envelope: Envelope | None = None, message: bytes = b"") -> Probe:
    """Talk to a relay; with an envelope, hand over that one letter."""
    transcript, heard = Transcript(), list[_Overheard]()

    def overhear(route: Route, hear: Callable[[Event], None]) -> Connection:
        heard.append(_Overheard(route, hear, transcript))
        return heard[-1]

    client = Client(route, overhear)
    try:
        await client.open()
        outcome = await client.send(envelope, message) if envelope is not None else None
        connection = heard[-1]
        found = Probe(transcript, "", connection.dialogue.extensions, connection.protection(), outcome)
    except RelayTrouble as trouble:
        found = Probe(transcript, str(trouble))
    await client.close()
    return found


class _Overheard(Connection):
    """A connection that keeps a transcript."""

    def __init__(self, route: Route, hear: Callable[[Event], None], transcript: Transcript) -> None:
        super().__init__(route, hear)
        self._transcript = transcript

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._transcript.received(data)
        super().data_received(data)

    def next_words(self) -> bytes:
        """What the dialogue wants to have said."""
        data = super().next_words()
        if data:
            self._transcript.sent(data)
        return data

    def protection(self) -> Protection | None:
        """How this conversation is protected; None when it is not."""
        found = self._transport.get_extra_info("ssl_object") if self._transport else None
        if found is None:
            return None
        until = (found.getpeercert() or {}).get("notAfter")
        seconds = ssl.cert_time_to_seconds(until) if until else None
        moment = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
        return Protection(found.version() or "", (found.cipher() or ("",))[0], moment)


def _text(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "backslashreplace").split("\r\n")
    return [line for line in lines if line]
