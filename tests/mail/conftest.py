"""A scripted relay and connections to it, all closed when a test ends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.smtp import Connection, Timeouts
from tests.mail.scripted_server import Script, ScriptedServer, scripted_server

Play = Callable[[Script], tuple[ScriptedServer, Connection]]


@pytest.fixture
def relay_address() -> RelayAddress:
    return RelayAddress("127.0.0.1", 0, Security.PLAIN)


@pytest.fixture
def play(relay_address: RelayAddress) -> Iterator[Play]:
    """Start a scripted server, and a connection to it that opens at its first letter."""
    with ExitStack() as stack:

        def start(script: Script) -> tuple[ScriptedServer, Connection]:
            server = stack.enter_context(scripted_server(script))
            relay = replace(relay_address, port=server.port)
            connection = Connection(relay, "sender.example", Timeouts(connect=20, reply=20))
            stack.callback(connection.drop)
            return server, connection

        yield start
