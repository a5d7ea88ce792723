"""What all conversations of a sink share."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.sink.picking import Picker
from tests.support.sink.record import Recorder
from tests.support.sink.script import Script


@dataclass(frozen=True)
class Stats:
    """What a sink can tell of itself."""

    messages: int
    """In its record, also those of an earlier run."""
    connections: int
    """Open now."""
    connections_ever: int
    connections_most: int
    held: int
    """Replies that wait for `release`."""
    batches: int
    """Writes of replies, without banners: the round trips of a client."""
    commands: dict[str, int]
    cpu_seconds: float


@dataclass
class Connections:
    """How many there are, were, and were at most."""

    now: int = 0
    ever: int = 0
    most: int = 0

    def opened(self) -> None:
        self.now += 1
        self.ever += 1
        self.most = max(self.most, self.now)

    def closed(self) -> None:
        self.now -= 1


@dataclass
class State:
    """One sink."""

    script: Script
    recorder: Recorder
    connections: Connections = field(default_factory=Connections)
    commands: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    messages_begun: int = 0
    _held: set[asyncio.Future[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.picker = Picker(self.script)

    def play(self, script: Script) -> None:
        """Another script from now on, also for connections that are open."""
        self.script = script
        self.picker = Picker(script)

    @contextmanager
    def holding(self) -> Iterator[asyncio.Future[None]]:
        """Something to wait for, that `release` brings about."""
        released = asyncio.get_running_loop().create_future()
        self._held.add(released)
        try:
            yield released
        finally:
            self._held.discard(released)

    def release(self) -> None:
        """Let go of all that is held now."""
        while self._held:
            self._held.pop().set_result(None)

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.script.certificate)
        return context

    def stats(self) -> Stats:
        connections = self.connections
        return Stats(
            messages=self.recorder.messages,
            connections=connections.now,
            connections_ever=connections.ever,
            connections_most=connections.most,
            held=len(self._held),
            batches=self.batches,
            commands=dict(self.commands),
            cpu_seconds=time.process_time(),
        )
