"""A relay that always says the same is read as a whole, and means the same as byte by byte."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.outcomes import Verdict
from newsletter.mail.smtp.dialogue import Dialogue
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited
from tests.mail.test_dialogue import ACCEPTED, BOB, BODY, INVITES, QUEUED, invited, lines

ANSWERS = [
    QUEUED,
    lines("250 2.0.0 queued as 4F000001"),
    lines("250"),
    lines("250-two", "250 lines"),
    lines("251 two", "250 replies"),
    lines("451 4.3.0 later"),
    lines("554 5.7.1 spam"),
    lines("354 what?"),
    lines("421 closing"),
    lines("250-torn", "251 reply"),
    b"250 queued\n",
    b"\r\n",
    b"250 " + b"x" * 3000 + b"\r\n",
    b"",
]
INVITATIONS = [
    INVITES,
    INVITES.replace(b"fine", b"good"),
    lines("250 2.1.0 fine", "550 5.1.1 no such user", "354 go ahead"),
    lines("250-2.1.0 fine", "250 2.1.0 fine", "250 2.1.5 fine", "354 go ahead"),
    lines("250", "250", "354"),
    INVITES + b"250 stray\r\n",
    INVITES + b"250-",
    INVITES[:-3],
]
SAID = st.lists(
    st.tuples(st.sampled_from(ANSWERS), st.sampled_from(INVITATIONS)).map(b"".join), min_size=1, max_size=6
)
USUAL = QUEUED + INVITES


def heard(chunks: Sequence[bytes], *, byte_by_byte: bool) -> tuple[list[Event], list[int]]:
    """What happens while each chunk answers a body behind which the next letter is offered."""
    dialogue = invited()
    events: list[Event] = []
    replies = []
    for chunk in chunks:
        dialogue.send_body([BODY], BOB)
        dialogue.outgoing()
        told = _received(dialogue, (bytes([each]) for each in chunk) if byte_by_byte else [chunk])
        events += told
        replies.append(dialogue.replies)
        if not told or not isinstance(told[-1], Invited):
            break
    return events, replies


def _received(dialogue: Dialogue, pieces: Iterable[bytes]) -> list[Event]:
    return [event for piece in pieces for event in dialogue.receive(piece)]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: repr(answer[:24]))
def test_after_the_usual_anything_may_come(answer: bytes) -> None:
    for invitation in INVITATIONS:
        chunks = [USUAL, answer + invitation, USUAL]
        assert heard(chunks, byte_by_byte=False) == heard(chunks, byte_by_byte=True)


@given(SAID)
def test_in_one_piece_it_means_what_it_means_byte_by_byte(said: list[bytes]) -> None:
    chunks = [USUAL, *said, USUAL]

    assert heard(chunks, byte_by_byte=False) == heard(chunks, byte_by_byte=True)


def test_each_letter_has_its_own_answer() -> None:
    events, _replies = heard([USUAL, lines("250 2.0.0 another") + INVITES, USUAL], byte_by_byte=False)

    assert [str(each.outcome.reply) for each in events if isinstance(each, Answered)] == [
        "250 2.0.0 queued",
        "250 2.0.0 another",
        "250 2.0.0 queued",
    ]


@pytest.mark.parametrize("too_much", [QUEUED + QUEUED, lines("250-a", "250 b", "250 c")])
def test_a_reply_too_many_is_found(too_much: bytes) -> None:
    events, _replies = heard([USUAL, too_much + INVITES], byte_by_byte=False)

    assert isinstance(events[-1], Ended)
    assert events[-1].trouble


def test_the_end_of_a_long_answer_is_no_part_of_the_usual() -> None:
    long, too_much = lines("250-two", "250 lines"), QUEUED + lines("250 lines")

    events, _replies = heard([long + INVITES, too_much + INVITES], byte_by_byte=False)

    assert isinstance(events[-1], Ended)
    assert events[-1].trouble


def test_an_answer_before_the_body_has_left_is_no_usual_one() -> None:
    dialogue = invited()
    for _ in range(2):
        dialogue.send_body([BODY], BOB)
        assert dialogue.receive(USUAL) == [Answered(ACCEPTED), Invited()]
    dialogue.send_body([BODY], BOB)

    answer = dialogue.receive(USUAL, body_is_out=False)[0]

    assert isinstance(answer, Answered)
    assert answer.outcome.verdict is Verdict.UNTOUCHED
