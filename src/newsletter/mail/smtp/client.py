"""Single letters over one kept-open connection."""

import asyncio
from collections.abc import Callable

from newsletter.domain.errors import BrokenPromise
from newsletter.domain.outcomes import Outcome, Verdict
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.connection import Connection, Make, Route, open_connection
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Ready, Refused


class Client:
    """Sends single letters one after another; opens its connection when needed, and again after a break."""

    def __init__(self, route: Route, make: Make = Connection) -> None:
        self._route = route
        self._make = make
        self._connection: Connection | None = None
        self._waiting: asyncio.Future[Event] | None = None
        self._trouble = ""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    async def send(self, envelope: Envelope, message: bytes) -> Outcome:
        """Hand over one letter: CRLF lines, none beginning with a dot.

        Raises RelayTrouble: then no body can have left.
        """
        if self._connection is not None and self._connection.dialogue.is_idle:
            outcome = await self._send(self._connection, envelope, message)
            # Relays hang up on idle connections, politely or not; that is no trouble.
            if outcome is not None and not _is_goodbye(outcome):
                return outcome
        await self.open()
        assert self._connection is not None
        outcome = await self._send(self._connection, envelope, message)
        if outcome is None:
            raise self._route.trouble(self._trouble or "hung up before the letter began")
        return outcome

    async def open(self) -> None:
        """Begin a new conversation. Raises RelayTrouble."""
        await self.close()
        self._connection = await open_connection(self._route, self._hear, self._make)

    async def close(self) -> None:
        """Say goodbye if there is somebody to say it to."""
        if self._connection is not None and self._connection.dialogue.is_idle:
            self._waiting = asyncio.get_running_loop().create_future()
            self._connection.quit()
            await asyncio.wait([self._waiting], timeout=self._route.timeouts.connect)
        self.drop()

    def drop(self) -> None:
        """Hang up without a word."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.drop()

    async def _send(self, connection: Connection, envelope: Envelope, message: bytes) -> Outcome | None:
        """The outcome; None when the conversation ended before the letter began."""
        event = await self._next_event(lambda: connection.offer(envelope))
        if isinstance(event, Invited):
            if connection.dialogue.is_over:
                return None
            event = await self._next_event(lambda: connection.send_body([message]))
        if not isinstance(event, Refused | Answered):
            raise BrokenPromise(f"a letter ended in {event}")
        outcome = event.outcome
        hung_up = isinstance(event, Refused) and outcome.reply is None
        return None if hung_up else outcome

    async def _next_event(self, act: Callable[[], None]) -> Event:
        self._trouble = ""
        self._waiting = asyncio.get_running_loop().create_future()
        act()
        return await self._waiting

    def _hear(self, event: Event) -> None:
        if isinstance(event, Ended):
            self._trouble = event.trouble
        if self._waiting is not None and not self._waiting.done() and not isinstance(event, Ready):
            self._waiting.set_result(event)


def _is_goodbye(outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.UNTOUCHED and outcome.reply is not None and outcome.reply.code == 421
