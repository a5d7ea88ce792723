"""The fast sink is the same sink."""

import asyncio
import smtplib
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sink import Copy, Script, Sink, read_record, running_sink
from tests.support.sink.fast import FastProtocol, FastSink
from tests.support.sink.rate import measure
from tests.support.sink.record import Recorder
from tests.support.sink.state import State
from tests.support_tests.talking import LETTER, OFFER, READER, talking

pytestmark = pytest.mark.slow

LINES = [
    OFFER % READER,
    OFFER % READER,
    OFFER % b"<odd>@example.org",
    OFFER % "jörg@example.org".encode(),
    b"MAIL FROM:<> SIZE=100\r\n",
    b"mail from: <a@example.org>\n",
    b"RCPT TO:<a@example.org>\r\n",
    b"RCPT TO:<b@example.org> NOTIFY=NEVER\r\n",
    b"DATA\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"EHLO again\r\n",
    b"AUTH PLAIN\r\n",
    b"\r\n",
    b"\xff\xfe\r\n",
    b"QUIT\r\n",
]
PIECES = [LETTER, b".", b"..", b"\r\n", b"\r", b"\n", b"\r\n.", b"\r\n..x", b"\0", b"\r\n\r\n", b"text"]
BODIES = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: b"".join(pieces) + b"\r\n.\r\n")
STREAMS = st.lists(st.sampled_from(LINES) | BODIES, max_size=12).map(
    lambda said: b"EHLO x\r\n" + b"".join(said) + b"\r\n.\r\nQUIT\r\n"
)


class Heard:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.data += data

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def scripted() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


def say_fast(stream: bytes, cuts: list[int]) -> tuple[bytes, list[Copy]]:
    """What the fast sink says and writes down when the stream comes in pieces."""
    places = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record"
        sink = FastSink(State(Script(), Recorder(path)), lambda reply: reply())
        protocol, heard = FastProtocol(sink), Heard()
        protocol.connection_made(cast("asyncio.BaseTransport", heard))
        for start, end in pairwise(places):
            if end > start and not heard.closed:
                protocol.data_received(stream[start:end])
        assert heard.closed
        return heard.data, read_record(path)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(STREAMS, st.lists(st.integers(0, 600), max_size=10))
def test_both_sinks_say_and_write_down_the_same_however_the_bytes_are_cut(scripted, stream, cuts):
    before = len(scripted.accepted())
    with talking(scripted.port) as client:
        client.send(stream)
        said = client.rest()
    assert say_fast(stream, cuts) == (said, scripted.accepted()[before:])


def test_a_stream_cut_into_bytes_is_the_same_stream():
    stream = b"EHLO x\r\n" + (OFFER % READER + LETTER + b"..\r\n.\r\n") * 3 + b"QUIT\r\n"
    said, copies = say_fast(stream, list(range(len(stream))))
    assert (said, copies) == say_fast(stream, [])
    assert [copy.length for copy in copies] == [len(LETTER) + 3] * 3


def test_the_fast_sink_takes_what_smtplib_sends():
    with running_sink(fast=True, keep=True) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail("bounce@example.org", ["a@example.org", "b@example.org"], LETTER + b".dot\r\n")
        assert sink.copies() == {"a@example.org": 1, "b@example.org": 1}
        assert sink.letters() == [LETTER + b".dot\r\n"] * 2


def test_the_rate_is_measured_with_the_size_that_was_asked_for():
    rate = measure(messages=500, size=3000, connections=4)
    assert rate.rate > 0
    assert rate.sink_cpu_us_per_message > 0
