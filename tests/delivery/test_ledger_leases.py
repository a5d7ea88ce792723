"""Leases: one worker a batch, campaigns in turn, and nothing while the relay rests."""

import threading
from contextlib import closing
from datetime import timedelta

from newsletter.delivery.ledger import Ledger
from newsletter.domain.states import BatchState, CampaignState
from newsletter.models import Batch, Campaign, Relay
from newsletter.wiring import House
from tests.delivery.worker import batch_now, frozen, taken
from tests.support.factories import NOW
from tests.support.ledgers import batches_of


def test_a_batch_is_leased_to_one_worker_at_a_time(house: House, campaign: Campaign, ledger: Ledger) -> None:
    first = ledger.lease("one")
    second = ledger.lease("two")

    assert first is not None
    assert second is None
    batch = batch_now(house, first)
    assert (batch.state, batch.owner, batch.epoch) == (BatchState.LEASED, "one", first.lease.epoch)
    assert batch.lease_until is not None
    assert batch.lease_until > house.now()


def test_whoever_asks_again_with_their_ticket_gets_what_they_were_given(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    """The database kept the lease and went away before it could say so."""
    first = ledger.lease("one", "first")
    again = ledger.lease("one", "first")

    assert first is not None
    assert again is not None
    assert again.lease.batch_id == first.lease.batch_id
    assert batch_now(house, again).epoch == again.lease.epoch
    assert batch_now(house, again).lease_count == 1
    assert ledger.lease("one", "second") is None


def test_a_batch_that_is_given_back_is_leased_again_under_another_epoch(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    first = taken(ledger)
    ledger.give_back(first)

    second = taken(ledger, "two")

    assert second.lease.batch_id == first.lease.batch_id
    assert second.lease.epoch == first.lease.epoch + 1


def test_every_letter_of_a_batch_is_loaded_with_what_it_needs(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)

    assert holding.started_at is not None
    assert [each.name for each in holding.recipients] == ["Reader 0", "Reader 1", "Reader 2"]
    assert all(each.address.endswith("@example.org") and each.public_id for each in holding.recipients)
    assert {(each.attempt, each.refusals) for each in holding.recipients} == {(1, 0)}


def test_campaigns_take_turns(house: House, ledger: Ledger) -> None:
    first, second = frozen(house, batch_size=1), frozen(house, readers=2, batch_size=1)

    taken_from = [taken(ledger).lease.campaign_id for _ in range(5)]

    assert taken_from == [first.id, second.id, first.id, second.id, first.id]
    assert ledger.lease("one") is None


def test_a_campaign_with_batches_in_hands_waits_for_one_without(house: House, ledger: Ledger) -> None:
    first = frozen(house, batch_size=1)
    in_hands = [taken(ledger), taken(ledger)]
    second = frozen(house, batch_size=1)

    assert taken(ledger).lease.campaign_id == second.id
    assert taken(ledger).lease.campaign_id == second.id
    for holding in in_hands:
        ledger.give_back(holding)
    assert taken(ledger).lease.campaign_id == first.id


def test_a_campaign_that_is_not_sending_is_passed_over(house: House, ledger: Ledger) -> None:
    paused, other = frozen(house), frozen(house)
    with house.database.writing() as session:
        session.get_one(Campaign, paused.id).state = CampaignState.PAUSED

    assert taken(ledger).lease.campaign_id == other.id
    assert ledger.lease("one") is None


def test_two_workers_at_once_never_get_the_same_batch(house: House) -> None:
    campaign = frozen(house, readers=40, batch_size=1)
    start = threading.Barrier(2)
    got: dict[str, list[int]] = {"one": [], "two": []}

    def work(owner: str) -> None:
        with closing(house.ledger()) as ledger:
            start.wait()
            while (holding := ledger.lease(owner)) is not None:
                got[owner].append(holding.lease.batch_id)

    threads = [threading.Thread(target=work, args=(owner,), daemon=True) for owner in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    batches = batches_of(house, campaign.id)
    assert sorted(got["one"] + got["two"]) == sorted(batch.id for batch in batches)
    for batch in batches:
        assert batch.id in got[batch.owner]
        assert batch.epoch == 1


def test_nothing_is_leased_while_all_relays_rest(house: House, campaign: Campaign, ledger: Ledger) -> None:
    first = add_relay(house, campaign, "first", rests=True)
    assert ledger.lease("one") is None

    add_relay(house, campaign, "second", rests=False)
    holding = taken(ledger)
    ledger.give_back(holding)

    with house.database.writing() as session:
        session.get_one(Relay, first).retry_at = NOW - timedelta(days=1)
    assert ledger.lease("one") is not None


def add_relay(house: House, campaign: Campaign, name: str, *, rests: bool) -> int:
    with house.database.writing() as session:
        relay = Relay(
            publication_id=campaign.publication_id,
            name=name,
            host="localhost",
            port=25,
            security="plain",
            created_at=NOW,
            retry_at=house.now() + timedelta(hours=1) if rests else None,
        )
        session.add(relay)
        session.flush()
        return relay.id


def test_a_batch_that_is_not_due_yet_waits(house: House, campaign: Campaign, ledger: Ledger) -> None:
    with house.database.writing() as session:
        session.get_one(Batch, batches_of(house, campaign.id)[0].id).due_at = house.now() + timedelta(hours=1)

    assert ledger.lease("one") is None
