"""Giving a batch back: it waits for what is due next, or is done."""

from datetime import timedelta

from newsletter.delivery.ledger import Ledger
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    NEVER,
    UNCERTAIN,
    batch_now,
    frozen,
    intend,
    put_off,
    say,
    taken,
)
from tests.support.ledgers import (
    assert_counts_add_up,
    campaign_now,
    states,
)

D = DeliveryState


def test_a_batch_with_something_deferred_waits_for_it(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    for recipient, outcome in zip(holding.recipients, (ACCEPTED, LATER, NEVER), strict=True):
        say(ledger, holding, recipient, outcome)
    due = put_off(house)

    ledger.give_back(holding)

    batch = batch_now(house, holding)
    assert (batch.state, batch.due_at) == (BatchState.READY, due)
    assert ledger.lease("two") is None


def test_the_last_batch_that_is_done_finishes_its_campaign(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=2, batch_size=1)
    first, second = taken(ledger), taken(ledger)

    say(ledger, first, intend(ledger, first), ACCEPTED)
    ledger.give_back(first)
    assert batch_now(house, first).state is BatchState.DONE
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING

    say(ledger, second, intend(ledger, second), NEVER)
    ledger.give_back(second)
    finished = campaign_now(house, campaign.id)
    assert finished.state is CampaignState.FINISHED
    assert finished.finished_at is not None


def test_an_intent_whose_body_never_left_is_forgotten_when_the_batch_is_given_back(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    intend(ledger, holding)

    ledger.give_back(holding)

    batch = batch_now(house, holding)
    assert (batch.state, batch.in_flight, batch.sending) == (BatchState.READY, "", 0)
    assert states(house, campaign.id) == {D.PLANNED: 3}
    assert_counts_add_up(house, campaign.id)


def test_a_batch_is_given_back_once(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    ledger.give_back(holding)
    again = taken(ledger, "two")
    intend(ledger, again)

    ledger.give_back(holding)

    batch = batch_now(house, again)
    assert (batch.state, batch.owner, batch.sending) == (BatchState.LEASED, "two", 1)


def test_a_batch_that_is_given_back_may_wait(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)

    ledger.give_back(holding, not_before=3600)

    assert batch_now(house, holding).due_at > house.now() + timedelta(minutes=59)
    assert ledger.lease("two") is None


def test_in_doubt_under_hold_stays_and_does_not_keep_the_batch_open(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    holding = taken(ledger)

    say(ledger, holding, intend(ledger, holding), UNCERTAIN)
    ledger.give_back(holding)

    assert batch_now(house, holding).state is BatchState.DONE
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    assert states(house, campaign.id) == {D.UNCERTAIN: 1}
