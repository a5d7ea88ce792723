"""Letters over a relay without PIPELINING: one command at a time."""

import pytest

from newsletter.domain.outcomes import Blame, Meaning, Outcome, Reply, Verdict
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.dialogue import Dialogue
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Refused
from tests.mail.test_dialogue import (
    ACCEPTED,
    ANN,
    BOB,
    BODY,
    FOR_ANN,
    FOR_BOB,
    NO_SUCH_USER,
    QUEUED,
    UNCERTAIN,
    UNTOUCHED,
    let_in,
    lines,
)

GOODBYE = Outcome(Verdict.UNTOUCHED, Blame.RELAY, Reply(421, "", "closing"), Meaning.RELAY_BUSY)


def exchange(dialogue: Dialogue, *said: str) -> tuple[list[Event], list[bytes]]:
    """The events of a relay's replies, and what was said to it before each of them and at the end."""
    heard, told = list[Event](), [dialogue.outgoing()]
    for line in said:
        heard += dialogue.receive(lines(line))
        told.append(dialogue.outgoing())
    return heard, told


def invited(*extensions: str) -> Dialogue:
    dialogue = let_in(*extensions, pipelining=False)
    dialogue.offer(ANN)
    assert exchange(dialogue, "250 ok", "250 ok", "354 go")[0] == [Invited()]
    return dialogue


def test_each_command_waits_for_its_reply() -> None:
    dialogue = let_in(pipelining=False)
    dialogue.offer(ANN)

    heard, told = exchange(dialogue, "250 ok", "250 ok", "354 go")

    assert heard == [Invited()]
    assert told == [*FOR_ANN.splitlines(keepends=True), b""]


def test_the_letter_behind_a_body_is_offered_after_its_answer() -> None:
    dialogue = invited()

    dialogue.send_body([BODY], BOB)
    heard, told = exchange(dialogue, "250 2.0.0 queued", "250 ok", "250 ok", "354 go")

    assert heard == [Answered(ACCEPTED), Invited()]
    assert told == [BODY + b".\r\n", *FOR_BOB.splitlines(keepends=True), b""]


@pytest.mark.parametrize(
    ("said", "told", "outcome"),
    [
        (
            ["550 not you"],
            1,
            Outcome(Verdict.UNTOUCHED, Blame.SENDER, Reply(550, "", "not you"), Meaning.SENDER_REFUSED),
        ),
        (["250 ok", "550 5.1.1 no such user"], 2, NO_SUCH_USER),
        (
            ["250 ok", "250 ok", "451 later"],
            3,
            Outcome(Verdict.TEMPORARY, Blame.MESSAGE, Reply(451, "", "later"), Meaning.MESSAGE_LATER),
        ),
    ],
    ids=["mail", "rcpt", "data"],
)
def test_a_refusal_stops_a_letter_at_its_step(said: list[str], told: int, outcome: Outcome) -> None:
    dialogue = let_in(pipelining=False)
    dialogue.offer(ANN)

    heard, commands = exchange(dialogue, *said, "250 reset")

    assert heard == [Refused(outcome)]
    assert commands == [*FOR_ANN.splitlines(keepends=True)[:told], b"RSET\r\n", b""]
    dialogue.offer(BOB)
    assert exchange(dialogue, "250 ok", "250 ok", "354 go")[0] == [Invited()]


@pytest.mark.parametrize(
    ("said", "events"),
    [
        ([], [Answered(UNCERTAIN), Refused(UNTOUCHED), Ended("hung up without a word on the letter")]),
        (
            ["250 2.0.0 queued"],
            [Answered(ACCEPTED), Refused(UNTOUCHED), Ended("hung up before the letter began")],
        ),
        (["421 closing"], [Answered(GOODBYE), Refused(UNTOUCHED), Ended("")]),
        (
            ["354 what?"],
            [
                Answered(Outcome(Verdict.UNCERTAIN, reply=Reply(354, "", "what?"))),
                Refused(UNTOUCHED),
                Ended("answers a letter with 354 what?"),
            ],
        ),
        (
            ["250 2.0.0 queued", "421 closing"],
            [Answered(ACCEPTED), Refused(GOODBYE), Ended("")],
        ),
        (
            ["250 2.0.0 queued", "250 ok", "550 5.1.1 no such user"],
            [Answered(ACCEPTED), Refused(NO_SUCH_USER), Ended("hung up before the letter began")],
        ),
    ],
    ids=["silence", "answer", "goodbye", "nonsense", "goodbye to the next", "refusal of the next"],
)
def test_the_letter_behind_a_body_comes_to_its_end_when_the_relay_hangs_up(
    said: list[str], events: list[Event]
) -> None:
    dialogue = invited()
    dialogue.send_body([BODY], BOB)

    heard, _told = exchange(dialogue, *said)

    assert heard + dialogue.closed() == events


def test_a_letter_that_cannot_be_carried_is_refused_after_the_answer() -> None:
    dialogue = invited("SIZE 10")

    dialogue.send_body([BODY], Envelope("a@b.c", "d@e.f", 11))

    answered, refused = dialogue.receive(QUEUED)
    assert answered == Answered(ACCEPTED)
    assert isinstance(refused, Refused)
    assert refused.outcome.verdict is Verdict.PERMANENT
    assert dialogue.outgoing() == BODY + b".\r\n"
    assert dialogue.is_idle


def test_a_worn_out_connection_refuses_the_letter_behind_a_body() -> None:
    dialogue = invited("LIMITS MAILMAX=1")

    dialogue.send_body([BODY], BOB)

    assert dialogue.receive(QUEUED) == [Answered(ACCEPTED), Refused(UNTOUCHED)]
    assert dialogue.outgoing() == BODY + b".\r\n"
    assert not dialogue.is_over
