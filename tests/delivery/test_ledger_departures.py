"""Whoever leaves or is suppressed after a batch was loaded: a second look, and no letter."""

import pytest
from sqlalchemy import select

from newsletter.audience.consents import Words
from newsletter.audience.subscribing import leave_section
from newsletter.delivery.entries import Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.domain.states import DeliveryState
from newsletter.models import Campaign, Departure, Section, Subscriber
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    batch_now,
    complain,
    frozen,
    intend,
    leave,
    lose,
    rest,
    row_now,
    say,
    taken,
    wish,
)
from tests.support.factories import NOW
from tests.support.ledgers import assert_counts_add_up, states

D = DeliveryState


@pytest.mark.parametrize(
    "go",
    [leave, lambda house, _holding, who: complain(house, who), lambda house, _holding, who: rest(house, who)],
    ids=["left", "suppressed", "paused"],
)
def test_whoever_goes_after_the_batch_was_loaded_gets_no_letter(
    house: House, campaign: Campaign, ledger: Ledger, go
) -> None:
    holding = taken(ledger)
    goer, stayer = holding.recipients[0], holding.recipients[1]
    go(house, holding, goer)

    assert ledger.post([wish(holding, 0), wish(holding, 1)]) == [Passage.LOOK_AGAIN] * 2
    assert batch_now(house, holding).in_flight == ""

    gone = ledger.look_again(holding, [goer.subscriber_id, stayer.subscriber_id])

    assert set(gone) == {goer.subscriber_id}
    assert states(house, campaign.id) == {D.SKIPPED: 1, D.PLANNED: 2}
    assert ledger.post([wish(holding, 0), wish(holding, 1)]) == [Passage.SKIP, Passage.OPEN]
    assert set(holding.in_flight) == {stayer.subscriber_id}
    assert_counts_add_up(house, campaign.id)


def test_why_somebody_is_skipped_is_written_down(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    leave(house, holding, holding.recipients[0])
    complain(house, holding.recipients[1])
    rest(house, holding.recipients[2])

    ledger.look_again(holding, {each.subscriber_id for each in holding.recipients})

    rows = [row_now(house, holding, each) for each in holding.recipients]
    assert [(row.state, row.detail) for row in rows] == [
        (D.SKIPPED, "left"),
        (D.SKIPPED, "suppressed"),
        (D.SKIPPED, "paused"),
    ]


def test_results_are_taken_also_when_somebody_left(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    first = intend(ledger, holding, 0)
    leave(house, holding, holding.recipients[2])

    answers = ledger.post([wish(holding, 1, after=Result(holding, first, ACCEPTED))])

    assert answers == [Passage.LOOK_AGAIN]
    assert row_now(house, holding, first).state is D.ACCEPTED
    assert (batch_now(house, holding).in_flight, holding.in_flight) == ("", {})


def test_somebody_unrelated_who_leaves_costs_a_second_look_and_no_more(house: House, ledger: Ledger) -> None:
    frozen(house)
    campaign = frozen(house)
    holdings = [taken(ledger), taken(ledger)]
    mine = next(each for each in holdings if each.lease.campaign_id == campaign.id)
    other = next(each for each in holdings if each is not mine)
    leave(house, other, other.recipients[0])

    assert ledger.post([wish(mine)]) == [Passage.LOOK_AGAIN]
    assert not ledger.look_again(mine, [each.subscriber_id for each in mine.recipients])
    assert ledger.post([wish(mine)]) == [Passage.OPEN]
    assert states(house, campaign.id) == {D.PLANNED: 3}


def test_a_second_look_whose_answer_was_lost_says_the_same_again(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    waiting = [each.subscriber_id for each in holding.recipients]
    leave(house, holding, holding.recipients[0])

    looks = [set(ledger.look_again(holding, waiting)) for _ in range(2)]

    assert looks == [{waiting[0]}] * 2
    assert_counts_add_up(house, campaign.id)


def test_whoever_leaves_while_their_letter_is_under_way_is_not_skipped(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    """The queue that is looked through may be older than the newest intent."""
    holding = taken(ledger)
    under_way = intend(ledger, holding, 0)
    leave(house, holding, under_way)

    gone = ledger.look_again(holding, [each.subscriber_id for each in holding.recipients])
    say(ledger, holding, under_way, ACCEPTED)

    assert not gone
    assert row_now(house, holding, under_way).state is D.ACCEPTED
    assert_counts_add_up(house, campaign.id)


def test_a_refusal_of_somebody_who_was_skipped_meanwhile_changes_nothing(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    leaver = holding.recipients[0]
    leave(house, holding, leaver)
    ledger.look_again(holding, [leaver.subscriber_id])

    say(ledger, holding, leaver, LATER)

    row = row_now(house, holding, leaver)
    assert (row.state, row.attempt, row.detail) == (D.SKIPPED, 0, "left")
    assert_counts_add_up(house, campaign.id)


def test_a_second_look_under_a_lost_lease_lets_nobody_through(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    waiting = {each.subscriber_id for each in holding.recipients}
    lose(house, holding)

    assert set(ledger.look_again(holding, waiting)) == waiting
    assert holding.is_fenced
    assert states(house, campaign.id) == {D.PLANNED: 3}


def test_whoever_left_before_the_batch_is_loaded_is_skipped_there(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    with house.database.writing() as session:
        reader = session.scalars(select(Subscriber).order_by(Subscriber.id)).first()
        assert reader is not None
        leave_section(session, reader, session.get_one(Section, campaign.section_id), Words("", ""), NOW)

    holding = taken(ledger)

    assert reader.id not in {each.subscriber_id for each in holding.recipients}
    assert states(house, campaign.id) == {D.SKIPPED: 1, D.PLANNED: 2}
    assert ledger.post([wish(holding)]) == [Passage.OPEN]
    assert_counts_add_up(house, campaign.id)


def test_a_deferred_reader_who_leaves_is_skipped(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    leaver = holding.recipients[0]
    say(ledger, holding, leaver, LATER)
    ledger.give_back(holding)
    leave(house, holding, leaver)

    again = taken(ledger)

    assert row_now(house, again, leaver).state is D.SKIPPED
    assert batch_now(house, again).deferred == 0
    assert_counts_add_up(house, campaign.id)


def test_a_departure_is_newer_than_every_one_before(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    for index in range(2):
        leave(house, holding, holding.recipients[index])
        ledger.look_again(holding, [])

    with house.database.reading() as session:
        newest = session.scalars(select(Departure.id).order_by(Departure.id.desc())).first()
    assert holding.departures == newest
    assert ledger.post([wish(holding, 2)]) == [Passage.OPEN]
