"""A scripted relay and connections to it, all closed when a test ends."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import pytest

from newsletter.domain.outcomes import Outcome
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.client import Client
from newsletter.mail.smtp.connection import Route, Timeouts
from newsletter.mail.smtp.loops import new_event_loop
from tests.mail.scripted_server import Script, ScriptedServer, scripted_server


class Letters:
    """A client on an event loop of its own."""

    def __init__(self, relay: RelayAddress, timeouts: Timeouts) -> None:
        self._runner = asyncio.Runner(loop_factory=new_event_loop)
        self._client = Client(Route(relay, "sender.example", timeouts))

    def send(self, envelope: Envelope, message: bytes) -> Outcome:
        return self._runner.run(self._client.send(envelope, message))

    def close(self) -> None:
        self._runner.run(self._client.close())

    def drop(self) -> None:
        self._client.drop()

    def end(self) -> None:
        self.drop()
        self._runner.close()


class Play(Protocol):
    """Starts a scripted server, and a client of it that connects at its first letter."""

    def __call__(self, script: Script, reply_timeout: float = 20) -> tuple[ScriptedServer, Letters]: ...


@pytest.fixture
def relay_address(request: pytest.FixtureRequest) -> RelayAddress:
    """Plain and without a login, unless a test asks for another."""
    given: RelayAddress = getattr(request, "param", RelayAddress("127.0.0.1", 0, Security.PLAIN))
    return given


@pytest.fixture
def play(relay_address: RelayAddress) -> Iterator[Play]:
    with ExitStack() as stack:

        def start(script: Script, reply_timeout: float = 20) -> tuple[ScriptedServer, Letters]:
            server = stack.enter_context(scripted_server(script))
            relay = replace(relay_address, port=server.port)
            letters = Letters(relay, Timeouts(connect=200, reply=reply_timeout))
            stack.callback(letters.end)
            return server, letters

        yield start
