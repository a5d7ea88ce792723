"""Whose fault a refusal is: the table of steps and codes."""

import pytest

from newsletter.domain.outcomes import (
    Blame,
    Outcome,
    Reply,
    Step,
    Verdict,
    nobody_knows,
    read_reply,
)
from newsletter.domain.refusals import judge

RELAY = (Verdict.UNTOUCHED, Blame.RELAY)
SENDER = (Verdict.UNTOUCHED, Blame.SENDER)
LATER = (Verdict.TEMPORARY, Blame.RECIPIENT)
NEVER = (Verdict.PERMANENT, Blame.RECIPIENT)
LETTER_LATER = (Verdict.TEMPORARY, Blame.MESSAGE)
LETTER_NEVER = (Verdict.PERMANENT, Blame.MESSAGE)
TAKEN = (Verdict.ACCEPTED, Blame.NOBODY)
UNKNOWN = (Verdict.UNCERTAIN, Blame.NOBODY)

Judgement = tuple[Verdict, Blame]

TABLE: dict[Step, dict[int, Judgement]] = {
    Step.MAIL: {
        421: RELAY,
        450: RELAY,
        451: RELAY,
        452: RELAY,
        500: RELAY,
        550: SENDER,
        552: SENDER,
        554: SENDER,
        599: SENDER,
    },
    Step.RCPT: {
        421: RELAY,
        400: LATER,
        450: LATER,
        451: LATER,
        452: LATER,
        552: LATER,
        **dict.fromkeys([500, 501, 502, 503, 504, 530, 534, 535, 538], RELAY),
        550: NEVER,
        551: NEVER,
        553: NEVER,
        554: NEVER,
    },
    Step.DATA: {
        421: RELAY,
        503: RELAY,
        450: LETTER_LATER,
        451: LETTER_LATER,
        552: LETTER_NEVER,
        554: LETTER_NEVER,
    },
    Step.BODY: {
        200: TAKEN,
        250: TAKEN,
        299: TAKEN,
        400: LETTER_LATER,
        421: RELAY,
        450: LETTER_LATER,
        451: LETTER_LATER,
        452: LETTER_LATER,
        499: LETTER_LATER,
        500: LETTER_NEVER,
        552: LETTER_NEVER,
        554: LETTER_NEVER,
        599: LETTER_NEVER,
        100: UNKNOWN,
        354: UNKNOWN,
        -1: UNKNOWN,
    },
}
CASES = [(step, code, expected) for step, codes in TABLE.items() for code, expected in codes.items()]


@pytest.mark.parametrize(
    ("step", "code", "expected"), CASES, ids=[f"{step}-{code}" for step, code, _expected in CASES]
)
def test_an_answer_is_judged_by_its_step_and_its_code(step: Step, code: int, expected: Judgement) -> None:
    outcome = judge(step, Reply(code))

    assert (outcome.verdict, outcome.blame) == expected


@pytest.mark.parametrize("step", Step)
def test_a_judgement_keeps_the_reply_it_was_made_from(step: Step) -> None:
    reply = Reply(550, "5.1.1", "no such user")

    assert judge(step, reply).reply == reply


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.RCPT])
def test_only_an_answer_to_the_recipient_can_blame_the_recipient(step: Step) -> None:
    blamed = {judge(step, Reply(code)).blame for code in range(200, 600)}

    assert Blame.RECIPIENT not in blamed


def test_only_the_answer_to_the_body_can_accept_a_letter() -> None:
    verdicts = {
        judge(step, Reply(code)).verdict for step in Step if step is not Step.BODY for code in range(200, 600)
    }

    assert Verdict.ACCEPTED not in verdicts
    assert Verdict.UNCERTAIN not in verdicts


def test_only_a_goodbye_in_answer_to_the_body_leaves_a_letter_untouched() -> None:
    verdicts = {code: judge(Step.BODY, Reply(code)).verdict for code in range(200, 600)}

    assert [code for code, verdict in verdicts.items() if verdict is Verdict.UNTOUCHED] == [421]


def test_without_an_answer_nobody_knows() -> None:
    assert nobody_knows() == Outcome(Verdict.UNCERTAIN, Blame.NOBODY, None)


@pytest.mark.parametrize(
    ("text", "enhanced", "rest"),
    [
        ("5.1.1 no such user", "5.1.1", "no such user"),
        ("4.2.2   mailbox full", "4.2.2", "mailbox full"),
        ("2.0.0", "2.0.0", ""),
        ("5.7.123 policy", "5.7.123", "policy"),
        ("5.123.1 odd", "5.123.1", "odd"),
        ("no such user", "", "no such user"),
        ("", "", ""),
        ("5.1 too short", "", "5.1 too short"),
        ("5.1.1.1 too long", "", "5.1.1.1 too long"),
        ("5.1.1234 too many digits", "", "5.1.1234 too many digits"),
        ("3.1.1 no such class", "", "3.1.1 no such class"),
        ("see 5.1.1 there", "", "see 5.1.1 there"),
        ("5.1.1no space", "", "5.1.1no space"),
    ],
)
def test_the_enhanced_code_is_split_off_a_reply(text: str, enhanced: str, rest: str) -> None:
    assert read_reply(550, text) == Reply(550, enhanced, rest)


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply(550, "5.1.1", "no such user"), "550 5.1.1 no such user"),
        (Reply(550, "", "no such user"), "550 no such user"),
        (Reply(250, "2.0.0"), "250 2.0.0"),
        (Reply(354), "354"),
        (Reply(0, "", "no code at all"), "no code at all"),
    ],
)
def test_a_reply_is_shown_on_one_line(reply: Reply, line: str) -> None:
    assert str(reply) == line


@pytest.mark.parametrize(
    ("step", "code", "enhanced", "expected"),
    [
        (Step.RCPT, 550, "5.1.1", NEVER),
        (Step.RCPT, 554, "5.7.1", (Verdict.PERMANENT, Blame.SENDER)),
        (Step.RCPT, 550, "5.5.1", RELAY),
        (Step.RCPT, 450, "4.5.3", RELAY),
        (Step.DATA, 451, "4.5.0", RELAY),
        (Step.DATA, 554, "5.7.1", (Verdict.PERMANENT, Blame.SENDER)),
        (Step.BODY, 554, "5.7.1", (Verdict.PERMANENT, Blame.SENDER)),
        (Step.BODY, 554, "5.6.0", LETTER_NEVER),
    ],
    ids=str,
)
def test_the_enhanced_code_tells_whose_fault_it_is(
    step: Step, code: int, enhanced: str, expected: Judgement
) -> None:
    outcome = judge(step, Reply(code, enhanced, "x"))

    assert (outcome.verdict, outcome.blame) == expected
