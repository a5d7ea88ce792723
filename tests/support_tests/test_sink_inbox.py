"""Lines and bodies come out of an inbox whole, however they went in."""

import asyncio
from itertools import pairwise
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from tests.support.sink.inbox import Inbox
from tests.support.sink.wire import Wire

PARTS = [b"text", b".", b"\r\n", b"\r\n.", b"\r", b"\n"]
BODIES = st.lists(st.sampled_from(PARTS), max_size=8).map(lambda parts: b"".join(parts) + b"\r\n")


class Pieces:
    """A wire that gives what it was told to."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self) -> bytes:
        return next(self._pieces)


def stuffed(body: bytes) -> bytes:
    lines = [b"." + line if line.startswith(b".") else line for line in body.split(b"\r\n")]
    return b"\r\n".join(lines)


async def take(pieces: list[bytes], number: int) -> list[bytes]:
    """So many bodies with a line before each."""
    inbox, taken = Inbox(cast("Wire", Pieces(pieces))), []
    for _ in range(number):
        while (line := inbox.line()) is None:
            await inbox.more()
        while (body := inbox.body()) is None:
            await inbox.more()
        taken += [line, body]
    return taken


@given(st.lists(BODIES, min_size=1, max_size=3), st.lists(st.integers(1, 100), max_size=10))
def test_lines_and_bodies_come_out_as_they_were_meant(bodies, cuts):
    stream = b"".join(b"DATA\r\n" + stuffed(body) + b".\r\n" for body in bodies)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in pairwise(places)]
    expected = [part for body in bodies for part in (b"DATA", body)]
    assert asyncio.run(take(pieces, len(bodies))) == expected
    single = [stream[at : at + 1] for at in range(len(stream))]
    assert asyncio.run(take(single, len(bodies))) == expected
