"""Listening on a port, and what a test tells the sink while it runs."""

import asyncio
import json
import random
import socket
import sys
from dataclasses import asdict
from typing import Any

from tests.support.sink.conversation import Conversation
from tests.support.sink.fast import FastProtocol, FastSink
from tests.support.sink.script import Script
from tests.support.sink.state import State
from tests.support.sink.wire import Wire

_BACKLOG = 1024
_SLOW_WINDOW = 2048
# The system gives none of these to outgoing connections: a sink that is restarted finds its port free,
# and who tries to reach it in between is not connected to himself.
_PORTS = range(10_000, 30_000)


class Server:
    """One sink on one port of this machine."""

    def __init__(self, state: State, port: int) -> None:
        self._state = state
        self._listener = _listen(port)
        self._window = self._listener.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        self._conversations: set[asyncio.Task[None]] = set()
        self.port = int(self._listener.getsockname()[1])

    async def serve(self) -> None:
        """Talk with whoever comes, as the script says."""
        loop = asyncio.get_running_loop()
        self._open_window()
        while True:
            connected, _ = await loop.sock_accept(self._listener)
            connected.setblocking(False)
            conversation = asyncio.create_task(self._converse(connected))
            self._conversations.add(conversation)
            conversation.add_done_callback(self._conversations.discard)

    async def serve_fast(self) -> None:
        """Talk as fast as can be; there is no script then."""
        loop = asyncio.get_running_loop()
        sink = FastSink(self._state, loop.call_soon)
        server = await loop.create_server(lambda: FastProtocol(sink), sock=self._listener, backlog=_BACKLOG)
        await server.serve_forever()

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what a test wants; gives the answer."""
        if "play" in order:
            self._state.play(Script.from_json(order["play"]))
            self._open_window()
        elif "release" in order:
            self._state.release()
        return asdict(self._state.stats())

    def _open_window(self) -> None:
        # Connections inherit it; set on one that is open it would come too late.
        size = _SLOW_WINDOW if self._state.script.slow_reading else self._window
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    async def _converse(self, connected: socket.socket) -> None:
        self._state.connections.opened()
        try:
            await Conversation(Wire(connected), self._state).run()
        finally:
            self._state.connections.closed()


async def obey_orders(server: Server) -> None:
    """Read orders from standard input, one JSON a line, until it ends; answer on standard output."""
    reader = asyncio.StreamReader(limit=10_000_000)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(server.obey(json.loads(line))), flush=True)


def _listen(port: int) -> socket.socket:
    for candidate in [port] if port else random.sample(_PORTS, 50):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            trouble = error
        else:
            listener.setblocking(False)
            return listener
    raise trouble
