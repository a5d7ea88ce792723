"""The conversation with a relay: every answer becomes an outcome."""

import pytest

from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.mail.envelope import Envelope
from tests.mail.conftest import Play
from tests.mail.scripted_server import HANG_UP, SILENCE, Script
from tests.support.stack import wait_for

ENVELOPE = Envelope("paper@example.org", "ann@example.net")
BEYOND_ASCII = Envelope("paper@example.org", "josé@example.net")
MESSAGE = b"Subject: x\r\n\r\nHello\r\n"
LARGE = b"x" * 998 + b"\r\n"


def test_a_letter_is_accepted(play: Play) -> None:
    server, connection = play(Script())

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome == Outcome(Verdict.ACCEPTED, Blame.NOBODY, Reply(250, "2.0.0", "queued"))
    assert server.commands == [
        "EHLO sender.example",
        "MAIL FROM:<paper@example.org>",
        "RCPT TO:<ann@example.net>",
        "DATA",
    ]


def test_a_message_arrives_to_the_byte(play: Play) -> None:
    server, connection = play(Script())
    message = bytes(byte for byte in range(256) if byte not in b"\r\n.") + b"\r\n" + b"a.b =\r\n" * 5000

    connection.send(ENVELOPE, message)

    assert server.bodies == [message]


@pytest.mark.parametrize(
    ("step", "reply", "verdict", "blame"),
    [
        ("MAIL", "550 5.7.1 not you", Verdict.UNTOUCHED, Blame.SENDER),
        ("MAIL", "451 4.3.0 later", Verdict.UNTOUCHED, Blame.RELAY),
        ("MAIL", "421 4.3.2 closing", Verdict.UNTOUCHED, Blame.RELAY),
        ("RCPT", "550 5.1.1 no such user", Verdict.PERMANENT, Blame.RECIPIENT),
        ("RCPT", "450 4.2.1 busy", Verdict.TEMPORARY, Blame.RECIPIENT),
        ("RCPT", "552 5.2.2 mailbox full", Verdict.TEMPORARY, Blame.RECIPIENT),
        ("RCPT", "421 4.3.2 closing", Verdict.UNTOUCHED, Blame.RELAY),
        ("DATA", "554 5.6.0 no", Verdict.PERMANENT, Blame.MESSAGE),
        ("DATA", "451 4.3.0 later", Verdict.TEMPORARY, Blame.MESSAGE),
        ("DATA", "421 4.3.2 closing", Verdict.UNTOUCHED, Blame.RELAY),
        ("BODY", "250 2.0.0 queued", Verdict.ACCEPTED, Blame.NOBODY),
        ("BODY", "451 4.7.1 greylisted", Verdict.TEMPORARY, Blame.RECIPIENT),
        ("BODY", "554 5.7.1 spam", Verdict.PERMANENT, Blame.SENDER),
        ("BODY", "421 4.3.2 closing", Verdict.UNTOUCHED, Blame.RELAY),
        ("BODY", "354 go ahead", Verdict.UNCERTAIN, Blame.NOBODY),
    ],
)
def test_an_answer_becomes_an_outcome(
    play: Play, step: str, reply: str, verdict: Verdict, blame: Blame
) -> None:
    server, connection = play(Script({step: reply}))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert (outcome.verdict, outcome.blame, str(outcome.reply)) == (verdict, blame, reply)
    assert server.bodies == ([MESSAGE] if step == "BODY" else [])


def test_an_answer_of_many_lines_is_one(play: Play) -> None:
    _server, connection = play(Script({"RCPT": "550-5.1.1 No such user\r\n550 5.1.1 here  at all"}))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.reply == Reply(550, "5.1.1", "No such user 5.1.1 here at all")


def test_an_answer_cannot_paint_the_terminal(play: Play) -> None:
    _server, connection = play(Script({"RCPT": "550 5.1.1 \x1b[31mred\x07 \u202eno\u2028end"}))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert str(outcome.reply) == "550 5.1.1 [31mred no end"


def test_a_long_answer_is_cut(play: Play) -> None:
    _server, connection = play(Script({"RCPT": "\r\n".join(["550-" + "x" * 300] * 4 + ["550 end"])}))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.reply is not None
    assert len(outcome.reply.text) == 500


def test_a_relay_that_never_answers_the_final_dot_leaves_us_uncertain(play: Play) -> None:
    server, connection = play(Script({"BODY": HANG_UP}))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome == Outcome(Verdict.UNCERTAIN, Blame.NOBODY, None)
    assert server.bodies == [MESSAGE]


def test_a_relay_that_is_silent_after_the_final_dot_leaves_us_uncertain(play: Play) -> None:
    server, connection = play(Script({"BODY": [SILENCE, "250 queued"]}), reply_timeout=2)

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome == Outcome(Verdict.UNCERTAIN, Blame.NOBODY, None)
    wait_for(lambda: server.bodies == [MESSAGE])  # the server reads in its own time


def test_a_relay_that_hangs_up_inside_the_body_has_taken_nothing(play: Play) -> None:
    server, connection = play(Script(hang_up_inside_body=True))

    outcome = connection.send(ENVELOPE, LARGE * 32_000)

    assert outcome == Outcome(Verdict.UNTOUCHED, Blame.RELAY, None)
    assert server.bodies == []


def test_an_address_beyond_ascii_needs_a_relay_that_can(play: Play) -> None:
    server, connection = play(Script())

    outcome = connection.send(BEYOND_ASCII, MESSAGE)

    assert (outcome.verdict, outcome.blame) == (Verdict.PERMANENT, Blame.MESSAGE)
    assert str(outcome.reply).startswith("550 5.6.7 the relay cannot carry addresses beyond ASCII")
    assert "MAIL" not in server.verbs
    assert server.bodies == []


@pytest.mark.parametrize(
    "envelope", [BEYOND_ASCII, Envelope("zoë@example.org", "ann@example.net")], ids=["recipient", "sender"]
)
def test_an_address_beyond_ascii_is_said_as_it_is(play: Play, envelope: Envelope) -> None:
    server, connection = play(Script(extensions=["SMTPUTF8"]))

    outcome = connection.send(envelope, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.commands[1] == f"MAIL FROM:<{envelope.return_path}> SMTPUTF8"
    assert server.commands[2] == f"RCPT TO:<{envelope.recipient}>"


def test_only_an_address_beyond_ascii_asks_for_smtputf8(play: Play) -> None:
    server, connection = play(Script(extensions=["SMTPUTF8"]))

    connection.send(BEYOND_ASCII, MESSAGE)
    connection.send(ENVELOPE, MESSAGE)

    assert server.commands[4] == "MAIL FROM:<paper@example.org>"
