"""What the sink writes down, and that it lives and dies as told."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sink import Script, read_record, running_sink
from tests.support.sink.letter import read_letter
from tests.support.sink.record import Recorder
from tests.support.sink.running import ROOT
from tests.support.sink.scanning import find_dot
from tests.support_tests.talking import LETTER, READER, talking


@pytest.mark.slow
@pytest.mark.parametrize("fast", [False, True])
def test_a_message_is_in_the_record_when_its_reply_comes(fast):
    with running_sink(fast=fast) as sink, talking(sink.port) as client:
        client.greet()
        for number in range(1, 200):
            assert client.deliver() == b"250"
            assert len(sink.accepted()) == number


@pytest.mark.slow
@pytest.mark.parametrize("fast", [False, True])
def test_a_sink_comes_back_on_its_port_and_goes_on_with_its_record(fast):
    with running_sink(Script(extensions=("CHUNKING",)), fast=fast, keep=True) as sink:
        port = sink.port
        with talking(port) as client:
            assert client.greet().deliver() == b"250"
            sink.stop()
            assert client.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            talking(port).__enter__()
        sink.start()
        with talking(port) as client:
            assert client.reply().startswith(b"220")
            assert b"CHUNKING" in client.ask(b"EHLO client.test")
            assert client.deliver() == b"250"
        assert sink.copies() == {"reader1@example.org": 2}
        assert sink.stats().messages == 2
        assert sink.letters() == [LETTER, LETTER]


def test_a_torn_line_counts_for_nothing_and_is_cut_off(tmp_path):
    path = tmp_path / "record"
    recorder = Recorder(path)
    recorder.add(LETTER, READER, b"bounce@example.org")
    recorder.flush()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-5])
    assert [each.recipient for each in read_record(path)] == ["reader1@example.org"]

    assert Recorder(path).messages == 1
    assert path.read_bytes() == whole


def test_a_record_that_was_never_written_is_empty(tmp_path):
    assert read_record(tmp_path / "record") == []


@pytest.mark.slow
def test_waiting_in_vain_is_told():
    with running_sink() as sink, pytest.raises(AssertionError, match="in vain"):
        sink.wait_for(lambda: sink.accepted(), within=0.05)


@pytest.mark.slow
def test_a_sink_dies_with_who_started_it():
    program = (
        "from tests.support.sink import running_sink\n"
        "with running_sink() as sink:\n    print(sink.port, flush=True)\n    input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connected:
            assert connected.recv(100).startswith(b"220")
            os.kill(starter.pid, signal.SIGKILL)
            assert connected.recv(100) == b""


@pytest.mark.slow
def test_stats_count_connections():
    with running_sink() as sink:
        with talking(sink.port) as first, talking(sink.port) as second:
            first.greet()
            second.greet()
            assert sink.stats().connections == 2
        sink.wait_for(lambda: sink.stats().connections == 0)
        stats = sink.stats()
        assert (stats.connections_ever, stats.connections_most, stats.commands) == (2, 2, {"EHLO": 2})
        assert stats.cpu_seconds > 0


LETTERS = {
    b"\r\nDear =\r\nreader1@example.org=\r\n!": READER,
    b"\r\nDear reader1@example.org, hello": READER,
    b"\r\n<mailto:reader1@example.org>": READER,
    b"\r\n?to=3Dreader1@example.org=20": READER,
    b"\r\nreader1=40example.org": READER,
    b"\r\nread=\r\ner1@example.org": READER,
    b"\r\nreader1@example.org. Yes": READER,
    b"\r\nareader1@example.org reader1@example.org": READER,
    b"\r\nareader1@example.org": b"areader1@example.org",
    b"\r\nreader1@example.organic": b"reader1@example.organic",
    b"\r\nreader2@example.org and nobody@example.org": b"reader2@example.org",
    b"To: reader1@example.org\r\n\r\nhello": b"",
    b"Subject: reader1@example.org": b"",
    b"\r\nto @all": b"",
}


@pytest.mark.parametrize("letter", LETTERS, ids=repr)
def test_the_address_in_a_body_is_found(letter):
    assert read_letter(letter, READER)[1] == LETTERS[letter]


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        (b"Message-ID: <1@a>\r\n\r\n", b"<1@a>"),
        (b"Subject: x\r\nMessage-ID: <1@a>\r\n\r\n", b"<1@a>"),
        (b"Subject: x\r\nmessage-id:\r\n <1@a>\r\n\r\n", b"<1@a>"),
        (b"Subject: x\r\n\r\nMessage-ID: <1@a>\r\n", b""),
        (b"X-Message-ID: <1@a>\r\n\r\n", b""),
        (b"", b""),
    ],
)
def test_the_message_id_is_found(letter, expected):
    assert read_letter(letter, READER)[0] == expected


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"\0", b"x"])).map(b"".join), st.integers(0, 5))
def test_a_dot_is_found_as_python_finds_it(data, start):
    start = min(start, len(data))
    assert find_dot(data, start) == data.find(b"\r\n.", start)
