"""Conversations that break: each letter comes to its end, and nothing that may not be true is believed."""

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
    INVITES,
    NO_SUCH_USER,
    QUEUED,
    REFUSES,
    RESET,
    UNCERTAIN,
    UNTOUCHED,
    invited,
    let_in,
    lines,
)

GOODBYE = Outcome(Verdict.UNTOUCHED, Blame.RELAY, Reply(421, "", "closing"), Meaning.RELAY_BUSY)
NOT_YOU = Outcome(Verdict.UNTOUCHED, Blame.SENDER, Reply(550, "", "not you"), Meaning.SENDER_REFUSED)
WHOSE = UNCERTAIN._replace(reply=ACCEPTED.reply)
HUNG_UP = Ended("hung up before the letter began")
NO_WORD = Ended("hung up without a word on the letter")
END = Ended("")


def offered() -> Dialogue:
    dialogue = let_in()
    dialogue.offer(ANN)
    return dialogue


def sent(then: Envelope | None = BOB) -> Dialogue:
    """A body is out, and the letter behind it is offered."""
    dialogue = invited()
    dialogue.send_body([BODY], then)
    dialogue.outgoing()
    return dialogue


@pytest.mark.parametrize(
    ("said", "events"),
    [
        (["421 closing"], [Refused(GOODBYE), END]),
        (["250 ok", "421 closing"], [Refused(GOODBYE), END]),
        (["250 ok", "250 ok", "421 closing"], [Refused(GOODBYE), END]),
        (["250 ok", "550 5.1.1 no such user", "421 closing"], [Refused(NO_SUCH_USER), END]),
        (["550 not you", "421 closing"], [Refused(NOT_YOU), END]),
        (["250 ok", "550 5.1.1 no such user", "503 no", "421 closing"], [Refused(NO_SUCH_USER), END]),
        (["250 ok", "550 5.1.1 no such user", "354 go", "421 closing"], [Refused(NO_SUCH_USER), END]),
        (["250 ok", "250 ok", "354 go", "421 closing"], [Invited(), Refused(UNTOUCHED), END]),
    ],
    ids=["mail", "rcpt", "data", "data of a refused", "rcpt of a refused", "reset", "lone dot", "invited"],
)
def test_a_goodbye_leaves_a_letter_untouched_or_refused(said: list[str], events: list[Event]) -> None:
    dialogue = offered()

    assert dialogue.receive(lines(*said)) == events
    assert dialogue.outgoing() == b""
    assert not dialogue.waits


@pytest.mark.parametrize(
    ("said", "events"),
    [
        (["421 closing"], [Answered(GOODBYE), Refused(UNTOUCHED), END]),
        (["250 2.0.0 queued", "421 closing"], [Answered(ACCEPTED), Refused(GOODBYE), END]),
        (["250 2.0.0 queued", "250 ok", "421 closing"], [Answered(ACCEPTED), Refused(GOODBYE), END]),
        (
            ["250 2.0.0 queued", "250 ok", "250 ok", "421 closing"],
            [Answered(ACCEPTED), Refused(GOODBYE), END],
        ),
    ],
    ids=["dot", "mail", "rcpt", "data"],
)
def test_a_goodbye_behind_a_body_ends_both_letters(said: list[str], events: list[Event]) -> None:
    assert sent().receive(lines(*said)) == events


def test_a_goodbye_when_idle_is_no_trouble() -> None:
    assert let_in().receive(lines("421 idle too long")) == [END]


@pytest.mark.parametrize(
    ("said", "events"),
    [
        ([], [Refused(UNTOUCHED), HUNG_UP]),
        (["250 ok", "250 ok"], [Refused(UNTOUCHED), HUNG_UP]),
        (["550 not you"], [Refused(NOT_YOU), HUNG_UP]),
        (["250 ok", "550 5.1.1 no such user"], [Refused(NO_SUCH_USER), HUNG_UP]),
        (["250 ok", "550 5.1.1 no such user", "503 no"], [Refused(NO_SUCH_USER), HUNG_UP]),
        (["250 ok", "250 ok", "354 go"], [Invited(), Refused(UNTOUCHED), HUNG_UP]),
    ],
    ids=["before mail", "before data", "mail refused", "rcpt refused", "before reset", "invited"],
)
def test_what_was_read_before_a_relay_hung_up_is_kept(said: list[str], events: list[Event]) -> None:
    dialogue = offered()

    assert dialogue.receive(lines(*said)) + dialogue.closed() == events


@pytest.mark.parametrize(
    ("said", "events"),
    [
        ([], [Answered(UNCERTAIN), Refused(UNTOUCHED), NO_WORD]),
        (["250 2.0.0 queued"], [Answered(ACCEPTED), Refused(UNTOUCHED), HUNG_UP]),
        (["250 2.0.0 queued", "550 not you"], [Answered(ACCEPTED), Refused(NOT_YOU), HUNG_UP]),
    ],
    ids=["before the answer", "behind the answer", "behind the next refusal"],
)
def test_a_body_that_is_out_is_uncertain_until_it_is_answered(said: list[str], events: list[Event]) -> None:
    dialogue = sent()

    assert dialogue.receive(lines(*said)) + dialogue.closed() == events


@pytest.mark.parametrize("then", [None, BOB])
def test_a_body_that_is_partly_in_our_buffer_is_untouched_by_a_close(then: Envelope | None) -> None:
    events = sent(then).closed("did not answer", body_is_out=False)

    refused = [Refused(UNTOUCHED)] if then else []
    assert events == [Answered(UNTOUCHED), *refused, Ended("did not answer")]


@pytest.mark.parametrize(
    ("reply", "verdict", "trouble"),
    [
        ("552 5.3.4 too big", Verdict.PERMANENT, ""),
        ("451 4.3.0 full", Verdict.TEMPORARY, ""),
        ("421 4.3.2 closing", Verdict.UNTOUCHED, ""),
        ("250 2.0.0 queued", Verdict.UNTOUCHED, "answers a letter before its end: 250 2.0.0 queued"),
        ("354 go", Verdict.UNTOUCHED, "answers a letter before its end: 354 go"),
    ],
)
@pytest.mark.parametrize("then", [None, BOB], ids=["the last letter", "with another behind it"])
def test_an_answer_before_the_end_of_a_letter_ends_the_conversation(
    then: Envelope | None, reply: str, verdict: Verdict, trouble: str
) -> None:
    answered, *rest = sent(then).receive(lines(reply), body_is_out=False)

    assert isinstance(answered, Answered)
    assert (answered.outcome.verdict, str(answered.outcome.reply)) == (verdict, reply)
    assert rest == [*([Refused(UNTOUCHED)] if then else []), Ended(trouble)]


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        (["hello"], "does not speak SMTP: hello"),
        (["354 go"], "answers MAIL with 354 go"),
        (["250 ok", "354 go"], "answers RCPT with 354 go"),
        (["250 ok", "250 ok", "250 ok"], "answers DATA with 250 ok"),
        (["250 ok", "250 ok", "334 go"], "answers DATA with 334 go"),
        (["550 not you", "250 ok", "250 ok"], "answers DATA with 250 ok"),
        (["550 not you", "503 no", "503 no", "502 what?"], "cannot begin anew: 502 what?"),
        (["250 ok", "550 5.1.1 no such user", "503 no", "354 go"], "cannot begin anew: 354 go"),
        (["250 ok", "550 5.1.1 no such user", "what?"], "does not speak SMTP: what?"),
    ],
)
def test_of_a_relay_out_of_step_no_refusal_is_believed(said: list[str], trouble: str) -> None:
    dialogue = offered()

    assert dialogue.receive(lines(*said)) == [Refused(UNTOUCHED), Ended(trouble)]
    assert dialogue.outgoing() == b""
    assert dialogue.is_over


@pytest.mark.parametrize(
    ("said", "events"),
    [
        (["hello"], [Answered(UNCERTAIN), Refused(UNTOUCHED), Ended("does not speak SMTP: hello")]),
        (
            ["354 go"],
            [
                Answered(UNCERTAIN._replace(reply=Reply(354, "", "go"))),
                Refused(UNTOUCHED),
                Ended("answers a letter with 354 go"),
            ],
        ),
        (
            ["250 2.0.0 queued", "hello"],
            [Answered(WHOSE), Refused(UNTOUCHED), Ended("does not speak SMTP: hello")],
        ),
        (
            ["250 2.0.0 queued", "250 ok", "354 go"],
            [Answered(WHOSE), Refused(UNTOUCHED), Ended("answers RCPT with 354 go")],
        ),
        (
            ["250 2.0.0 queued", "250 ok", "550 no", "503 no", "503 no"],
            [Answered(WHOSE), Refused(UNTOUCHED), Ended("cannot begin anew: 503 no")],
        ),
    ],
    ids=["garbage", "354", "garbage behind the answer", "354 too early", "one refusal too many"],
)
def test_an_answer_in_front_of_what_does_not_fit_is_uncertain(said: list[str], events: list[Event]) -> None:
    assert sent().receive(lines(*said)) == events


@pytest.mark.parametrize("then", [None, BOB])
@pytest.mark.parametrize("line", ["250 ok", "354 go", "220 hi", "550 no"])
def test_a_relay_that_speaks_unasked_is_never_used_again(then: Envelope | None, line: str) -> None:
    dialogue = sent(then)
    dialogue.receive(QUEUED + (REFUSES + RESET if then else b""))
    assert dialogue.is_idle

    assert dialogue.receive(lines(line)) == [Ended(f"speaks without being asked: {line}")]
    assert (dialogue.is_idle, dialogue.is_over) == (False, True)


def test_a_letter_is_not_invited_any_more_when_the_relay_went_on_speaking() -> None:
    events = offered().receive(INVITES + lines("250 what?"))

    assert events == [Invited(), Refused(UNTOUCHED), Ended("speaks without being asked: 250 what?")]


@pytest.mark.parametrize("then", [None, BOB])
def test_a_relay_that_was_given_up_for_a_reason_says_which(then: Envelope | None) -> None:
    events = sent(then).closed("did not answer within 3 seconds")

    refused = [Refused(UNTOUCHED)] if then else []
    assert events == [Answered(UNCERTAIN), *refused, Ended("did not answer within 3 seconds")]


def test_what_a_relay_says_behind_its_end_is_not_heard() -> None:
    dialogue = sent()
    dialogue.receive(lines("421 closing", "250 ok"))

    assert dialogue.receive(QUEUED + INVITES) == dialogue.closed("late") == dialogue.events() == []


def test_a_line_without_end_is_given_up() -> None:
    dialogue = sent(None)

    heard = [event for _ in range(3000) for event in dialogue.receive(b"x")]

    assert heard == [Answered(UNCERTAIN), Ended("sends a line without end")]
