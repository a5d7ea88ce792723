"""Letters over a relay with PIPELINING: bytes in, events and bytes out."""

import pytest

from newsletter.domain.errors import BrokenPromise
from newsletter.domain.outcomes import Blame, Meaning, Outcome, Reply, Verdict
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.dialogue import Dialogue
from newsletter.mail.smtp.entry import Introduction
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Ready, Refused

ANN = Envelope("paper@example.org", "ann@example.net")
BOB = Envelope("paper@example.org", "bob@example.net")
BODY = b"Subject: x\r\n\r\nHello\r\n"
FOR_ANN = b"MAIL FROM:<paper@example.org>\r\nRCPT TO:<ann@example.net>\r\nDATA\r\n"
FOR_BOB = FOR_ANN.replace(b"ann", b"bob")

ACCEPTED = Outcome(Verdict.ACCEPTED, Blame.NOBODY, Reply(250, "2.0.0", "queued"))
UNCERTAIN = Outcome(Verdict.UNCERTAIN)
UNTOUCHED = Outcome(Verdict.UNTOUCHED, Blame.RELAY)
NO_SUCH_USER = Outcome(
    Verdict.PERMANENT, Blame.RECIPIENT, Reply(550, "5.1.1", "no such user"), Meaning.NO_MAILBOX
)


def lines(*said: str) -> bytes:
    """What a relay says."""
    return "".join(f"{line}\r\n" for line in said).encode()


INVITES = lines("250 2.1.0 fine", "250 2.1.5 fine", "354 go ahead")
QUEUED = lines("250 2.0.0 queued")
REFUSES = lines("250 2.1.0 fine", "550 5.1.1 no such user", "503 5.5.1 nobody to send to")
RESET = lines("250 2.0.0 reset")


def let_in(*extensions: str, pipelining: bool = True) -> Dialogue:
    """A dialogue whose relay waits for letters."""
    dialogue = Dialogue(Introduction("sender.example"))
    offered = [*extensions, "PIPELINING"] if pipelining else extensions
    said = ["220 relay.example", "250-relay.example", *(f"250-{each}" for each in offered), "250 HELP"]
    assert dialogue.receive(lines(*said)) == [Ready()]
    dialogue.outgoing()
    return dialogue


def invited(envelope: Envelope = ANN) -> Dialogue:
    """A dialogue whose relay waits for a body."""
    dialogue = let_in()
    dialogue.offer(envelope)
    assert dialogue.receive(INVITES) == [Invited()]
    dialogue.outgoing()
    return dialogue


def test_a_letter_is_asked_for_in_one_write() -> None:
    dialogue = let_in()

    dialogue.offer(ANN)

    assert dialogue.outgoing() == FOR_ANN
    assert dialogue.outgoing() == b""
    assert dialogue.events() == []
    assert (dialogue.waits, dialogue.is_idle, dialogue.is_over) == (True, False, False)


def test_a_body_ends_in_a_dot_and_is_answered() -> None:
    dialogue = invited()
    assert not dialogue.waits

    dialogue.send_body([BODY])

    assert dialogue.outgoing() == BODY + b".\r\n"
    assert dialogue.receive(QUEUED) == [Answered(ACCEPTED)]
    assert (dialogue.is_idle, dialogue.waits) == (True, False)


def test_a_body_and_the_letter_after_it_are_one_write() -> None:
    dialogue = invited()

    dialogue.send_body([BODY], BOB)

    assert dialogue.outgoing() == BODY + b".\r\n" + FOR_BOB


def test_an_answer_is_held_back_until_the_replies_behind_it_fit() -> None:
    dialogue = invited()
    dialogue.send_body([BODY], BOB)

    events = [dialogue.receive(line) for line in (QUEUED + INVITES).splitlines(keepends=True)]

    assert events == [[], [], [], [Answered(ACCEPTED), Invited()]]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 1000])
def test_replies_in_pieces_are_paired_with_their_commands(size: int) -> None:
    dialogue, heard = let_in(), list[Event]()
    dialogue.offer(ANN)
    for said, bodies in [(INVITES, 1), (QUEUED + INVITES, 1), (QUEUED + REFUSES, 0), (RESET, 0)]:
        for start in range(0, len(said), size):
            heard += dialogue.receive(said[start : start + size])
        for _ in range(bodies):
            dialogue.send_body([BODY], BOB)

    assert heard == [
        *(Invited(), Answered(ACCEPTED)),
        *(Invited(), Answered(ACCEPTED)),
        Refused(NO_SUCH_USER),
    ]
    assert dialogue.is_idle


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (["250 ok", "550 5.1.1 no such user", "503 what?"], NO_SUCH_USER),
        (["250 ok", "550-5.1.1 no such", "550 user", "554 what?"], NO_SUCH_USER),
        (["250 ok", "450 4.2.1 busy", "503 what?"], (Verdict.TEMPORARY, Blame.RECIPIENT, "450 4.2.1 busy")),
        (["250 ok", "552 5.2.2 full", "503 what?"], (Verdict.TEMPORARY, Blame.RECIPIENT, "552 5.2.2 full")),
        (["250 ok", "550 5.7.1 not you", "503 no"], (Verdict.PERMANENT, Blame.SENDER, "550 5.7.1 not you")),
        (["550 not you", "503 no", "503 no"], (Verdict.UNTOUCHED, Blame.SENDER, "550 not you")),
        (["451 later", "503 no", "503 no"], (Verdict.UNTOUCHED, Blame.RELAY, "451 later")),
        (["250 ok", "250 ok", "554 5.6.0 no"], (Verdict.PERMANENT, Blame.MESSAGE, "554 5.6.0 no")),
        (["250 ok", "251 ok", "451 later"], (Verdict.TEMPORARY, Blame.MESSAGE, "451 later")),
    ],
    ids=["rcpt", "rcpt in lines", "rcpt later", "552", "policy", "mail", "mail later", "data", "data later"],
)
def test_a_refusal_is_that_of_its_step(said: list[str], outcome: Outcome | tuple[str, str, str]) -> None:
    dialogue = let_in()
    dialogue.offer(ANN)

    (event,) = dialogue.receive(lines(*said) + RESET)

    assert isinstance(event, Refused)
    found = event.outcome
    assert outcome in {found, (found.verdict, found.blame, str(found.reply))}
    assert dialogue.is_idle


def test_a_refused_letter_is_taken_back_before_the_next() -> None:
    dialogue = let_in()
    dialogue.offer(ANN)
    dialogue.outgoing()

    assert dialogue.receive(REFUSES) == []
    assert dialogue.outgoing() == b"RSET\r\n"
    assert dialogue.receive(RESET) == [Refused(NO_SUCH_USER)]

    dialogue.offer(BOB)
    assert dialogue.outgoing() == FOR_BOB
    assert dialogue.receive(INVITES) == [Invited()]


@pytest.mark.parametrize("dot", ["554 5.5.1 nobody to send to", "250 2.0.0 sent to nobody"])
def test_a_body_to_nobody_is_a_lone_dot(dot: str) -> None:
    dialogue = invited()
    dialogue.send_body([BODY], BOB)
    dialogue.outgoing()

    assert dialogue.receive(QUEUED + lines("250 ok", "550 5.1.1 no such user", "354 go ahead")) == []
    assert dialogue.outgoing() == b".\r\n"
    assert dialogue.receive(lines(dot)) == []
    assert dialogue.outgoing() == b"RSET\r\n"
    assert dialogue.receive(RESET) == [Answered(ACCEPTED), Refused(NO_SUCH_USER)]

    dialogue.offer(ANN)
    assert dialogue.receive(INVITES) == [Invited()]


@pytest.mark.parametrize(
    ("reply", "verdict", "blame"),
    [
        ("250 2.0.0 queued", Verdict.ACCEPTED, Blame.NOBODY),
        ("299 odd but kind", Verdict.ACCEPTED, Blame.NOBODY),
        ("451 4.7.1 greylisted", Verdict.TEMPORARY, Blame.RECIPIENT),
        ("554 5.6.0 no", Verdict.PERMANENT, Blame.MESSAGE),
        ("554 5.7.1 spam", Verdict.PERMANENT, Blame.SENDER),
    ],
)
@pytest.mark.parametrize("then", [None, BOB], ids=["the last letter", "with another behind it"])
def test_an_answer_is_judged(then: Envelope | None, reply: str, verdict: Verdict, blame: Blame) -> None:
    dialogue = invited()
    dialogue.send_body([BODY], then)

    event = dialogue.receive(lines(reply) + (INVITES if then else b""))[0]

    assert isinstance(event, Answered)
    assert (event.outcome.verdict, event.outcome.blame, str(event.outcome.reply)) == (verdict, blame, reply)
    assert not dialogue.is_over


def test_a_goodbye_is_answered_and_ends_without_trouble() -> None:
    dialogue = let_in()

    dialogue.quit()

    assert dialogue.outgoing() == b"QUIT\r\n"
    assert dialogue.receive(lines("221 bye")) == [Ended("")]
    assert dialogue.receive(lines("250 what?")) == dialogue.closed() == []


def test_letters_that_nobody_asked_for_break_a_promise() -> None:
    dialogue = let_in()

    with pytest.raises(BrokenPromise):
        dialogue.send_body([BODY])
    dialogue.offer(ANN)
    with pytest.raises(BrokenPromise):
        dialogue.offer(BOB)
    assert dialogue.outgoing() == FOR_ANN
