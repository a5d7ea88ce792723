"""The gate: who is fenced and which campaign was stopped, decided with the intent itself."""

from datetime import timedelta

import pytest

from newsletter.delivery.entries import Entry, Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.posting import read_in_flight
from newsletter.domain.states import BatchState, CampaignState, DeliveryState
from newsletter.models import Batch, Campaign
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    UNCERTAIN,
    batch_now,
    expire,
    frozen,
    intend,
    lose,
    row_now,
    say,
    taken,
    wish,
)
from tests.support.ledgers import assert_counts_add_up, states

D = DeliveryState


def test_a_worker_whose_batch_was_taken_is_fenced(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    lose(house, holding)
    again = taken(ledger, "two")

    assert ledger.post([wish(holding)]) == [Passage.FENCED]

    assert again.lease.epoch > holding.lease.epoch
    assert (holding.is_fenced, again.is_fenced) == (True, False)
    assert (batch_now(house, holding).in_flight, holding.in_flight) == ("", {})
    assert states(house, campaign.id) == {D.PLANNED: 3}


def test_a_worker_whose_batch_was_taken_does_not_give_it_back(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    lose(house, holding)
    taken(ledger, "two")

    ledger.give_back(holding)

    batch = batch_now(house, holding)
    assert (batch.state, batch.owner) == (BatchState.LEASED, "two")


def test_a_lease_that_ran_out_lets_no_body_out_but_takes_results(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    expire(house, holding)

    answers = ledger.post([wish(holding, 1, after=Result(holding, recipient, ACCEPTED))])

    batch = batch_now(house, holding)
    assert answers == [Passage.FENCED]
    assert holding.is_fenced
    assert row_now(house, holding, recipient).state is D.ACCEPTED
    assert (batch.in_flight, batch.sending) == ("", 0)
    assert batch.lease_until is not None
    assert batch.lease_until < house.now()
    assert_counts_add_up(house, campaign.id)


def test_what_stays_under_way_when_a_lease_ran_out_stays_named(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    first, second = intend(ledger, holding, 0), intend(ledger, holding, 1)
    expire(house, holding)

    say(ledger, holding, first, LATER)

    assert list(read_in_flight(batch_now(house, holding).in_flight)) == [second.subscriber_id]
    assert_counts_add_up(house, campaign.id)


def test_a_sign_of_life_prolongs_the_lease(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    with house.database.writing() as session:
        batch = session.get_one(Batch, holding.lease.batch_id)
        batch.lease_until = nearly = house.now() + timedelta(seconds=house.settings.lease_for - 1)

    assert ledger.post([Entry(renews=holding)]) == [Passage.NOTED]

    renewed = batch_now(house, holding).lease_until
    assert renewed is not None
    assert renewed > nearly
    assert not holding.is_fenced


def test_a_sign_of_life_that_comes_too_late_prolongs_nothing(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    expire(house, holding)

    ledger.post([Entry(renews=holding)])

    assert holding.is_fenced
    assert ledger.post([wish(holding)]) == [Passage.FENCED]


def test_nothing_is_loaded_under_a_lease_that_ran_out(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = ledger.lease("one")
    assert holding is not None
    expire(house, holding)

    ledger.load(holding)

    assert (holding.is_fenced, list(holding.recipients)) == (True, [])


def test_a_process_that_holds_a_batch_again_is_judged_by_each_lease_for_itself(
    house: House, ledger: Ledger
) -> None:
    """A machine that slept: its own sweeper takes the batch back while a body is still under way."""
    campaign = frozen(house, readers=4)
    older = taken(ledger)
    lost = intend(ledger, older, 0)
    lose(house, older)
    newer = taken(ledger)
    same = next(index for index, each in enumerate(newer.recipients) if each[0] == lost.subscriber_id)
    settled = intend(ledger, newer, 1 if same != 1 else 2)
    again = intend(ledger, newer, same)

    answers = ledger.post(
        [
            Entry(Result(older, lost, LATER)),
            wish(older, 3),
            wish(newer, 3, after=Result(newer, settled, ACCEPTED)),
        ]
    )

    assert answers == [Passage.NOTED, Passage.FENCED, Passage.OPEN]
    assert (older.is_fenced, newer.is_fenced) == (True, False)
    assert row_now(house, newer, settled).state is D.ACCEPTED
    under_way = {again.subscriber_id, newer.recipients[3].subscriber_id}
    assert set(read_in_flight(batch_now(house, newer).in_flight)) == set(newer.in_flight) == under_way
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED])
def test_a_stopped_campaign_lets_no_body_out(
    house: House, campaign: Campaign, ledger: Ledger, state: CampaignState
) -> None:
    holding = taken(ledger)
    under_way = intend(ledger, holding)
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).state = state

    assert ledger.post([wish(holding, 1, after=Result(holding, under_way, UNCERTAIN))]) == [Passage.STOP]

    assert row_now(house, holding, under_way).state is D.UNCERTAIN
    assert (batch_now(house, holding).in_flight, holding.in_flight) == ("", {})
    ledger.give_back(holding)
    assert ledger.lease("two") is None
    assert_counts_add_up(house, campaign.id)


def test_a_campaign_that_goes_on_lets_bodies_out_again(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    for state, answer in ((CampaignState.PAUSED, Passage.STOP), (CampaignState.SENDING, Passage.OPEN)):
        with house.database.writing() as session:
            session.get_one(Campaign, campaign.id).state = state

        assert ledger.post([wish(holding)]) == [answer]
