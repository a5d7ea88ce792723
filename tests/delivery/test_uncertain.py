"""Letters in doubt, settled by hand."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.delivery.entries import Holding, Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.uncertain import (
    Doubt,
    Scope,
    count_in_doubt,
    find_letter,
    letters_in_doubt,
    send_again,
    settle_by_hand,
)
from newsletter.domain.errors import Conflict, NotFound
from newsletter.domain.outcomes import Outcome
from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.jobs import Job
from newsletter.models import Campaign, Delivery, Subscriber
from newsletter.wiring import House
from tests.conftest import Rings
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    NEVER,
    UNCERTAIN,
    batch_now,
    expire,
    frozen,
    intend,
    lose,
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
ENDS = [D.ACCEPTED, D.FAILED]


def in_doubt(house: House, ledger: Ledger, **values: int) -> Campaign:
    """A finished campaign whose every letter left without an answer, and is held."""
    campaign = frozen(house, UncertainPolicy.HOLD, **values)
    while (holding := ledger.lease("one")) is not None:
        ledger.load(holding)
        for recipient in holding.recipients:
            say(ledger, holding, recipient, UNCERTAIN)
        ledger.give_back(holding)
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    return campaign


def unanswered(ledger: Ledger, holding: Holding) -> int:
    """The first body of a batch left, and no answer came."""
    recipient = intend(ledger, holding)
    say(ledger, holding, recipient, UNCERTAIN)
    return recipient.subscriber_id


def settled(house: House, scope: Scope, end: DeliveryState) -> int:
    with house.database.writing() as session:
        return settle_by_hand(session, scope, end)


def sent_again(house: House, scope: Scope) -> int:
    with house.database.writing() as session:
        return send_again(session, house.bell, scope)


def shown(house: House, campaign: Campaign, limit: int | None = None) -> list[Doubt]:
    with house.database.reading() as session:
        return list(letters_in_doubt(session, session.get_one(Campaign, campaign.id), limit))


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.word)
def test_all_letters_in_doubt_of_a_campaign_are_settled_across_batches(
    house: House, ledger: Ledger, end: DeliveryState
) -> None:
    campaign = in_doubt(house, ledger, readers=3, batch_size=2)
    assert len(batches_of(house, campaign.id)) == 2

    assert settled(house, Scope(campaign.id), end) == 3

    assert states(house, campaign.id) == {end: 3}
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    for row in deliveries_of(house, campaign.id):
        assert (row.next_at, row.attempt, row.refusals) == (None, 1, 0)
        assert row.detail == "settled by hand: the relay took the letter and never answered"
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.word)
def test_settling_a_second_time_changes_nothing(house: House, ledger: Ledger, end: DeliveryState) -> None:
    campaign = in_doubt(house, ledger)
    settled(house, Scope(campaign.id), end)
    before = [(row.state, row.changed_at) for row in deliveries_of(house, campaign.id)]

    assert [settled(house, Scope(campaign.id), each) for each in ENDS] == [0, 0]
    assert sent_again(house, Scope(campaign.id)) == 0

    assert [(row.state, row.changed_at) for row in deliveries_of(house, campaign.id)] == before
    assert_counts_add_up(house, campaign.id)


def test_one_readers_letter_is_settled_alone(house: House, ledger: Ledger) -> None:
    campaign = in_doubt(house, ledger, readers=4, batch_size=2)
    third = deliveries_of(house, campaign.id)[2].subscriber_id

    assert settled(house, Scope(campaign.id, third), D.ACCEPTED) == 1

    expected = [D.UNCERTAIN, D.UNCERTAIN, D.ACCEPTED, D.UNCERTAIN]
    assert [row.state for row in deliveries_of(house, campaign.id)] == expected
    assert_counts_add_up(house, campaign.id)


def test_letters_that_are_not_in_doubt_are_left_alone(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=4)
    holding = taken(ledger)
    for index, outcome in enumerate([ACCEPTED, NEVER, LATER]):
        say(ledger, holding, holding.recipients[index], outcome)
    ledger.give_back(holding)
    before = states(house, campaign.id)

    assert settled(house, Scope(campaign.id), D.FAILED) == sent_again(house, Scope(campaign.id)) == 0

    assert states(house, campaign.id) == before == {D.ACCEPTED: 1, D.FAILED: 1, D.DEFERRED: 1, D.PLANNED: 1}
    assert_counts_add_up(house, campaign.id)


def test_sending_again_reopens_a_finished_campaign_and_rings(
    house: House, ledger: Ledger, rings: Rings
) -> None:
    campaign = in_doubt(house, ledger, readers=3, batch_size=2)
    rings.heard.clear()

    assert sent_again(house, Scope(campaign.id)) == 3

    reopened = campaign_now(house, campaign.id)
    assert (reopened.state, reopened.finished_at) == (CampaignState.SENDING, None)
    assert rings.jobs == [Job.SEND]
    assert states(house, campaign.id) == {D.PLANNED: 3}
    assert [row.resends for row in deliveries_of(house, campaign.id)] == [1, 1, 1]
    assert_counts_add_up(house, campaign.id)
    first, second = taken(ledger), taken(ledger, "two")
    assert [each.attempt for holding in (first, second) for each in holding.recipients] == [2, 2, 2]


def test_a_batch_without_the_letter_stays_done(house: House, ledger: Ledger) -> None:
    campaign = in_doubt(house, ledger, readers=4, batch_size=2)
    last = deliveries_of(house, campaign.id)[3].subscriber_id

    sent_again(house, Scope(campaign.id, last))

    assert [batch.state for batch in batches_of(house, campaign.id)] == [BatchState.DONE, BatchState.READY]
    assert [each.subscriber_id for each in taken(ledger).recipients] == [last]


def test_a_person_may_send_again_what_was_sent_again_too_often(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.RESEND, readers=1)
    unanswered(ledger, taken(ledger))
    with house.database.writing() as session:
        session.execute(update(Delivery).values(resends=MAX_RESENDS))
        for batch in batches_of(house, campaign.id):
            session.merge(batch).resends = MAX_RESENDS

    assert sent_again(house, Scope(campaign.id)) == 1

    assert [row.resends for row in deliveries_of(house, campaign.id)] == [MAX_RESENDS + 1]
    assert_counts_add_up(house, campaign.id)


def test_a_leased_batch_comes_back_with_the_letter_its_holder_did_not_see(
    house: House, ledger: Ledger
) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=2)
    holding = taken(ledger)
    doubtful = unanswered(ledger, holding)

    assert sent_again(house, Scope(campaign.id)) == 1

    assert batch_now(house, holding).state is BatchState.LEASED
    assert_counts_add_up(house, campaign.id)
    other = holding.recipients[1]
    assert ledger.post([wish(holding, 1)]) == [Passage.OPEN]
    say(ledger, holding, other, ACCEPTED)
    ledger.give_back(holding)
    assert batch_now(house, holding).state is BatchState.READY
    assert [(each.subscriber_id, each.attempt) for each in taken(ledger).recipients] == [(doubtful, 2)]
    assert_counts_add_up(house, campaign.id)


def test_a_leased_batch_whose_holder_died_comes_back_with_the_letter(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=2)
    holding = taken(ledger)
    doubtful = unanswered(ledger, holding)
    expire(house, holding)

    sent_again(house, Scope(campaign.id, doubtful))
    lose(house, holding)

    assert {each.subscriber_id for each in taken(ledger).recipients} == {
        row.subscriber_id for row in deliveries_of(house, campaign.id)
    }
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.word)
def test_settling_in_a_leased_batch_leaves_the_lease_alone(
    house: House, ledger: Ledger, end: DeliveryState
) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=3)
    holding = taken(ledger)
    unanswered(ledger, holding)
    under_way = intend(ledger, holding, 1)

    assert settled(house, Scope(campaign.id), end) == 1

    assert_counts_add_up(house, campaign.id)
    say(ledger, holding, under_way, ACCEPTED)
    ledger.give_back(holding)
    assert states(house, campaign.id)[D.PLANNED] == 1
    assert_counts_add_up(house, campaign.id)


def test_a_batch_that_waited_only_for_its_doubts_is_done_once_they_are_settled(
    house: House, ledger: Ledger
) -> None:
    campaign = frozen(house, UncertainPolicy.RESEND, readers=1)
    holding = taken(ledger)
    intend(ledger, holding)
    lose(house, holding, A_WHILE)
    assert batch_now(house, holding).state is BatchState.READY

    settled(house, Scope(campaign.id), D.ACCEPTED)

    assert batch_now(house, holding).state is BatchState.DONE
    with house.database.writing() as session:
        assert finish_campaigns(session, house.herald) == 1


@pytest.mark.parametrize("late", [ACCEPTED, NEVER, LATER], ids=lambda outcome: outcome.verdict.value)
def test_a_late_reply_does_not_overrule_a_person(house: House, ledger: Ledger, late: Outcome) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=2)
    holding = taken(ledger)
    first, second = intend(ledger, holding), intend(ledger, holding, 1)
    lose(house, holding)
    settled(house, Scope(campaign.id, first.subscriber_id), D.FAILED)
    sent_again(house, Scope(campaign.id, second.subscriber_id))

    for recipient in (first, second):
        ledger.post([wish(holding, after=Result(holding, recipient, late))])

    assert [row.state for row in deliveries_of(house, campaign.id)] == [D.FAILED, D.PLANNED]
    assert_counts_add_up(house, campaign.id)


def test_a_cancelled_campaign_sends_nothing_again_but_can_be_settled(
    house: House, ledger: Ledger, rings: Rings
) -> None:
    campaign = in_doubt(house, ledger)
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).state = CampaignState.CANCELLED
    rings.heard.clear()

    with pytest.raises(Conflict, match="cancelled"):
        sent_again(house, Scope(campaign.id))

    assert states(house, campaign.id) == {D.UNCERTAIN: 3}
    assert rings.jobs == []
    assert settled(house, Scope(campaign.id), D.FAILED) == 3
    assert_counts_add_up(house, campaign.id)


def test_a_paused_campaign_stays_paused(house: House, ledger: Ledger, rings: Rings) -> None:
    campaign = in_doubt(house, ledger)
    rings.heard.clear()
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).state = CampaignState.PAUSED

    assert sent_again(house, Scope(campaign.id)) == 3

    assert campaign_now(house, campaign.id).state is CampaignState.PAUSED
    assert rings.jobs == []
    assert_counts_add_up(house, campaign.id)


def test_letters_of_a_divided_batch_are_found_in_both_halves(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=4)
    for _time in range(2):
        lose(house, taken(ledger))
    holding = taken(ledger)
    intend(ledger, holding, 0)
    intend(ledger, holding, 3)
    lose(house, holding)
    assert [batch.uncertain for batch in batches_of(house, campaign.id)] == [1, 1]

    assert settled(house, Scope(campaign.id), D.ACCEPTED) == 2

    assert_counts_add_up(house, campaign.id)


def test_letters_that_go_out_again_by_themselves_say_when(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.RESEND, readers=2)
    holding = taken(ledger)
    intend(ledger, holding)
    intend(ledger, holding, 1)
    lose(house, holding, A_WHILE)
    first, last = deliveries_of(house, campaign.id)
    with house.database.writing() as session:
        session.execute(
            update(Delivery).where(Delivery.subscriber_id == last.subscriber_id).values(resends=MAX_RESENDS)
        )

    doubts = shown(house, campaign)

    assert [doubt.due_at for doubt in doubts] == [first.next_at, None]
    assert [(doubt.attempt, doubt.since) for doubt in doubts] == [(1, first.changed_at)] * 2
    assert {doubt.detail for doubt in doubts} == {"the worker stopped while this letter was under way"}


def test_letters_that_are_held_wait_for_a_person(house: House, ledger: Ledger) -> None:
    campaign = in_doubt(house, ledger, readers=3)

    assert [doubt.due_at for doubt in shown(house, campaign)] == [None, None, None]
    assert shown(house, campaign, 2) == shown(house, campaign)[:2]
    with house.database.reading() as session:
        assert count_in_doubt(session, Scope(campaign.id)) == 3


def test_a_reader_the_campaign_never_had_is_not_found(house: House, ledger: Ledger) -> None:
    campaign = in_doubt(house, ledger, readers=1)
    with house.database.reading() as session:
        reader = session.scalars(select(Subscriber)).one()
        assert find_letter(session, campaign.id, reader.public_id).subscriber_id == reader.id

        with pytest.raises(NotFound, match="nobody"):
            find_letter(session, campaign.id, "nobody")
