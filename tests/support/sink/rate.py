"""`python -m tests.support.sink.rate`: how fast the sink is, told by a client that only sends bytes."""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass
from typing import cast

from tests.support.sink.loops import new_loop
from tests.support.sink.running import running_sink

_RETURN_PATH = b"bounce@example.org"
_RECIPIENT = b"reader1@example.org"
_OFFER = b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % (_RETURN_PATH, _RECIPIENT)
_REPLIES_A_LETTER = 4


@dataclass
class Work:
    """What all connections send together."""

    letter: bytes
    left: int
    done: asyncio.Future[None]
    open: int

    def take(self) -> tuple[bytes, int] | None:
        """The next letter to send, and how many lines will answer it."""
        self.left -= 1
        return (self.letter, _REPLIES_A_LETTER) if self.left >= 0 else None

    def leave(self) -> None:
        self.open -= 1
        if not self.open:
            self.done.set_result(None)


class Client(asyncio.Protocol):
    """One connection: a letter and the offer of the next one in one write, then the four replies."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._expected = 1
        self._steps = iter([(b"HELO client.test\r\n", 1), (_OFFER, 3)])
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._work.leave()

    def data_received(self, data: bytes) -> None:
        self._expected -= data.count(b"\r\n")
        if self._expected:
            return
        step = next(self._steps, None) or self._work.take()
        if step is None:
            self._transport.abort()
        else:
            said, self._expected = step
            self._transport.write(said)


@dataclass(frozen=True)
class Rate:
    """What was measured."""

    rate: float
    sink_cpu_us_per_message: float
    client_cpu_us_per_message: float
    sink_cpu_share: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.sink.rate", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=15_000)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    print(json.dumps(vars(measure(options.messages, options.size, options.connections))))


def measure(messages: int, size: int, connections: int) -> Rate:
    with running_sink(fast=True) as sink:
        before, cpu, start = sink.stats().cpu_seconds, time.process_time(), time.monotonic()
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_send(sink.port, messages, size, connections))
        seconds, cpu = time.monotonic() - start, time.process_time() - cpu
        stats = sink.stats()
        assert stats.messages == messages, stats
    return Rate(
        rate=round(messages / seconds, 1),
        sink_cpu_us_per_message=round((stats.cpu_seconds - before) / messages * 1e6, 2),
        client_cpu_us_per_message=round(cpu / messages * 1e6, 2),
        sink_cpu_share=round((stats.cpu_seconds - before) / seconds, 3),
    )


async def _send(port: int, messages: int, size: int, connections: int) -> None:
    loop = asyncio.get_running_loop()
    work = Work(_letter(size) + b".\r\n" + _OFFER, messages, loop.create_future(), connections)
    for _ in range(connections):
        await loop.create_connection(lambda: Client(work), "127.0.0.1", port)
    await work.done


def _letter(size: int) -> bytes:
    """A letter of about this size, as quoted-printable makes it, with its reader's address at its foot."""
    head = b"From: News <news@example.org>\r\nTo: <%b>\r\nMessage-ID: <1@example.org>\r\n" % _RECIPIENT
    head += b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    foot = b'<p style=3D"margin:0">This letter went to =\r\n%b=\r\n, who asked for it.</p>\r\n' % _RECIPIENT
    line = b'<p style=3D"margin:0">Some words of a letter. And some more of them, and more=\r\n'
    return head + line * max(0, (size - len(head) - len(foot)) // len(line)) + foot


if __name__ == "__main__":
    main()
