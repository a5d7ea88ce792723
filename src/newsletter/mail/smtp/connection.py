"""A dialogue on a real socket: asyncio moves the bytes, a listener hears the events."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.dialogue import Dialogue
from newsletter.mail.smtp.entry import Introduction
from newsletter.mail.smtp.events import Ended, Event, Invited, Ready, TlsWanted

_BIT = 64 * 1024
_NO_TLS_THERE = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
_BEGINNINGS = (TlsWanted, Ready, Invited)


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a connection and for a reply. Too short a wait for the last reply makes copies."""

    connect: float
    reply: float


@dataclass(frozen=True)
class Route:
    """How to reach a relay."""

    relay: RelayAddress
    ehlo_name: str
    timeouts: Timeouts

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Certificates are checked against what this machine trusts, and names against the relay's host."""
        return ssl.create_default_context()

    def trouble(self, what: str) -> RelayTrouble:
        """What is wrong, as a sentence that names the relay."""
        return RelayTrouble(f"The relay {self.relay} {what.rstrip('.')}.")


class Connection(asyncio.Protocol):
    """One open conversation. Make it by `open_connection`."""

    def __init__(self, route: Route, hear: Callable[[Event], None]) -> None:
        relay = route.relay
        self.dialogue = Dialogue(
            Introduction(route.ehlo_name, relay.security is Security.STARTTLS, relay.username, relay.password)
        )
        self.hear = hear
        self.is_silent = True
        """Whether the relay never said a word."""
        self._route = route
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._unwritten: deque[bytes] = deque()
        self._is_paused = False
        self._unheard: deque[Event] = deque()
        self._is_telling = False
        self._last_progress = self._loop.time()
        self._alarm = self._loop.call_later(route.timeouts.reply, self._look_at_the_clock)
        self._handshake: asyncio.Task[None] | None = None

    def offer(self, envelope: Envelope) -> None:
        """Offer a letter to the relay."""
        self.dialogue.offer(envelope)
        self._flush()
        self._tell(self.dialogue.events())

    def send_body(self, body: Sequence[bytes], then: Envelope | None = None) -> None:
        """Send the letter the relay waits for, and offer the next."""
        self.dialogue.send_body(body, then)
        self._flush(body)

    def quit(self) -> None:
        """Say goodbye; `Ended` follows."""
        self.dialogue.quit()
        self._flush()

    def drop(self, reason: str = "") -> None:
        """Hang up without a word; what waits in our buffer does not leave any more."""
        events = self.dialogue.closed(reason, body_is_out=not self._unwritten)
        self._hang_up()
        self._tell(events)

    def too_late(self, trouble: str) -> str:
        """What to say of a relay we have waited for in vain, with a guess at the cause where we have one."""
        if self.is_silent and self._route.relay.security is not Security.TLS:
            return f"{trouble}; it says nothing, as a port for TLS from the start would (465)"
        return trouble

    def next_words(self) -> bytes:
        """What the dialogue wants to have said."""
        return self.dialogue.outgoing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio; also for the TLS transport that takes over."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass of it
        # What the kernel does not take pauses us. Not high=0: over TLS an empty buffer would pause us too.
        self._transport.set_write_buffer_limits(high=1, low=0)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self.is_silent = False
        before = self.dialogue.replies
        events = self.dialogue.receive(data, body_is_out=not self._unwritten)
        if self.dialogue.replies != before:  # a reply that drips in byte by byte is no progress
            self._last_progress = self._loop.time()
        if self.dialogue.is_over:
            self._hang_up()
        if self.dialogue.has_words:
            self._flush()
        self._tell(events)

    def pause_writing(self) -> None:
        """Called by asyncio when our buffer holds bytes."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Called by asyncio when the kernel has taken them all."""
        self._is_paused = False
        self._last_progress = self._loop.time()
        self._write_on()

    def eof_received(self) -> None:
        """Called by asyncio: who says nothing more will not answer, so no more of the body shall leave."""
        self.drop()

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by asyncio."""
        self._alarm.cancel()
        self._tell(self.dialogue.closed(body_is_out=not self._unwritten))

    def _flush(self, body: Sequence[bytes] = ()) -> None:
        """Write what the dialogue says; a long body bit by bit: its dot waits here for room."""
        data = self.next_words()
        if not data:
            return
        self._last_progress = self._loop.time()
        if len(data) <= _BIT:
            self._unwritten.append(data)
        else:
            last = max(sum(map(len, body)) - 1, 0) // _BIT * _BIT
            self._unwritten.extend(data[start : start + _BIT] for start in range(0, last, _BIT))
            self._unwritten.append(data[last:])
        self._write_on()

    def _write_on(self) -> None:
        """As much as there is room for. A lost connection would swallow the rest, which then had not left."""
        transport = self._transport
        while (
            self._unwritten and not self._is_paused and transport is not None and not transport.is_closing()
        ):
            transport.write(self._unwritten.popleft())

    def _tell(self, events: list[Event]) -> None:
        """One after another, also when a listener acts while it hears."""
        self._unheard += events
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._unheard:
                event = self._unheard.popleft()
                if self.dialogue.is_over and isinstance(event, _BEGINNINGS):
                    continue  # nobody waits for us any more
                if isinstance(event, TlsWanted):
                    self._handshake = self._loop.create_task(self._start_tls())
                else:
                    self.hear(event)
        finally:
            self._is_telling = False

    async def _start_tls(self) -> None:
        assert self._transport is not None
        try:
            transport = await self._loop.start_tls(
                self._transport, self, self._route.tls, server_hostname=self._route.relay.host
            )
        except (ssl.SSLError, OSError) as error:
            self.drop(_tls_trouble(error))
            return
        if transport is None or self.dialogue.is_over:
            return  # closed meanwhile, and told
        self.connection_made(transport)
        self.dialogue.tls_started()
        self._flush()

    def _look_at_the_clock(self) -> None:
        """One lazy alarm a connection, instead of one a reply."""
        wait = self._route.timeouts.reply
        if self.dialogue.is_over:
            return
        idle = self._loop.time() - self._last_progress
        if self.dialogue.waits and idle >= wait:
            self.drop(self.too_late(f"did not answer within {wait:g} seconds"))
            return
        self._alarm = self._loop.call_later(max(wait - idle, wait / 10), self._look_at_the_clock)

    def _hang_up(self) -> None:
        self._alarm.cancel()
        self._unwritten.clear()
        if self._transport is not None:
            self._transport.abort()


Make = Callable[[Route, Callable[[Event], None]], Connection]


async def open_connection(route: Route, hear: Callable[[Event], None], make: Make = Connection) -> Connection:
    """Connect, introduce ourselves, sign in. Raises RelayTrouble when we are not let in."""
    entered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_entry(event: Event) -> None:
        if not entered.done():
            entered.set_result(event.trouble or "hung up" if isinstance(event, Ended) else "")

    connection = await _connect(route, lambda: make(route, on_entry))
    try:
        async with asyncio.timeout(route.timeouts.reply):
            trouble = await entered
    except TimeoutError:
        trouble = connection.too_late(f"did not let us in within {route.timeouts.reply:g} seconds")
        connection.drop()
    except BaseException:
        connection.drop()
        raise
    if trouble or connection.dialogue.is_over:
        raise route.trouble(trouble or "hung up")
    connection.hear = hear
    return connection


async def _connect(route: Route, make: Callable[[], Connection]) -> Connection:
    relay = route.relay
    try:
        async with asyncio.timeout(route.timeouts.connect):
            _transport, connection = await asyncio.get_running_loop().create_connection(
                make, relay.host, relay.port, ssl=route.tls if relay.security is Security.TLS else None
            )
    except TimeoutError as error:
        raise route.trouble(f"does not answer within {route.timeouts.connect:g} seconds") from error
    except ssl.SSLError as error:
        raise route.trouble(_tls_trouble(error)) from error
    except UnicodeError as error:
        raise route.trouble("has a name that cannot be used") from error
    except OSError as error:
        raise route.trouble(f"does not answer: {_reason(error)}") from error
    return connection


def _tls_trouble(error: OSError) -> str:
    reason = getattr(error, "reason", None) or _reason(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"fails at TLS: {reason}, {error.verify_message}"
    if reason in _NO_TLS_THERE:
        return f"fails at TLS: {reason}. It does not speak TLS from the start there; STARTTLS may be meant"
    return f"fails at TLS: {reason}"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")
