"""What a relay is told about a letter, and which letters it is never told about."""

import pytest

from newsletter.domain.errors import BadAddress
from newsletter.domain.outcomes import Blame, Verdict
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.events import Answered, Refused
from tests.mail.test_dialogue import ACCEPTED, ANN, BOB, BODY, INVITES, QUEUED, UNTOUCHED, let_in

JOSE = Envelope("paper@example.org", "josé@example.net")


@pytest.mark.parametrize(
    ("extensions", "envelope", "mail"),
    [
        ([], Envelope("a@b.c", "d@e.f", 99), "MAIL FROM:<a@b.c>"),
        (["SIZE"], Envelope("a@b.c", "d@e.f", 99), "MAIL FROM:<a@b.c> SIZE=99"),
        (["SIZE 99"], Envelope("a@b.c", "d@e.f", 99), "MAIL FROM:<a@b.c> SIZE=99"),
        (["SIZE 0"], Envelope("a@b.c", "d@e.f", 99), "MAIL FROM:<a@b.c> SIZE=99"),
        (["SIZE 9"], Envelope("a@b.c", "d@e.f"), "MAIL FROM:<a@b.c>"),
        (["8BITMIME", "SMTPUTF8"], Envelope("a@b.c", "d@e.f"), "MAIL FROM:<a@b.c>"),
        (["SMTPUTF8"], Envelope("é@b.c", "d@e.f"), "MAIL FROM:<é@b.c> SMTPUTF8"),
        (["8BITMIME", "SMTPUTF8"], Envelope("a@b.c", "é@e.f"), "MAIL FROM:<a@b.c> BODY=8BITMIME SMTPUTF8"),
        (["SIZE", "SMTPUTF8"], Envelope("a@b.c", "é@e.f", 99), "MAIL FROM:<a@b.c> SIZE=99 SMTPUTF8"),
        ([], Envelope("", "d@e.f"), "MAIL FROM:<>"),
    ],
)
def test_a_relay_is_told_what_it_understands(extensions: list[str], envelope: Envelope, mail: str) -> None:
    dialogue = let_in(*extensions)

    dialogue.offer(envelope)

    assert dialogue.outgoing().decode() == f"{mail}\r\nRCPT TO:<{envelope.recipient}>\r\nDATA\r\n"


CANNOT = [
    (["SIZE 98"], Envelope("a@b.c", "d@e.f", 99), "552 5.3.4 the letter has 99 bytes, the relay takes 98"),
    (["8BITMIME"], JOSE, "550 5.6.7 the relay cannot carry addresses beyond ASCII (no SMTPUTF8)"),
]


@pytest.mark.parametrize(("extensions", "envelope", "reply"), CANNOT, ids=["too big", "beyond ASCII"])
def test_a_letter_that_the_relay_cannot_carry_is_never_offered(
    extensions: list[str], envelope: Envelope, reply: str
) -> None:
    dialogue = let_in(*extensions)

    dialogue.offer(envelope)

    (event,) = dialogue.events()
    assert isinstance(event, Refused)
    assert (event.outcome.verdict, event.outcome.blame) == (Verdict.PERMANENT, Blame.MESSAGE)
    assert str(event.outcome.reply) == reply
    assert dialogue.outgoing() == b""
    assert dialogue.is_idle


@pytest.mark.parametrize(("extensions", "envelope", "reply"), CANNOT, ids=["too big", "beyond ASCII"])
def test_letters_end_in_the_order_in_which_they_were_offered(
    extensions: list[str], envelope: Envelope, reply: str
) -> None:
    dialogue = let_in(*extensions)
    dialogue.offer(ANN)
    dialogue.receive(INVITES)
    dialogue.outgoing()

    dialogue.send_body([BODY], envelope)

    assert dialogue.outgoing() == BODY + b".\r\n"
    first, second = dialogue.receive(QUEUED)
    assert first == Answered(ACCEPTED)
    assert isinstance(second, Refused)
    assert str(second.outcome.reply) == reply


def test_a_worn_out_connection_offers_nothing_more() -> None:
    dialogue = let_in("LIMITS MAILMAX=2")
    dialogue.offer(ANN)
    dialogue.receive(INVITES)
    dialogue.send_body([BODY], BOB)
    assert dialogue.is_worn_out
    dialogue.receive(QUEUED + INVITES)
    dialogue.outgoing()

    dialogue.send_body([BODY], ANN)
    assert dialogue.outgoing() == BODY + b".\r\n"
    assert dialogue.receive(QUEUED) == [Answered(ACCEPTED), Refused(UNTOUCHED)]

    dialogue.offer(ANN)
    assert dialogue.events() == [Refused(UNTOUCHED)]
    assert dialogue.outgoing() == b""


BAD = ["a\rb", "a\nb", "a\r\nRSET\r\n", "a\0b", "a\x7fb", "a\x85b", "a<b", "a>b", "a b", "a\tb", "a\u2028b"]


@pytest.mark.parametrize("bad", [*BAD, "a\ud800b", "a\u00a0b", "a> SIZE=1", "\x1b@b"], ids=ascii)
@pytest.mark.parametrize("side", ["sender", "recipient"])
def test_an_address_that_no_command_can_carry_makes_no_envelope(bad: str, side: str) -> None:
    with pytest.raises(BadAddress):
        Envelope(bad, "ann@example.net") if side == "sender" else Envelope("paper@example.org", bad)
