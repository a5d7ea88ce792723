"""What the sink says and does, seen from a plain socket."""

import asyncio
import smtplib
import socket
import time
from typing import Any

import pytest

from tests.support.sink import Do, Moment, Rule, Script, Sink, running_sink, text_of
from tests.support.sink.wire import Manner, Wire
from tests.support_tests.talking import LETTER, OFFER, READER, talking

pytestmark = pytest.mark.slow

ALL_MOMENTS = [
    Moment.CONNECT,
    Moment.EHLO,
    Moment.MAIL,
    Moment.RCPT,
    Moment.DATA,
    Moment.BODY_START,
    Moment.BODY_MIDDLE,
    Moment.DOT,
]


@pytest.fixture(scope="module")
def sink():
    with running_sink(keep=True) as sink:
        yield sink


def new_copies(sink: Sink, before: int) -> list[str]:
    return [each.recipient for each in sink.accepted()[before:]]


def everything(sink: Sink) -> bytes:
    """What a client hears that says a whole conversation at once."""
    with talking(sink.port) as client:
        client.send(b"EHLO x\r\n" + OFFER % READER + LETTER + b".\r\nQUIT\r\n")
        return client.rest()


def codes(replies: bytes) -> list[bytes]:
    return [line[:3] for line in replies.splitlines() if line[3:4] != b"-"]


def test_a_message_is_accepted_as_smtplib_sends_it(sink):
    sink.play(Script())
    before = len(sink.accepted())
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("bounce@example.org", READER.decode(), LETTER + b".a dot\r\n..\r\n.\r\n")

    copy = sink.accepted()[before]
    assert (copy.recipient, copy.message_id) == ("reader1@example.org", "<1@example.org>")
    assert (copy.body_address, copy.return_path) == ("reader1@example.org", "bounce@example.org")
    assert sink.letters()[before] == LETTER + b".a dot\r\n..\r\n.\r\n"
    assert copy.length == len(sink.letters()[before])


def test_commands_in_one_packet_are_answered_in_order_and_at_once(sink):
    sink.play(Script())
    with talking(sink.port) as client:
        client.greet()
        before = sink.stats().batches
        client.send(OFFER % READER)
        assert client.codes(3) == [b"250", b"250", b"354"]
        client.send(LETTER + b".\r\nRSET\r\nNOOP\r\n" + OFFER % b"second@example.org")
        assert client.codes(6) == [b"250", b"250", b"250", b"250", b"250", b"354"]
        assert sink.stats().batches == before + 2


def test_commands_out_of_order_are_refused(sink):
    sink.play(Script())
    with talking(sink.port) as client:
        client.reply()
        assert client.ask(b"MAIL FROM:<a@example.org>").startswith(b"503")
        assert client.ask(b"HELO client.test").startswith(b"250")
        assert client.ask(b"RCPT TO:<a@example.org>").startswith(b"503")
        assert client.ask(b"MAIL FROM:a@example.org").startswith(b"501")
        assert client.ask(b"MAIL FROM:<> SIZE=99999999999").startswith(b"552")
        assert client.ask(b"MAIL FROM:<> SIZE=100 BODY=8BITMIME").startswith(b"250")
        assert client.ask(b"DATA").startswith(b"503")
        assert client.ask(b"GARDEN").startswith(b"500")
        assert client.ask(b"QUIT").startswith(b"221")
        assert client.rest() == b""


def test_extensions_are_those_of_the_script(sink):
    sink.play(Script(extensions=("CHUNKING",)))
    with talking(sink.port) as client:
        client.reply()
        assert client.ask(b"EHLO client.test") == b"250-sink.test\r\n250 CHUNKING\r\n"
        sink.play(Script(extensions=()))
        assert client.ask(b"EHLO client.test") == b"250 sink.test\r\n"


@pytest.mark.parametrize("moment", ALL_MOMENTS)
def test_hanging_up_keeps_what_was_said_before_and_takes_no_message(sink, moment):
    sink.play(Script(rules=(Rule(moment, Do.CLOSE),)))
    before = len(sink.accepted())

    normally = [b"220", b"250", b"250", b"250", b"354"]
    assert codes(everything(sink)) == normally[: ALL_MOMENTS.index(moment)]
    assert new_copies(sink, before) == []


@pytest.mark.parametrize("moment", ALL_MOMENTS)
def test_a_reset_is_a_reset(sink, moment):
    sink.play(Script(rules=(Rule(moment, Do.RESET),)))
    before = len(sink.accepted())

    with pytest.raises(ConnectionError):
        everything(sink)
    assert new_copies(sink, before) == []


@pytest.mark.parametrize("moment", ALL_MOMENTS)
def test_silence_lasts_and_keeps_the_connection(sink, moment):
    sink.play(Script(rules=(Rule(moment, Do.SILENCE),)))
    before = len(sink.accepted())
    with talking(sink.port) as client:
        client.send(b"EHLO x\r\n" + OFFER % READER + LETTER + b".\r\nQUIT\r\n")
        client.codes(ALL_MOMENTS.index(moment) if moment not in ALL_MOMENTS[5:] else 5)
        assert client.hears_nothing()
        assert new_copies(sink, before) == []
    sink.wait_for(lambda: sink.stats().connections == 0)


def test_a_reply_can_end_in_its_middle(sink):
    sink.play(Script(rules=(Rule(Moment.MAIL, Do.CLOSE, "25"),)))
    assert everything(sink).endswith(b"SMTPUTF8\r\n25")


@pytest.mark.parametrize(
    "reply",
    ["550-no\r\n550 5.1.1 not here", "999 what", "hello", "550 " + "x" * 5000, text_of(b"550 \xff\xfe\x00")],
    ids=["of many lines", "wrong code", "no code", "long", "binary"],
)
def test_any_reply_can_be_said(sink, reply):
    sink.play(Script(rules=(Rule(Moment.DOT, Do.REPLY, reply),)))
    before = len(sink.accepted())

    assert reply.encode("utf-8", "surrogateescape") + b"\r\n221" in everything(sink)
    assert new_copies(sink, before) == []


def test_a_refused_recipient_gets_nothing(sink):
    sink.play(Script(rules=(Rule(Moment.RCPT, Do.REPLY, "550 5.1.1 no such user", address="^gone@"),)))
    before = len(sink.accepted())
    with talking(sink.port) as client:
        assert client.greet().offer(b"gone@example.org") == [b"250", b"550", b"554"]
        client.ask(b"RSET")
        assert client.deliver(b"here@example.org") == b"250"
    assert new_copies(sink, before) == ["here@example.org"]


def test_every_recipient_gets_a_copy(sink):
    sink.play(Script())
    before = len(sink.accepted())
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("bounce@example.org", ["a@example.org", "b@example.org"], LETTER)
    assert new_copies(sink, before) == ["a@example.org", "b@example.org"]


def test_a_goodbye_closes_the_connection(sink):
    sink.play(Script(rules=(Rule(Moment.RCPT, Do.REPLY, "421 4.3.2 going down"),)))
    assert codes(everything(sink)) == [b"220", b"250", b"250", b"421"]


def test_a_refusing_banner_is_said(sink):
    sink.play(Script(rules=(Rule(Moment.CONNECT, Do.REPLY, "554 5.3.2 not you"),)))
    assert codes(everything(sink))[0] == b"554"


def test_a_banner_can_have_no_end(sink):
    sink.play(Script(rules=(Rule(Moment.CONNECT, Do.FLOOD),)))
    with talking(sink.port) as client:
        assert client.read(1_000_000).startswith(b"220-and so on\r\n220-and so on\r\n")
    sink.wait_for(lambda: sink.stats().connections == 0)


def test_an_extra_reply_follows_the_normal_one(sink):
    sink.play(Script(rules=(Rule(Moment.RCPT, Do.EXTRA, "250 2.1.5 really"),)))
    assert codes(everything(sink)) == [b"220", b"250", b"250", b"250", b"250", b"354", b"250", b"221"]


def test_a_delayed_reply_is_the_normal_one(sink):
    sink.play(Script(rules=(Rule(Moment.DOT, Do.DELAY, seconds=0.2),)))
    before = time.monotonic()
    assert codes(everything(sink)) == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
    assert time.monotonic() - before >= 0.2


def test_latencies_change_no_reply(sink):
    sink.play(Script(latency=0.01, dot_latency=0.01))
    assert codes(everything(sink)) == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


def test_a_held_reply_comes_when_it_is_released_and_its_message_is_written_down_before(sink):
    sink.play(Script(rules=(Rule(Moment.DOT, Do.HOLD),)))
    before = len(sink.accepted())
    with talking(sink.port) as client:
        client.greet().offer()
        client.send(LETTER + b".\r\n" + OFFER % b"second@example.org")
        sink.wait_for(lambda: sink.stats().held == 1)
        assert new_copies(sink, before) == ["reader1@example.org"]
        assert client.hears_nothing()
        sink.release()
        assert client.codes(4) == [b"250", b"250", b"250", b"354"]


def test_replies_before_a_held_one_are_not_held(sink):
    sink.play(Script(rules=(Rule(Moment.DATA, Do.HOLD),)))
    with talking(sink.port) as client:
        client.greet().send(OFFER % READER)
        assert client.codes(2) == [b"250", b"250"]
        assert client.hears_nothing()
        sink.wait_for(lambda: sink.stats().held == 1)
        sink.release()
        assert client.codes(1) == [b"354"]


def test_a_held_reply_is_forgotten_when_its_client_leaves(sink):
    sink.play(Script(rules=(Rule(Moment.RCPT, Do.HOLD),)))
    with talking(sink.port) as client:
        client.greet().send(OFFER % READER)
        sink.wait_for(lambda: sink.stats().held == 1)
    sink.wait_for(lambda: sink.stats().held == 0)
    sink.wait_for(lambda: sink.stats().connections == 0)


def test_an_accepted_message_can_be_followed_by_a_hangup(sink):
    sink.play(Script(rules=(Rule(Moment.DOT, Do.ACCEPT_AND_CLOSE),)))
    before = len(sink.accepted())
    assert codes(everything(sink)) == [b"220", b"250", b"250", b"250", b"354"]
    assert new_copies(sink, before) == ["reader1@example.org"]


def test_an_accepted_message_can_be_followed_by_a_reset(sink):
    sink.play(Script(rules=(Rule(Moment.DOT, Do.ACCEPT_AND_RESET),)))
    before = len(sink.accepted())
    with pytest.raises(ConnectionError):
        everything(sink)
    assert new_copies(sink, before) == ["reader1@example.org"]


def test_an_accepted_message_can_be_followed_by_silence(sink):
    sink.play(Script(rules=(Rule(Moment.DOT, Do.ACCEPT_AND_SILENCE),)))
    before = len(sink.accepted())
    with talking(sink.port) as client:
        client.greet().offer()
        client.send(LETTER + b".\r\n")
        sink.wait_for(lambda: new_copies(sink, before) == ["reader1@example.org"])
        assert client.hears_nothing()


def test_accepting_belongs_to_the_dot():
    with pytest.raises(ValueError, match="is for dot"):
        Rule(Moment.RCPT, Do.ACCEPT_AND_CLOSE)


def test_replies_can_come_byte_by_byte(sink):
    sink.play(Script(byte_by_byte=True))
    with talking(sink.port) as client:
        client.send(b"EHLO x\r\nQUIT\r\n")
        assert codes(client.rest()) == [b"220", b"250", b"221"]


class Taker(socket.socket):
    """Takes all it is given, and remembers each time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[bytes] = []

    def send(self, data: Any, _flags: int = 0, /) -> int:
        self.taken.append(bytes(data))
        return len(self.taken[-1])


def test_byte_by_byte_is_one_write_for_each():
    """How many reads that makes is up to the other side: bytes that are read late come together."""

    async def say(to: socket.socket) -> None:
        wire = Wire(to)
        wire.manner = Manner(byte_by_byte=True)
        await wire.write(b"250 ok\r\n")

    with Taker() as taker:
        asyncio.run(say(taker))
    assert taker.taken == [b"2", b"5", b"0", b" ", b"o", b"k", b"\r", b"\n"]


def test_slow_reading_loses_nothing(sink):
    sink.play(Script(slow_reading=True))
    before = len(sink.accepted())
    with talking(sink.port) as client:
        client.greet().offer()
        client.send(LETTER + b"x" * 20_000 + b"\r\n.\r\n")
        assert client.codes(1) == [b"250"]
    assert sink.accepted()[before].length == len(LETTER) + 20_002


def test_who_sends_much_to_a_slow_reader_has_to_wait(sink):
    sink.play(Script(slow_reading=True))
    with talking(sink.port) as client:
        client.greet().offer()
        assert client.gets_stuck_sending(b"x" * 8_000_000)


def test_a_connection_can_end_after_some_messages(sink):
    sink.play(Script(messages_a_connection=2))
    with talking(sink.port) as client:
        client.greet()
        assert [client.deliver(), client.deliver(), client.ask(b"MAIL FROM:<>")[:3]] == [
            b"250",
            b"250",
            b"421",
        ]
        assert client.rest() == b""


def test_data_can_be_welcome_without_recipients(sink):
    sink.play(Script(lone_354=True, rules=(Rule(Moment.RCPT, Do.REPLY, "550 5.1.1 no", address="^gone@"),)))
    before = len(sink.accepted())
    with talking(sink.port) as client:
        assert client.greet().offer(b"gone@example.org") == [b"250", b"550", b"354"]
        assert client.ask(b".") == b"554 5.5.1 no valid recipients\r\n"
        assert client.deliver() == b"250"
    assert new_copies(sink, before) == ["reader1@example.org"]


def test_the_middle_of_a_body_is_where_the_script_says(sink):
    sink.play(Script(middle=200, rules=(Rule(Moment.BODY_MIDDLE, Do.REPLY, "421 4.3.2 going down"),)))
    with talking(sink.port) as client:
        client.greet().offer()
        client.send(b"x" * 199)
        assert client.hears_nothing()
        client.send(b"x")
        assert client.codes(1) == [b"421"]


def test_a_script_changes_for_open_connections(sink):
    sink.play(Script())
    with talking(sink.port) as client:
        assert client.greet().deliver() == b"250"
        sink.play(Script(rules=(Rule(Moment.MAIL, Do.REPLY, "452 4.3.1 full"),)))
        assert client.deliver() == b"452"
