"""A scripted relay and connections to it, all closed when a test ends."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import pytest

from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.smtp import Connection, Timeouts
from tests.mail.scripted_server import Script, ScriptedServer, scripted_server


class Play(Protocol):
    """Starts a scripted server, and a connection to it that opens at its first letter."""

    def __call__(self, script: Script, reply_timeout: float = 20) -> tuple[ScriptedServer, Connection]: ...


@pytest.fixture
def relay_address(request: pytest.FixtureRequest) -> RelayAddress:
    """Plain and without a login, unless a test asks for another."""
    given: RelayAddress = getattr(request, "param", RelayAddress("127.0.0.1", 0, Security.PLAIN))
    return given


@pytest.fixture
def play(relay_address: RelayAddress) -> Iterator[Play]:
    with ExitStack() as stack:

        def start(script: Script, reply_timeout: float = 20) -> tuple[ScriptedServer, Connection]:
            server = stack.enter_context(scripted_server(script))
            relay = replace(relay_address, port=server.port)
            connection = Connection(relay, "sender.example", Timeouts(connect=200, reply=reply_timeout))
            stack.callback(connection.drop)
            return server, connection

        yield start
