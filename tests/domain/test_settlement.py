"""From the outcome of a try to the next state of its delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.domain.retries import RetrySchedule
from newsletter.domain.settlement import Age, Rules, Settlement, settle
from newsletter.domain.states import DELIVERY_MOVES, DeliveryState

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NOW = START + timedelta(hours=1)
AGE = Age(START)
RULES = Rules(RetrySchedule((15, 60), timedelta(hours=24)), uncertain_grace=timedelta(minutes=10))
FULL = Reply(452, "4.2.2", "mailbox full")


def test_an_accepted_letter_is_done() -> None:
    outcome = Outcome(Verdict.ACCEPTED, reply=Reply(250, "2.0.0", "queued"))

    settlement = settle(outcome, 3, AGE, NOW, RULES)

    assert settlement == Settlement(DeliveryState.ACCEPTED, None, False, "250 2.0.0 queued")


def test_a_permanent_refusal_is_the_end_and_counts() -> None:
    outcome = Outcome(Verdict.PERMANENT, Blame.RECIPIENT, Reply(550, "5.1.1", "no such user"))

    settlement = settle(outcome, 0, AGE, NOW, RULES)

    assert settlement == Settlement(DeliveryState.FAILED, None, True, "550 5.1.1 no such user")


def test_an_untouched_letter_is_planned_again_and_nothing_counts() -> None:
    outcome = Outcome(Verdict.UNTOUCHED, Blame.RELAY, Reply(421, "", "closing"))

    settlement = settle(outcome, 2, AGE, NOW, RULES)

    assert settlement == Settlement(DeliveryState.PLANNED, None, False, "421 closing")


def test_an_uncertain_letter_waits_for_its_grace_and_nothing_counts() -> None:
    settlement = settle(Outcome(Verdict.UNCERTAIN), 0, AGE, NOW, RULES)

    assert settlement.state is DeliveryState.UNCERTAIN
    assert settlement.next_at == NOW + timedelta(minutes=10)
    assert not settlement.counts
    assert settlement.detail == "the relay took the letter and never answered"


def test_an_uncertain_letter_with_an_odd_answer_keeps_the_answer() -> None:
    settlement = settle(Outcome(Verdict.UNCERTAIN, reply=Reply(354)), 0, AGE, NOW, RULES)

    assert settlement.detail == "354"


@pytest.mark.parametrize(("refusals", "wait"), [(0, 15), (1, 60), (2, 60)], ids=["first", "second", "third"])
def test_a_temporary_refusal_waits_longer_each_time_and_counts(refusals: int, wait: int) -> None:
    outcome = Outcome(Verdict.TEMPORARY, Blame.RECIPIENT, FULL)

    settlement = settle(outcome, refusals, AGE, NOW, RULES)

    due = NOW + timedelta(seconds=wait)
    assert settlement == Settlement(DeliveryState.DEFERRED, due, True, "452 4.2.2 mailbox full")


def test_a_temporary_refusal_of_an_old_campaign_is_the_end_and_counts() -> None:
    outcome = Outcome(Verdict.TEMPORARY, Blame.RECIPIENT, FULL)

    settlement = settle(outcome, 0, AGE, START + timedelta(hours=24), RULES)

    assert settlement == Settlement(DeliveryState.FAILED, None, True, "gave up: 452 4.2.2 mailbox full")


@pytest.mark.parametrize("source", [DeliveryState.SENDING, DeliveryState.UNCERTAIN])
@pytest.mark.parametrize("verdict", Verdict)
def test_every_settlement_is_a_move_there_is_or_no_move(verdict: Verdict, source: DeliveryState) -> None:
    settlement = settle(Outcome(verdict), 0, AGE, NOW, RULES)

    assert settlement.state in DELIVERY_MOVES[source] | {source}
