"""Two transactions that meet: the second believes only what it sees after the first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from newsletter.delivery import recovery
from newsletter.delivery.entries import Entry, Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.moves import finish_campaigns, recount, reopen_or_finish
from newsletter.delivery.recovery import recover_batches
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Batch, Campaign, Delivery
from newsletter.wiring import House
from tests.delivery.worker import ACCEPTED, expire, frozen, intend, lose, row_now, taken, wish
from tests.support.ledgers import assert_counts_add_up, batches_of, campaign_now
from tests.support.locks import somebody_waits
from tests.support.stack import wait_for

A_WHILE = timedelta(hours=1)


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_late_reply_finds_a_batch_that_is_divided_at_this_moment(
    house: House, ledger: Ledger, thread: ThreadPoolExecutor
) -> None:
    campaign = frozen(house, readers=4)
    holding = taken(ledger)
    last = intend(ledger, holding, 3)
    lose(house, holding, A_WHILE)

    with house.database.writing() as session:
        batch = session.get_one(Batch, holding.lease.batch_id, with_for_update=True)
        upper = recovery._split(session, batch, holding.recipients[2].subscriber_id, house.now())
        recount(session, batch)
        recount(session, upper)
        session.flush()
        late = thread.submit(ledger.post, [Entry(Result(holding, last, ACCEPTED))])
        wait_for(lambda: somebody_waits(house) or late.done())
        assert not late.done()

    assert late.result(25) == [Passage.NOTED]
    assert row_now(house, holding, last).state is DeliveryState.ACCEPTED
    assert [batch.accepted for batch in batches_of(house, campaign.id)] == [0, 1]
    assert_counts_add_up(house, campaign.id)


def test_a_campaign_is_not_finished_while_a_late_refusal_opens_it_again(
    house: House, ledger: Ledger, thread: ThreadPoolExecutor
) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding)

    def finish() -> int:
        with house.database.writing() as session:
            return finish_campaigns(session, house.herald)

    with house.database.writing() as session:
        batch = session.get_one(Batch, holding.lease.batch_id, with_for_update=True)
        session.get_one(Delivery, (campaign.id, recipient.subscriber_id)).state = DeliveryState.DEFERRED
        session.flush()
        reopen_or_finish(session, batch, house.now())
        session.get_one(Campaign, campaign.id, with_for_update=True)
        session.flush()
        finishing = thread.submit(finish)
        wait_for(lambda: somebody_waits(house) or finishing.done())
        assert not finishing.done()

    assert finishing.result(25) == 0
    assert batches_of(house, campaign.id)[0].state is BatchState.READY
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING


def test_a_batch_that_is_renewed_at_this_moment_is_not_recovered(
    house: House, campaign: Campaign, ledger: Ledger, thread: ThreadPoolExecutor
) -> None:
    holding = taken(ledger)
    expire(house, holding)

    with house.database.writing() as session:
        batch = session.get_one(Batch, holding.lease.batch_id, with_for_update=True)
        batch.lease_until = house.now() + A_WHILE
        session.flush()
        recovering = thread.submit(recover_batches, house.database, A_WHILE)
        wait_for(lambda: somebody_waits(house) or recovering.done())
        assert not recovering.done()

    assert recovering.result(25) == []
    assert ledger.post([wish(holding)]) == [Passage.OPEN]


def test_a_group_that_waited_for_a_recovery_is_fenced(
    house: House, campaign: Campaign, ledger: Ledger, thread: ThreadPoolExecutor
) -> None:
    holding = taken(ledger)

    with house.database.writing() as session:
        batch = session.get_one(Batch, holding.lease.batch_id, with_for_update=True)
        batch.epoch += 1
        session.flush()
        posting = thread.submit(ledger.post, [wish(holding)])
        wait_for(lambda: somebody_waits(house) or posting.done())
        assert not posting.done()

    assert posting.result(25) == [Passage.FENCED]
    assert batches_of(house, campaign.id)[0].in_flight == ""
