"""What refusals mean: a collection of those that providers give, and the rules that read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.outcomes import Blame, Meaning, Reply, Step, Verdict
from newsletter.domain.refusals import CONSEQUENCES, RULES, Rule, judge, meaning_of
from tests.support.replies import Case, read_cases

CASES = read_cases()
WORDS = ["", "Greylisted", "rate limited", "blocked as spam", "user unknown", "mailbox full", "relay denied"]
CODES = st.integers(400, 599)
ENHANCED = st.sampled_from(
    ["", "5.1.1", "4.1.1", "5.7.1", "4.7.1", "5.2.2", "5.5.1", "4.3.1", "5.4.1", "5.9.9"]
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.who} {case.step}: {str(case.reply)[:50]}")
def test_what_providers_say_is_taken_for_what_it_means(case: Case) -> None:
    assert meaning_of(case.step, case.reply) is case.meaning


def test_the_collection_is_large_and_names_nothing_twice() -> None:
    assert len(CASES) >= 150
    assert len(set(CASES)) == len(CASES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{RULES.index(rule)} {rule.meaning}")
def test_every_rule_decides_a_case_of_its_own(rule: Rule) -> None:
    decided = [case for case in CASES if _first_of(case.step, case.reply) is rule]

    assert decided, rule


@pytest.mark.parametrize("meaning", Meaning)
def test_every_meaning_has_its_consequence(meaning: Meaning) -> None:
    assert meaning in CONSEQUENCES


@given(st.sampled_from(Step), CODES, ENHANCED, st.sampled_from(WORDS))
def test_every_refusal_means_something(step: Step, code: int, enhanced: str, words: str) -> None:
    outcome = judge(step, Reply(code, enhanced, words))

    assert outcome.meaning is not None
    assert outcome.verdict is not Verdict.ACCEPTED


@given(st.sampled_from(Step), CODES, st.sampled_from(WORDS))
def test_words_alone_end_no_subscription(step: Step, code: int, words: str) -> None:
    if code != 556:  # a code of its own for domains that take no mail (RFC 7504)
        assert meaning_of(step, Reply(code, "", words)) is not Meaning.NO_MAILBOX


@given(st.sampled_from(Step), CODES, ENHANCED, st.sampled_from(WORDS))
def test_the_basic_code_says_whether_it_is_for_good(step: Step, code: int, enhanced: str, words: str) -> None:
    outcome = judge(step, Reply(code, enhanced, words))

    if code < 500:
        assert outcome.verdict is not Verdict.PERMANENT
    if outcome.meaning is Meaning.NO_MAILBOX:
        assert (step, code // 100) == (Step.RCPT, 5)
        assert outcome.blame is Blame.RECIPIENT


def _first_of(step: Step, reply: Reply) -> Rule:
    return next(rule for rule in RULES if rule.fits(step, reply))
