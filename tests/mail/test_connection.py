"""Dialogues on real sockets: what has left, what has not, and when we stop waiting."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from newsletter.domain.outcomes import Verdict
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.smtp.connection import Connection, Route, Timeouts, open_connection
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Refused
from newsletter.mail.smtp.loops import new_event_loop
from tests.mail.test_dialogue import ACCEPTED, ANN, BOB, BODY, INVITES, QUEUED, UNCERTAIN, UNTOUCHED, lines
from tests.support.certificates import localhost_certificate

HUGE = (b"x" * 998 + b"\r\n") * 8000
"""More than any kernel keeps for a peer that does not read."""
END = b"\r\n.\r\n"
NO_WORD = Ended("hung up without a word on the letter")
EVERY_SECURITY = pytest.mark.parametrize("security", list(Security))

Run = Callable[[Coroutine[Any, Any, None]], None]


class Peer:
    """The relay's side of a connection; it reads little at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
    ) -> None:
        self.reader, self.writer, self._tls = reader, writer, tls

    async def say(self, data: bytes) -> None:
        if self.writer.is_closing():  # uvloop calls that a bug of ours, asyncio a lost connection
            raise ConnectionResetError
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, end: bytes) -> bytes:
        return await self.reader.readuntil(end)

    async def let_in(self, security: Security = Security.PLAIN, *offers: str) -> None:
        await self.say(lines("220 relay.example"))
        await self.hear(b"\r\n")
        if security is Security.STARTTLS:
            await self.say(lines("250-relay.example", "250 STARTTLS"))
            await self.hear(b"STARTTLS\r\n")
            await self.say(lines("220 go ahead"))
            await self.writer.start_tls(self._tls)
            await self.hear(b"\r\n")
        await self.say(lines("250-relay.example", *(f"250-{offer}" for offer in offers), "250 PIPELINING"))

    async def invite(self) -> None:
        await self.hear(b"DATA\r\n")
        await self.say(INVITES)

    async def read_all(self) -> bytes:
        """Whatever still comes until the connection is gone."""
        read = bytearray()
        with suppress(ConnectionError, ssl.SSLError):
            while piece := await self.reader.read(65536):
                read.extend(piece)
        return bytes(read)


Play = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def relay(
    play: Play, security: Security = Security.PLAIN, *, wait: float = 20, certificate: Path | None = None
) -> AsyncIterator[Route]:
    """The way to a relay that plays its part with who connects; at the end it has played it."""
    plays = set[asyncio.Task[Any] | None]()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plays.add(asyncio.current_task())
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await play(Peer(reader, writer, context))
        finally:
            writer.transport.abort()

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate or localhost_certificate())
    tls = context if security is Security.TLS else None
    async with await asyncio.start_server(accept, sock=listener, ssl=tls, limit=2048):
        address = RelayAddress("127.0.0.1", listener.getsockname()[1], security)
        try:
            yield Route(address, "sender.example", Timeouts(connect=20, reply=wait))
            await asyncio.gather(*filter(None, plays))
        finally:  # a test that fails shall not hang too
            for each in filter(None, plays):
                each.cancel()


class Ears:
    """Remembers what was heard."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self._changed = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.heard.append(event)
        self._changed.set()

    async def until(self, kind: type[Event]) -> list[Event]:
        while not any(isinstance(event, kind) for event in self.heard):
            self._changed.clear()
            await self._changed.wait()
        return self.heard


async def invited(route: Route) -> tuple[Connection, Ears]:
    """A connection whose relay waits for a body."""
    ears = Ears()
    connection = await open_connection(route, ears)
    connection.offer(ANN)
    await ears.until(Invited)
    ears.heard.clear()
    return connection, ears


@pytest.fixture(params=[new_event_loop, asyncio.new_event_loop], ids=["our loop", "asyncio's"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_certificate()))
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield lambda scenario: runner.run(asyncio.wait_for(scenario, timeout=60))


@EVERY_SECURITY
@pytest.mark.parametrize("how", ["politely", "abruptly"])
def test_a_body_that_left_and_was_not_answered_is_uncertain(run: Run, security: Security, how: str) -> None:
    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.invite()
        await peer.hear(END)
        if how == "politely":
            peer.writer.close()
            await peer.writer.wait_closed()

    async def scenario() -> None:
        async with relay(play, security) as route:
            connection, ears = await invited(route)
            connection.send_body([BODY], BOB)
            assert await ears.until(Ended) == [Answered(UNCERTAIN), Refused(UNTOUCHED), NO_WORD]

    run(scenario())


@EVERY_SECURITY
def test_a_relay_that_does_not_answer_is_given_up(run: Run, security: Security) -> None:
    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.invite()
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play, security, wait=2) as route:
            connection, ears = await invited(route)
            connection.send_body([BODY])
            ended = Ended("did not answer within 2 seconds")
            assert await ears.until(Ended) == [Answered(UNCERTAIN), ended]

    run(scenario())


@EVERY_SECURITY
def test_a_relay_that_reads_slowly_gets_every_byte(run: Run, security: Security) -> None:
    read = bytearray()

    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.invite()
        while not read.endswith(b"DATA\r\n"):
            read.extend(await peer.reader.read(1500))
        await peer.say(QUEUED + INVITES)
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play, security) as route:
            connection, ears = await invited(route)
            connection.send_body([HUGE], BOB)
            assert await ears.until(Invited) == [Answered(ACCEPTED), Invited()]
            connection.drop()

    run(scenario())
    assert read.removeprefix(HUGE).startswith(b".\r\nMAIL FROM:<paper@example.org>\r\nRCPT TO:<bob@")
    assert len(read) < len(HUGE) + 200


@EVERY_SECURITY
def test_a_body_that_is_dropped_half_written_leaves_nothing_in_doubt(run: Run, security: Security) -> None:
    dropped, read = asyncio.Event(), bytearray()

    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.invite()
        await dropped.wait()
        read.extend(await peer.read_all())

    async def scenario() -> None:
        async with relay(play, security) as route:
            connection, ears = await invited(route)
            connection.send_body([HUGE], BOB)
            connection.drop()
            dropped.set()
            assert ears.heard == [Answered(UNTOUCHED), Refused(UNTOUCHED), NO_WORD]

    run(scenario())
    assert END not in read


@EVERY_SECURITY
@pytest.mark.parametrize("how", ["closes", "says nothing more"])
def test_a_relay_that_hangs_up_inside_a_body_has_taken_nothing(
    run: Run, security: Security, how: str
) -> None:
    ended, read = asyncio.Event(), bytearray()

    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.invite()
        await peer.reader.readexactly(1000)
        if how == "says nothing more" and peer.writer.can_write_eof():
            peer.writer.write_eof()
            await ended.wait()
            read.extend(await peer.read_all())

    async def scenario() -> None:
        async with relay(play, security) as route:
            connection, ears = await invited(route)
            connection.send_body([HUGE], BOB)
            assert await ears.until(Ended) == [Answered(UNTOUCHED), Refused(UNTOUCHED), NO_WORD]
            ended.set()

    run(scenario())
    assert END not in read


class Torn:
    """A transport whose connection is lost as soon as it was given a part of a body."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        self._transport.write(data)
        if len(data) > 1000:
            self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Tearing(Connection):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.BaseTransport", Torn(transport)))


def test_what_a_lost_connection_swallows_has_not_left(run: Run) -> None:
    """Its transport takes whatever it is given, and never says that it has no room."""

    async def play(peer: Peer) -> None:
        await peer.let_in()
        await peer.invite()
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play) as route:
            ears = Ears()
            connection = await open_connection(route, ears, Tearing)
            connection.offer(ANN)
            await ears.until(Invited)
            ears.heard.clear()
            connection.send_body([HUGE], BOB)
            assert await ears.until(Ended) == [Answered(UNTOUCHED), Refused(UNTOUCHED), NO_WORD]

    run(scenario())


@EVERY_SECURITY
@pytest.mark.parametrize(
    ("reply", "verdict", "trouble"),
    [
        ("552 5.3.4 too big", Verdict.PERMANENT, ""),
        ("250 queued", Verdict.UNTOUCHED, "answers a letter before its end: 250 queued"),
    ],
)
def test_the_rest_of_a_letter_that_was_answered_early_does_not_leave(
    run: Run, security: Security, reply: str, verdict: Verdict, trouble: str
) -> None:
    read = bytearray()

    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.invite()
        await peer.reader.readexactly(1000)
        await peer.say(lines(reply))
        await answered.wait()
        read.extend(await peer.read_all())

    answered = asyncio.Event()

    async def scenario() -> None:
        async with relay(play, security) as route:
            connection, ears = await invited(route)
            connection.send_body([HUGE])
            first, second = await ears.until(Ended)
            answered.set()
            assert isinstance(first, Answered)
            assert (first.outcome.verdict, second) == (verdict, Ended(trouble))

    run(scenario())
    assert END not in read
