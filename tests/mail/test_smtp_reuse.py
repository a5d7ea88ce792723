"""One connection carries many letters, and begins anew when a conversation broke."""

import pytest

from newsletter.domain.outcomes import Verdict
from newsletter.mail.envelope import Envelope
from tests.mail.conftest import Play
from tests.mail.scripted_server import HANG_UP, Script

ENVELOPE = Envelope("paper@example.org", "ann@example.net")
MESSAGE = b"Subject: x\r\n\r\nHello\r\n"


def test_one_connection_carries_many_letters(play: Play) -> None:
    server, connection = play(Script())

    outcomes = [connection.send(ENVELOPE, b"%d\r\n" % number) for number in range(3)]

    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}
    assert server.bodies == [b"0\r\n", b"1\r\n", b"2\r\n"]
    assert server.connections == 1
    assert server.verbs.count("EHLO") == 1


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "550 no"),
        ("MAIL", "451 later"),
        ("RCPT", "550 no"),
        ("RCPT", "450 later"),
        ("DATA", "554 no"),
    ],
)
def test_a_refused_letter_is_taken_back_before_the_next(play: Play, step: str, reply: str) -> None:
    fine = {"MAIL": "250 fine", "RCPT": "250 fine", "DATA": "354 go"}[step]
    server, connection = play(Script({step: [reply, fine]}))

    connection.send(ENVELOPE, MESSAGE)
    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.connections == 1
    assert server.verbs.count("RSET") == 1
    assert server.verbs.index("RSET") < len(server.verbs) - 1 - server.verbs[::-1].index("MAIL")


@pytest.mark.parametrize("reply", ["421 4.4.2 idle too long", HANG_UP])
def test_a_relay_that_was_idle_too_long_is_asked_anew_at_once(play: Play, reply: str) -> None:
    server, connection = play(Script({"MAIL": ["250 fine", reply, "250 fine"]}))

    outcomes = [connection.send(ENVELOPE, body) for body in (b"first\r\n", b"second\r\n")]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert server.connections == 2
    assert server.bodies == [b"first\r\n", b"second\r\n"]


@pytest.mark.parametrize("body", ["354 odd", HANG_UP])
def test_a_letter_whose_body_left_is_never_sent_again_by_itself(play: Play, body: str) -> None:
    server, connection = play(Script({"BODY": ["250 fine", body]}))

    connection.send(ENVELOPE, b"first\r\n")
    connection.send(ENVELOPE, b"second\r\n")

    assert server.bodies == [b"first\r\n", b"second\r\n"]
    assert server.connections == 1


def test_a_relay_that_keeps_saying_goodbye_is_asked_twice_at_most(play: Play) -> None:
    server, connection = play(Script({"MAIL": ["250 fine", "421 closing"]}))

    connection.send(ENVELOPE, MESSAGE)
    outcome = connection.send(ENVELOPE, MESSAGE)

    assert (outcome.verdict, server.verbs.count("MAIL")) == (Verdict.UNTOUCHED, 3)


def test_a_relay_that_refuses_us_but_stays_is_not_asked_twice(play: Play) -> None:
    server, connection = play(Script({"MAIL": ["250 fine", "451 4.3.0 later", "250 fine"]}))

    connection.send(ENVELOPE, MESSAGE)
    outcome = connection.send(ENVELOPE, MESSAGE)

    assert (outcome.verdict, server.verbs.count("MAIL")) == (Verdict.UNTOUCHED, 2)


def test_a_relay_that_hangs_up_after_a_refusal_is_asked_anew(play: Play) -> None:
    server, connection = play(Script({"RCPT": ["550 5.1.1 no", "250 fine"], "RSET": HANG_UP}))

    outcomes = [connection.send(ENVELOPE, MESSAGE) for _ in range(2)]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.PERMANENT, Verdict.ACCEPTED]
    assert server.connections == 2


@pytest.mark.parametrize("reply", ["451 4.7.1 greylisted", "554 5.7.1 spam"])
def test_a_refused_body_leaves_the_connection_open(play: Play, reply: str) -> None:
    server, connection = play(Script({"BODY": [reply, "250 queued"]}))

    connection.send(ENVELOPE, MESSAGE)
    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.connections == 1


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "421 closing"),
        ("RCPT", "421 closing"),
        ("DATA", "421 closing"),
        ("BODY", "421 closing"),
        ("BODY", "354 odd"),
        ("BODY", HANG_UP),
    ],
)
def test_a_broken_conversation_is_begun_anew(play: Play, step: str, reply: str) -> None:
    fine = {"MAIL": "250 fine", "RCPT": "250 fine", "DATA": "354 go", "BODY": "250 queued"}[step]
    server, connection = play(Script({step: [reply, fine]}))

    connection.send(ENVELOPE, MESSAGE)
    outcome = connection.send(ENVELOPE, b"second\r\n")

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.connections == 2
    assert server.bodies[-1] == b"second\r\n"


def test_a_connection_that_was_dropped_opens_again(play: Play) -> None:
    server, connection = play(Script())

    connection.send(ENVELOPE, MESSAGE)
    connection.drop()
    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.connections == 2
    assert "QUIT" not in server.verbs


def test_a_connection_that_was_closed_said_goodbye_and_opens_again(play: Play) -> None:
    server, connection = play(Script())

    connection.send(ENVELOPE, MESSAGE)
    connection.close()
    connection.close()
    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.verbs.count("QUIT") == 1
    assert server.connections == 2


def test_a_connection_that_never_opened_closes_without_a_word(play: Play) -> None:
    server, connection = play(Script())

    connection.close()
    connection.drop()

    assert server.connections == 0


def test_a_relay_that_is_gone_can_be_closed(play: Play) -> None:
    server, connection = play(Script({"QUIT": HANG_UP}))
    connection.send(ENVELOPE, MESSAGE)

    connection.close()

    assert connection.send(ENVELOPE, MESSAGE).verdict is Verdict.ACCEPTED
    assert server.connections == 2
