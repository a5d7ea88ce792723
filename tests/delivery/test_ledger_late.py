"""Outcomes that come when the lease is lost: a known reply is never thrown away, an old one says nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.delivery.entries import Entry, Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.posting import read_in_flight
from newsletter.domain.outcomes import Outcome
from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign, Delivery
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    NEVER,
    UNCERTAIN,
    UNTOUCHED,
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
from tests.support.ledgers import assert_counts_add_up, batches_of, campaign_now, states

D = DeliveryState
A_WHILE = timedelta(hours=1)


def named(value: object) -> str:
    return value.verdict.value if isinstance(value, Outcome) else str(value)


@pytest.mark.parametrize(
    ("outcome", "state", "refusals"),
    [(ACCEPTED, D.ACCEPTED, 0), (LATER, D.DEFERRED, 1), (NEVER, D.FAILED, 1), (UNTOUCHED, D.PLANNED, 0)],
    ids=named,
)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["batch ready", "batch with another worker"])
def test_a_known_reply_counts_even_after_the_lease_is_lost(
    house: House,
    campaign: Campaign,
    ledger: Ledger,
    outcome: Outcome,
    state: DeliveryState,
    refusals: int,
    elsewhere: bool,
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding, A_WHILE)
    if elsewhere:
        taken(ledger, "two")

    answers = ledger.post([wish(holding, 1, after=Result(holding, recipient, outcome))])

    row = row_now(house, holding, recipient)
    assert answers == [Passage.FENCED]
    assert (row.state, row.attempt, row.refusals) == (state, 1, refusals)
    assert (row.code, row.detail) == (
        outcome.reply.code if outcome.reply else None,
        str(outcome.reply) if outcome.reply else None,
    )
    assert (row.next_at is not None) == (state is D.DEFERRED)
    assert batch_now(house, holding).sending == 0
    assert_counts_add_up(house, campaign.id)


def test_a_late_reply_counts_once(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding, A_WHILE)

    for _time in range(3):
        say(ledger, holding, recipient, LATER)

    row = row_now(house, holding, recipient)
    assert (row.state, row.refusals) == (D.DEFERRED, 1)
    assert_counts_add_up(house, campaign.id)


def test_a_late_doubt_is_no_news(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding, A_WHILE)
    before = row_now(house, holding, recipient)

    say(ledger, holding, recipient, UNCERTAIN)

    after = row_now(house, holding, recipient)
    assert (after.state, after.next_at, after.detail) == (D.UNCERTAIN, before.next_at, before.detail)
    assert_counts_add_up(house, campaign.id)


def test_the_reply_of_an_older_try_says_nothing_of_a_newer_one(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding)
    again = taken(ledger, "two")
    newer = intend(ledger, again)
    assert newer.subscriber_id == recipient.subscriber_id

    say(ledger, holding, recipient, NEVER)

    assert newer.attempt == recipient.attempt + 1
    assert row_now(house, again, newer).state is D.PLANNED
    assert list(read_in_flight(batch_now(house, again).in_flight)) == [newer.subscriber_id]
    assert_counts_add_up(house, campaign.id)


def test_the_reply_of_an_older_try_does_not_settle_the_doubt_of_a_newer_one(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding)
    again = taken(ledger, "two")
    newer = intend(ledger, again)
    lose(house, again, A_WHILE)

    say(ledger, holding, recipient, NEVER)
    assert row_now(house, again, newer).state is D.UNCERTAIN

    say(ledger, again, newer, ACCEPTED)
    assert row_now(house, again, newer).state is D.ACCEPTED
    assert_counts_add_up(house, campaign.id)


def test_a_refusal_before_the_body_does_not_settle_the_doubt_of_a_body_that_left_later(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    refused = holding.recipients[0]
    lose(house, holding)
    again = taken(ledger, "two")
    same = intend(ledger, again)
    lose(house, again, A_WHILE)
    assert (same.subscriber_id, same.attempt) == (refused.subscriber_id, refused.attempt)

    say(ledger, holding, refused, LATER)

    assert row_now(house, again, same).state is D.UNCERTAIN
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("late", [LATER, UNTOUCHED], ids=["refused for now", "never began"])
def test_a_late_refusal_opens_a_batch_that_seemed_done(house: House, ledger: Ledger, late: Outcome) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding)
    with house.database.writing() as session:
        finish_campaigns(session, house.herald)
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED

    say(ledger, holding, recipient, late)

    revived = campaign_now(house, campaign.id)
    assert batch_now(house, holding).state is BatchState.READY
    assert (revived.state, revived.finished_at) == (CampaignState.SENDING, None)
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("late", [ACCEPTED, NEVER], ids=named)
def test_a_late_end_leaves_a_finished_campaign_finished(house: House, ledger: Ledger, late: Outcome) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding)
    with house.database.writing() as session:
        finish_campaigns(session, house.herald)

    say(ledger, holding, recipient, late)

    assert row_now(house, holding, recipient).state is not D.UNCERTAIN
    assert batch_now(house, holding).state is BatchState.DONE
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    assert_counts_add_up(house, campaign.id)


def test_a_late_refusal_does_not_wake_a_campaign_that_was_cancelled(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding)
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).state = CampaignState.CANCELLED

    say(ledger, holding, recipient, LATER)

    assert row_now(house, holding, recipient).state is D.DEFERRED
    assert campaign_now(house, campaign.id).state is CampaignState.CANCELLED


def test_a_late_reply_finds_the_half_its_letter_is_in(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=4)
    for _time in range(2):
        lose(house, taken(ledger))
    holding = taken(ledger)
    first, last = intend(ledger, holding, 0), intend(ledger, holding, 3)
    lose(house, holding, A_WHILE)
    lower, upper = batches_of(house, campaign.id)
    assert (lower.uncertain, upper.uncertain) == (1, 1)

    ledger.post([Entry(Result(holding, first, NEVER)), Entry(Result(holding, last, ACCEPTED))])

    lower, upper = batches_of(house, campaign.id)
    assert (lower.failed, lower.uncertain, upper.accepted, upper.uncertain) == (1, 0, 1, 0)
    assert_counts_add_up(house, campaign.id)


def test_a_result_that_was_posted_before_the_lease_ran_out_is_not_late(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    """The answer to the commit was lost, and the post is repeated when the batch is somebody else's."""
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    entry = wish(holding, 1, after=Result(holding, recipient, LATER))
    assert ledger.post([entry]) == [Passage.OPEN]
    lose(house, holding, A_WHILE)

    assert ledger.post([entry]) == [Passage.FENCED]

    row = row_now(house, holding, recipient)
    assert (row.state, row.refusals) == (D.DEFERRED, 1)
    assert states(house, campaign.id) == {D.DEFERRED: 1, D.UNCERTAIN: 1, D.PLANNED: 1}
    assert_counts_add_up(house, campaign.id)


def test_in_doubt_under_resend_is_sent_again_and_the_copy_is_recorded(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    say(ledger, holding, recipient, UNCERTAIN)
    ledger.give_back(holding)

    again = taken(ledger, "two")

    found = next(each for each in again.recipients if each.subscriber_id == recipient.subscriber_id)
    assert found.attempt == recipient.attempt + 1
    assert (batch_now(house, again).resends, row_now(house, again, found).resends) == (1, 1)
    assert_counts_add_up(house, campaign.id)


def test_letters_in_doubt_are_not_repeated_without_end(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=1)
    for _time in range(MAX_RESENDS + 1):
        holding = taken(ledger)
        say(ledger, holding, intend(ledger, holding), UNCERTAIN)
        ledger.give_back(holding)

    assert ledger.lease("one") is None
    with house.database.reading() as session:
        row = session.scalars(select(Delivery)).one()
    assert (row.state, row.resends) == (D.UNCERTAIN, MAX_RESENDS)
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    assert_counts_add_up(house, campaign.id)


def test_a_lease_that_ran_out_unnoticed_takes_its_results_as_usual(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    recipients = [intend(ledger, holding, index) for index in range(3)]
    expire(house, holding)

    for recipient, outcome in zip(recipients, (LATER, UNCERTAIN, UNTOUCHED), strict=True):
        say(ledger, holding, recipient, outcome)

    assert states(house, campaign.id) == {D.DEFERRED: 1, D.UNCERTAIN: 1, D.PLANNED: 1}
    assert batch_now(house, holding).sending == 0
    assert_counts_add_up(house, campaign.id)
