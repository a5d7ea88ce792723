"""Pause, resume, cancel, try again, top up: each at once, exact, repeatable, and written down."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import select

from newsletter.accounts.audit import Actor, deeds_on
from newsletter.delivery.bounces import file_bounces
from newsletter.delivery.control import Control, _plan_failed, skip_cancelled
from newsletter.delivery.entries import Entry, Passage, Result
from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.ledger import Ledger
from newsletter.domain.errors import Conflict
from newsletter.domain.outcomes import Meaning, Outcome, Reply
from newsletter.domain.refusals import CONSEQUENCES
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Batch, Campaign, Delivery, Publication, Section
from newsletter.wiring import House
from tests.delivery.worker import ACCEPTED, LATER, UNCERTAIN, frozen, intend, say, taken, wish
from tests.support.factories import make_readers
from tests.support.ledgers import assert_counts_add_up, batches_of, campaign_now, states

D = DeliveryState


def refused(meaning: Meaning) -> Outcome:
    return Outcome(*CONSEQUENCES[meaning], Reply(550, "5.0.0", "no"), meaning)


NO_MAILBOX, FULL = refused(Meaning.NO_MAILBOX), refused(Meaning.MAILBOX_CLOSED)


@pytest.fixture
def ledger(house: House) -> Iterator[Ledger]:
    with closing(house.ledger()) as ledger:
        yield ledger


@pytest.fixture
def campaign(house: House) -> Campaign:
    return frozen(house, readers=6, batch_size=4)


@pytest.fixture
def control(house: House, campaign: Campaign) -> Control:
    return Control(house.database, house.bell, campaign.id, Actor("a tester"))


def deeds(house: House, campaign: Campaign) -> list[str]:
    with house.database.reading() as session:
        return [deed.action for deed in reversed(deeds_on(session, f"campaign {campaign.public_id}"))]


def send(ledger: Ledger, *outcomes: Outcome) -> None:
    """The letters of the next batch end so, in their order."""
    holding = taken(ledger)
    for recipient, outcome in zip(holding.recipients, outcomes, strict=True):
        ledger.post([Entry(Result(holding, recipient, outcome))])
    ledger.give_back(holding)


def test_nothing_leaves_once_it_is_paused_until_it_is_resumed(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    holding = taken(ledger)

    assert control.pause()
    assert ledger.post([wish(holding)]) == [Passage.STOP]
    assert not control.pause()

    assert control.resume()
    assert ledger.post([wish(holding)]) == [Passage.OPEN]
    assert not control.resume()
    assert deeds(house, campaign) == ["pause", "resume"]


def test_nothing_leaves_once_it_is_cancelled_and_everybody_left_is_skipped(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    holding = taken(ledger)
    first = intend(ledger, holding)

    assert control.cancel()
    assert ledger.post([wish(holding, 1)]) == [Passage.STOP]
    say(ledger, holding, first, ACCEPTED)
    ledger.give_back(holding)
    skip_cancelled(house.database)

    assert states(house, campaign.id) == {D.ACCEPTED: 1, D.SKIPPED: 5}
    assert_counts_add_up(house, campaign.id)
    assert not control.cancel()
    assert skip_cancelled(house.database) == 0
    assert deeds(house, campaign) == ["cancel"]


def test_a_letter_in_doubt_stays_so_when_its_campaign_is_cancelled(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, UNCERTAIN, LATER, ACCEPTED, FULL)
    control.cancel()

    skip_cancelled(house.database)

    assert states(house, campaign.id) == {D.UNCERTAIN: 1, D.ACCEPTED: 1, D.FAILED: 1, D.SKIPPED: 3}
    assert_counts_add_up(house, campaign.id)


def test_a_batch_in_somebodys_hands_is_left_to_them(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    taken(ledger)
    control.cancel()

    assert skip_cancelled(house.database) == 2
    assert states(house, campaign.id) == {D.PLANNED: 4, D.SKIPPED: 2}


def test_a_cancelled_campaign_can_go_on(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, ACCEPTED, ACCEPTED, FULL, LATER)
    control.cancel()
    skip_cancelled(house.database)

    assert control.resume()

    assert states(house, campaign.id) == {D.ACCEPTED: 2, D.FAILED: 1, D.PLANNED: 3}
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING
    assert_counts_add_up(house, campaign.id)
    assert deeds(house, campaign) == ["cancel", "resume"]


def test_what_failed_is_tried_again_except_where_there_is_no_mailbox(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, ACCEPTED, FULL, NO_MAILBOX, FULL)
    send(ledger, ACCEPTED, ACCEPTED)
    house.sweep("a sweeper").run()
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED

    assert control.try_again(3600) == 2

    assert states(house, campaign.id) == {D.ACCEPTED: 3, D.FAILED: 1, D.PLANNED: 2}
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING
    assert_counts_add_up(house, campaign.id)
    assert control.try_again(3600) == 0
    assert [each.refusals for each in taken(ledger).recipients] == [0, 0]
    assert deeds(house, campaign) == ["try again"]


def test_what_failed_before_anybody_filed_it_is_filed_all_the_same(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, ACCEPTED, FULL, NO_MAILBOX, FULL)

    control.try_again(3600)

    assert file_bounces(house.database, house.hasher) == 1


def test_trying_again_goes_on_where_it_was_killed(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, ACCEPTED, FULL, ACCEPTED, FULL)
    send(ledger, ACCEPTED, ACCEPTED)
    control._each_batch(Batch.failed > 0, _plan_failed)
    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED

    assert control.try_again(3600) == 0

    assert campaign_now(house, campaign.id).state is CampaignState.SENDING
    assert len(taken(ledger).recipients) == 2


def test_a_campaign_that_is_tried_again_is_young_again(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    control.try_again(3600)

    holding = taken(ledger)
    assert holding.give_up_after is not None
    assert 3600 <= holding.give_up_after.total_seconds() < 3700


def test_those_who_came_since_get_it_too(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, *[ACCEPTED] * 4)
    send(ledger, *[ACCEPTED] * 2)
    with house.database.writing() as session:
        publication = session.scalars(select(Publication)).one()
        make_readers(session, publication, session.scalars(select(Section)).one(), 3, ("example.org",))

    assert control.top_up() == 3

    freeze_audience(house.database, house.bell, campaign.id, 4)
    now = campaign_now(house, campaign.id)
    assert (now.state, now.total) == (CampaignState.SENDING, 9)
    assert states(house, campaign.id) == {D.ACCEPTED: 6, D.PLANNED: 3}
    assert_counts_add_up(house, campaign.id)
    assert control.top_up() == 0
    assert deeds(house, campaign) == ["top up"]


def test_those_who_were_known_but_did_not_follow_yet_get_it_too(
    house: House, campaign: Campaign, control: Control, ledger: Ledger
) -> None:
    send(ledger, *[ACCEPTED] * 4)
    send(ledger, *[ACCEPTED] * 2)
    with house.database.writing() as session:
        first = session.merge(batches_of(house, campaign.id)[0])
        first.total = first.accepted = 3
        session.delete(session.scalars(select(Delivery).order_by(Delivery.subscriber_id)).first())

    assert control.top_up() == 1

    assert states(house, campaign.id) == {D.ACCEPTED: 5, D.PLANNED: 1}
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING
    assert_counts_add_up(house, campaign.id)


def test_a_cancelled_campaign_is_resumed_first(control: Control) -> None:
    control.cancel()

    with pytest.raises(Conflict, match="It was cancelled"):
        control.try_again(1)
    with pytest.raises(Conflict, match="It was cancelled"):
        control.top_up()


def test_a_paused_campaign_is_resumed_before_it_is_topped_up(control: Control) -> None:
    control.pause()

    with pytest.raises(Conflict, match="Resume it first"):
        control.top_up()
