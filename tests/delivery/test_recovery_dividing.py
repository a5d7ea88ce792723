"""A letter that stops every worker is found by halving its batch, and set aside; all others are sent."""

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import pytest

from newsletter.delivery.ledger import Ledger
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.recovery import recover_batches
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Batch, Campaign
from newsletter.wiring import House
from tests.delivery.worker import ACCEPTED, LATER, expire, frozen, intend, lose, put_off, row_now, say, taken
from tests.support.ledgers import assert_counts_add_up, batches_of, campaign_now, deliveries_of, states

D = DeliveryState
AT_ONCE = timedelta(0)
A_WHILE = timedelta(hours=1)


def lose_three_times(house: House, ledger: Ledger) -> None:
    for _time in range(3):
        lose(house, taken(ledger), A_WHILE)


def ranges(batches: Sequence[Batch]) -> list[tuple[int, int]]:
    return [(batch.low, batch.high) for batch in batches]


def test_a_batch_lost_three_times_in_a_row_is_divided(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=5)
    (whole,) = batches_of(house, campaign.id)

    lose_three_times(house, ledger)

    batches = batches_of(house, campaign.id)
    assert [batch.total for batch in batches] == [2, 3]
    assert (batches[0].low, batches[1].high) == (whole.low, whole.high)
    assert all(one.high + 1 == two.low for one, two in pairwise(batches))
    assert {batch.state for batch in batches} == {BatchState.READY}
    assert {batch.lease_count for batch in batches} == {0}
    assert states(house, campaign.id) == {D.PLANNED: 5}
    assert_counts_add_up(house, campaign.id)


def test_a_batch_lost_twice_stays_whole(house: House, campaign: Campaign, ledger: Ledger) -> None:
    for _time in range(2):
        lose(house, taken(ledger), A_WHILE)

    assert len(batches_of(house, campaign.id)) == 1


def test_a_batch_given_back_in_between_counts_anew(house: House, campaign: Campaign, ledger: Ledger) -> None:
    for _round in range(3):
        lose(house, taken(ledger), A_WHILE)
        lose(house, taken(ledger), A_WHILE)
        ledger.give_back(taken(ledger))

    assert len(batches_of(house, campaign.id)) == 1


def test_both_halves_keep_their_counts(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=6)
    holding = taken(ledger)
    for index, outcome in ((0, ACCEPTED), (5, ACCEPTED), (1, LATER)):
        say(ledger, holding, intend(ledger, holding, index), outcome)
    lose(house, holding, A_WHILE)
    lose(house, taken(ledger), A_WHILE)
    lose(house, taken(ledger), A_WHILE)

    lower, upper = batches_of(house, campaign.id)
    assert (lower.total, lower.accepted, lower.deferred) == (3, 1, 1)
    assert (upper.total, upper.accepted, upper.deferred) == (3, 1, 0)
    assert_counts_add_up(house, campaign.id)


def test_a_half_with_nothing_left_to_send_is_done(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=2)
    for _time in range(2):
        lose(house, taken(ledger))
    holding = taken(ledger)
    intend(ledger, holding, 1)

    lose(house, holding)

    assert [batch.state for batch in batches_of(house, campaign.id)] == [BatchState.READY, BatchState.DONE]
    assert_counts_add_up(house, campaign.id)


def test_a_single_letter_is_set_aside(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=1)

    lose_three_times(house, ledger)

    (row,) = deliveries_of(house, campaign.id)
    (batch,) = batches_of(house, campaign.id)
    assert (row.state, row.next_at) == (D.FAILED, None)
    assert row.detail == "set aside: the worker stopped 3 times in a row at this letter"
    assert (batch.state, batch.failed) == (BatchState.DONE, 1)
    assert_counts_add_up(house, campaign.id)


def test_a_letter_that_was_not_due_is_not_blamed(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=2)
    holding = taken(ledger)
    say(ledger, holding, holding.recipients[0], LATER)
    put_off(house)
    intend(ledger, holding, 1)
    lose(house, holding, AT_ONCE)
    for _time in range(2):
        again = taken(ledger)
        intend(ledger, again, 0)
        lose(house, again, AT_ONCE)

    assert row_now(house, holding, holding.recipients[0]).state is D.DEFERRED
    assert states(house, campaign.id) == {D.DEFERRED: 1, D.UNCERTAIN: 1}
    assert_counts_add_up(house, campaign.id)


def test_a_letter_whose_body_may_have_left_stays_in_doubt(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=1)
    for _time in range(3):
        holding = taken(ledger)
        intend(ledger, holding)
        lose(house, holding, AT_ONCE)

    assert states(house, campaign.id) == {D.UNCERTAIN: 1}
    assert taken(ledger).recipients
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("index", [0, 5, 10])
def test_all_others_are_sent_and_the_letter_that_stops_workers_is_set_aside(house: House, index: int) -> None:
    """A worker dies as soon as it makes this letter."""
    campaign = frozen(house, readers=11)
    poison = deliveries_of(house, campaign.id)[index].subscriber_id
    for _worker in range(60):
        if not works_until_it_dies(house, poison):
            break
        recover_batches(house.database, A_WHILE)
    with house.database.writing() as session:
        finish_campaigns(session, house.herald)

    failed = [row for row in deliveries_of(house, campaign.id) if row.state is D.FAILED]
    assert states(house, campaign.id) == {D.ACCEPTED: 10, D.FAILED: 1}
    assert [row.subscriber_id for row in failed] == [poison]
    assert (failed[0].detail or "").startswith("set aside: ")
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    assert_counts_add_up(house, campaign.id)


def works_until_it_dies(house: House, poison: int) -> bool:
    """Whether it died."""
    with closing(house.ledger()) as ledger:
        while (holding := ledger.lease("a worker")) is not None:
            ledger.load(holding)
            if poison in {each.subscriber_id for each in holding.recipients}:
                expire(house, holding)
                return True
            for index in range(len(holding.recipients)):
                say(ledger, holding, intend(ledger, holding, index), ACCEPTED)
            ledger.give_back(holding)
    return False
