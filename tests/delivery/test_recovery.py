"""After a crash: what was under way when a lease ran out is in doubt, and the rest is as it was."""

from datetime import timedelta

from sqlalchemy import update

from newsletter.delivery.entries import Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.recovery import recover_batches
from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Batch, Campaign, Delivery
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    UNCERTAIN,
    all_readers,
    batch_now,
    deferred,
    expire,
    frozen,
    intend,
    lose,
    row_now,
    say,
    taken,
    wish,
)
from tests.support.ledgers import (
    assert_counts_add_up,
    batches_of,
    campaign_now,
    deliveries_of,
    states,
)

D = DeliveryState
A_WHILE = timedelta(hours=1)


def test_letters_under_way_come_in_doubt_and_the_others_stay(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    under_way = intend(ledger, holding, 1)

    lose(house, holding, A_WHILE)

    row = row_now(house, holding, under_way)
    assert (row.state, row.attempt, row.resends) == (D.UNCERTAIN, 1, 0)
    assert row.detail == "the worker stopped while this letter was under way"
    assert row.changed_at is not None
    assert row.next_at == row.changed_at + A_WHILE
    others = [each for each in deliveries_of(house, campaign.id) if each.subscriber_id != row.subscriber_id]
    assert [(each.state, each.attempt, each.changed_at) for each in others] == [(D.PLANNED, 0, None)] * 2
    batch = batch_now(house, holding)
    assert (batch.state, batch.in_flight, batch.owner, batch.lease_until) == (BatchState.READY, "", "", None)
    assert batch.epoch > holding.lease.epoch
    assert_counts_add_up(house, campaign.id)


def test_a_deferred_letter_that_was_under_way_comes_in_doubt_too(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = deferred(house, ledger)
    under_way = intend(ledger, holding)

    lose(house, holding)

    row = row_now(house, holding, under_way)
    assert (row.state, row.attempt, row.refusals) == (D.UNCERTAIN, 2, 1)
    assert batch_now(house, holding).deferred == 2
    assert_counts_add_up(house, campaign.id)


def test_a_lease_that_has_not_run_out_is_left_alone(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    intend(ledger, holding)

    assert recover_batches(house.database, A_WHILE) == []

    assert states(house, campaign.id) == {D.PLANNED: 3}
    assert batch_now(house, holding).epoch == holding.lease.epoch


def test_a_batch_is_recovered_once(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    intend(ledger, holding)
    lose(house, holding, A_WHILE)
    epoch = batch_now(house, holding).epoch

    assert recover_batches(house.database, A_WHILE) == []

    assert batch_now(house, holding).epoch == epoch
    assert_counts_add_up(house, campaign.id)


def test_a_letter_in_doubt_waits_out_its_grace(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=1)
    holding = taken(ledger)
    intend(ledger, holding)

    lose(house, holding, A_WHILE)

    row = deliveries_of(house, campaign.id)[0]
    assert batch_now(house, holding).due_at == row.next_at
    assert ledger.lease("two") is None


def test_letters_in_doubt_are_planned_again_under_resend(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    under_way = intend(ledger, holding)
    lose(house, holding)

    again = taken(ledger, "two")

    row = row_now(house, again, under_way)
    assert (row.state, row.attempt, row.resends, row.next_at) == (D.PLANNED, 1, 1, None)
    assert [each.attempt for each in again.recipients] == [2, 1, 1]
    assert batch_now(house, again).resends == 1
    assert_counts_add_up(house, campaign.id)


def test_letters_in_doubt_stay_there_under_hold_and_the_campaign_ends(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=2)
    holding = taken(ledger)
    under_way = intend(ledger, holding, 0)
    lose(house, holding)

    again = taken(ledger, "two")
    assert under_way.subscriber_id not in {each.subscriber_id for each in again.recipients}
    say(ledger, again, intend(ledger, again), ACCEPTED)
    ledger.give_back(again)

    assert states(house, campaign.id) == {D.UNCERTAIN: 1, D.ACCEPTED: 1}
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    assert_counts_add_up(house, campaign.id)


def test_a_batch_with_nothing_but_letters_in_doubt_is_done_under_hold(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    holding = taken(ledger)
    intend(ledger, holding)

    lose(house, holding)
    with house.database.writing() as session:
        finish_campaigns(session, house.herald)

    assert batch_now(house, holding).state is BatchState.DONE
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED


def test_a_letter_at_which_every_worker_stops_is_repeated_only_so_often(house: House, ledger: Ledger) -> None:
    """It is never set aside as not sent: its body may have left each time."""
    campaign = frozen(house, readers=1)
    for _time in range(MAX_RESENDS + 1):
        holding = taken(ledger)
        intend(ledger, holding)
        lose(house, holding)

    assert ledger.lease("one") is None
    row = deliveries_of(house, campaign.id)[0]
    assert (row.state, row.resends, row.attempt) == (D.UNCERTAIN, MAX_RESENDS, MAX_RESENDS + 1)
    assert batches_of(house, campaign.id)[0].state is BatchState.DONE
    assert_counts_add_up(house, campaign.id)


def test_a_letter_repeated_as_often_as_allowed_stays_in_doubt_while_others_of_its_batch_are_sent(
    house: House, ledger: Ledger
) -> None:
    campaign = frozen(house, readers=2)
    first = taken(ledger)
    say(ledger, first, intend(ledger, first), UNCERTAIN)
    ledger.give_back(first)
    with house.database.writing() as session:
        spent = session.get_one(Delivery, (campaign.id, first.recipients[0].subscriber_id))
        spent.resends = MAX_RESENDS
        session.get_one(Batch, first.lease.batch_id).resends = MAX_RESENDS

    again = taken(ledger, "two")

    assert [each.subscriber_id for each in again.recipients] == [first.recipients[1].subscriber_id]
    assert states(house, campaign.id) == {D.UNCERTAIN: 1, D.PLANNED: 1}
    assert_counts_add_up(house, campaign.id)


def test_rows_an_older_version_left_as_sending_come_in_doubt(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    """That version counted the try when it began, and named nothing in the batch."""
    holding = taken(ledger)
    readers = all_readers(house, campaign)
    with house.database.writing() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.subscriber_id.in_(readers[:2]))
            .values(state=D.SENDING, attempt=1, changed_at=house.now())
        )
        session.execute(update(Batch).values(sending=2))

    lose(house, holding, A_WHILE)

    rows = deliveries_of(house, campaign.id)
    assert [(row.state, row.attempt) for row in rows] == [(D.UNCERTAIN, 1), (D.UNCERTAIN, 1), (D.PLANNED, 0)]
    assert rows[0].next_at == rows[1].next_at
    assert rows[0].next_at is not None
    assert_counts_add_up(house, campaign.id)


def test_a_letter_under_way_when_its_batch_is_divided_goes_into_doubt_in_its_half(
    house: House, ledger: Ledger
) -> None:
    campaign = frozen(house, readers=4)
    for _time in range(2):
        lose(house, taken(ledger))
    holding = taken(ledger)
    last = intend(ledger, holding, 3)

    lose(house, holding, A_WHILE)

    lower, upper = batches_of(house, campaign.id)
    assert (lower.uncertain, upper.uncertain) == (0, 1)
    assert row_now(house, holding, last).state is D.UNCERTAIN
    assert_counts_add_up(house, campaign.id)


def test_several_batches_are_recovered_in_one_sweep(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, batch_size=1)
    holdings = [taken(ledger) for _ in range(3)]
    for holding in holdings:
        intend(ledger, holding)
    for holding in holdings[:2]:
        expire(house, holding)

    recovered = recover_batches(house.database, timedelta(0))

    assert recovered == [holding.lease.batch_id for holding in holdings[:2]]
    assert states(house, campaign.id) == {D.UNCERTAIN: 2, D.PLANNED: 1}
    assert batch_now(house, holdings[2]).sending == 1
    assert_counts_add_up(house, campaign.id)


def test_a_campaign_survives_workers_that_crash_at_every_letter(house: House, ledger: Ledger) -> None:
    """Each worker gets one reply, and dies with the next letter under way."""
    campaign = frozen(house, readers=4)
    for _worker in range(30):
        holding = ledger.lease("a worker")
        if holding is None:
            break
        ledger.load(holding)
        first = intend(ledger, holding)
        if len(holding.recipients) == 1:
            say(ledger, holding, first, ACCEPTED)
            ledger.give_back(holding)
            continue
        assert ledger.post([wish(holding, 1, after=Result(holding, first, ACCEPTED))]) == [Passage.OPEN]
        lose(house, holding)

    assert states(house, campaign.id) == {D.ACCEPTED: 4}
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    rows = deliveries_of(house, campaign.id)
    assert all(row.attempt == 1 + row.resends for row in rows)
    assert sum(row.resends for row in rows) == 3
    assert_counts_add_up(house, campaign.id)
