"""One line too many in a pipelined stream moves every reply behind it: whose answer is it then?

Everything a relay can say is tried, with a stray line at every place. What ends a conversation before the
replies behind an answer came (a 421, a close) leaves nothing to compare it with, and is left out here.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from newsletter.domain.outcomes import Blame, Verdict
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Refused
from tests.mail.test_dialogue import BOB, BODY, invited, lines

BODIES = ["250 2.0.0 body", "451 4.3.0 body", "554 5.6.0 body"]
LETTERS = [
    ["250 mail", "250 rcpt", "354 data"],
    ["250 mail", "250 rcpt", "451 data"],
    ["250 mail", "550 5.1.1 rcpt", "354 data"],
    ["250 mail", "550 5.1.1 rcpt", "503 data"],
    ["250 mail", "450 4.2.1 rcpt", "554 data"],
    ["550 5.1.1 mail", "503 rcpt", "503 data"],
    ["452 mail", "503 rcpt", "503 data"],
    ["452 mail", "503 rcpt", "354 data"],
]
STRAY = ["250 stray", "220 stray", "354 stray", "451 stray", "550 5.1.1 stray", "554 5.7.1 stray"]


def streams(stray: str, place: int) -> Iterator[list[str]]:
    """Every true stream of replies, with a stray line in it."""
    for body, letter in product(BODIES, LETTERS):
        said = [body, *letter]
        yield [*said[:place], stray, *said[place:]]


def hear(said: list[str]) -> list[Event]:
    """What is heard of a body and the letter behind it, and what the relay answers to what we say then."""
    dialogue = invited()
    dialogue.send_body([BODY], BOB)
    dialogue.outgoing()
    heard = list[Event]()
    for line in said:
        heard += dialogue.receive(lines(line))
    while commands := dialogue.outgoing().splitlines():
        heard += dialogue.receive(
            lines(*("250 reset" if line == b"RSET" else "554 dot" for line in commands))
        )
    return heard


def answer(events: list[Event]) -> str:
    """The verdict on the body, and on which words it was built."""
    (found,) = [event.outcome for event in events if isinstance(event, Answered)]
    return f"{found.verdict} {found.reply.text if found.reply else ''}"


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("stray", STRAY)
def test_a_stray_line_never_passes_for_the_answer_to_a_body(stray: str, place: int) -> None:
    for said in streams(stray, place):
        verdict, _space, words = answer(hear(said)).partition(" ")

        assert verdict == Verdict.UNCERTAIN or words.endswith("body"), said


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("stray", STRAY)
def test_a_stray_line_never_counts_against_a_recipient(stray: str, place: int) -> None:
    for said in streams(stray, place):
        refusals = [event.outcome for event in hear(said) if isinstance(event, Refused)]

        words = [found.reply.text for found in refusals if found.blame is Blame.RECIPIENT and found.reply]
        assert words in ([], ["rcpt"]), said


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("stray", STRAY)
def test_a_stray_line_ends_the_conversation(stray: str, place: int) -> None:
    for said in streams(stray, place):
        assert isinstance(hear(said)[-1], Ended), said


@pytest.mark.parametrize("letter", LETTERS, ids=" / ".join)
@pytest.mark.parametrize("body", BODIES)
def test_without_a_stray_line_every_word_counts(body: str, letter: list[str]) -> None:
    events = hear([body, *letter])

    assert answer(events).endswith("body")
    assert isinstance(events[-1], Refused | Invited)
