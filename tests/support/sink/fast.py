"""The fast path: the replies and the record of a conversation without rules, for little CPU."""

import asyncio
import re
from collections.abc import Callable
from typing import cast

from tests.support.sink.dialogue import BANNER, Dialogue
from tests.support.sink.inbox import unstuff
from tests.support.sink.scanning import find_dot
from tests.support.sink.script import Moment, bytes_of, text_of
from tests.support.sink.state import State

_OFFER = re.compile(rb"MAIL FROM:<([\w.=+@-]*)>\r\nRCPT TO:<([\w.=+@-]+)>\r\nDATA\r\n")
_GO_AHEAD = b"250 2.1.0 fine\r\n250 2.1.5 fine\r\n354 go ahead\r\n"
_TAKEN = b"250 2.0.0 taken\r\n"


class FastSink:
    """Lets all that arrives in one round of the loop share one write to the record, before any reply."""

    def __init__(self, state: State, soon: Callable[[Callable[[], None]], object]) -> None:
        self.state = state
        self._soon = soon
        self._replying: list[FastProtocol] = []

    def reply_soon(self, protocol: "FastProtocol") -> None:
        self._replying.append(protocol)
        if len(self._replying) == 1:
            self._soon(self._reply)

    def _reply(self) -> None:
        self.state.recorder.flush()
        replying, self._replying = self._replying, []
        for protocol in replying:
            protocol.write_replies()


class FastProtocol(asyncio.Protocol):
    """One connection. Positions are in what has arrived and was not understood yet."""

    def __init__(self, sink: FastSink) -> None:
        self._sink = sink
        self._dialogue = Dialogue(sink.state.script)
        self._add = sink.state.recorder.add
        self._rest = b""
        self._seen = 0
        self._stuffed = False
        self._in_body = False
        self._over = False
        self._offer: tuple[bytes, bytes] | None = None
        self._replies: list[bytes] = []
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._sink.state.connections.opened()
        self._transport.write(BANNER.encode() + b"\r\n")

    def connection_lost(self, _exc: Exception | None) -> None:
        self._sink.state.connections.closed()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at, after = -1, 0
        while after > at and not self._over:
            at = after
            after = self._take_body(data, at) if self._in_body else self._take_command(data, at)
        self._rest = data[after:]
        if self._replies:
            self._sink.reply_soon(self)

    def write_replies(self) -> None:
        if self._replies:
            self._sink.state.batches += 1
            self._transport.write(b"".join(self._replies))
            self._replies.clear()
        if self._over:
            self._transport.close()

    def _take_command(self, data: bytes, at: int) -> int:
        if self._dialogue.is_open_to_offers:
            offer = _OFFER.match(data, at)
            if offer is not None:
                self._offer = (offer[2], offer[1])
                self._replies.append(_GO_AHEAD)
                self._in_body = True
                return offer.end()
        end = data.find(b"\n", at)
        if end < 0:
            return at
        self._obey(text_of(data[at:end].removesuffix(b"\r")))
        return end + 1

    def _obey(self, line: str) -> None:
        turn = self._dialogue.hear(line)
        self._dialogue.settle(turn, turn.reply)
        self._replies.append(turn.reply.encode() + b"\r\n")
        self._in_body = turn.moment is Moment.DATA
        self._over = turn.reply.startswith(("221", "421"))

    def _take_body(self, data: bytes, at: int) -> int:
        if not self._seen and data.startswith(b".\r\n", at):
            return self._end_body(b"", at + 3)
        dot = find_dot(data, at + self._seen)
        while dot >= 0 and not data.startswith(b"\r\n", dot + 3):
            if len(data) < dot + 5:
                self._seen = dot - at
                return at
            self._stuffed = True
            dot = find_dot(data, dot + 3)
        if dot < 0:
            self._seen = max(0, len(data) - at - 2)
            return at
        return self._end_body(data[at : dot + 2], dot + 5)

    def _end_body(self, raw: bytes, after: int) -> int:
        if self._stuffed or raw.startswith(b"."):
            raw = unstuff(raw)
        if self._offer is not None:
            self._add(raw, *self._offer)
        else:
            return_path = bytes_of(self._dialogue.return_path or "")
            for recipient in self._dialogue.recipients:
                self._add(raw, bytes_of(recipient), return_path)
        self._replies.append(_TAKEN)
        self._offer = None
        self._seen, self._stuffed, self._in_body = 0, False, False
        self._dialogue.end_body()
        return after
