"""Fixing the audience: everybody once, whatever happens meanwhile."""

from itertools import pairwise

import pytest
from sqlalchemy import select

from newsletter.audience.consents import Words
from newsletter.audience.subscribing import leave_section
from newsletter.delivery import freezing
from newsletter.delivery.freezing import campaigns_to_freeze, freeze_audience
from newsletter.delivery.ledger import Ledger
from newsletter.domain.errors import BrokenPromise
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.jobs import Job
from newsletter.models import Batch, Campaign, Delivery, Publication, Section, Subscriber
from newsletter.wiring import House
from tests.conftest import Rings
from tests.support.factories import NOW, make_campaign, make_subscriber
from tests.support.ledgers import assert_counts_add_up, states


def freeze(house: House, campaign: Campaign, batch_size: int = 4) -> None:
    freeze_audience(house.database, house.bell, campaign.id, batch_size)


def reload(house: House, campaign: Campaign) -> Campaign:
    with house.database.reading() as session:
        return session.get_one(Campaign, campaign.id)


def test_every_follower_gets_one_row_in_one_batch(house: House, rings: Rings) -> None:
    campaign = make_campaign(house, readers=10)

    freeze(house, campaign)

    frozen = reload(house, campaign)
    assert (frozen.state, frozen.total) == (CampaignState.SENDING, 10)
    assert states(house, campaign.id) == {DeliveryState.PLANNED: 10}
    with house.database.reading() as session:
        batches = session.scalars(select(Batch).order_by(Batch.low)).all()
    assert [batch.total for batch in batches] == [4, 4, 2]
    assert all(one.high < two.low for one, two in pairwise(batches))
    assert rings.jobs[-1] is Job.SEND
    assert_counts_add_up(house, campaign.id)


def test_freezing_twice_changes_nothing(house: House) -> None:
    campaign = make_campaign(house, readers=5)

    freeze(house, campaign)
    freeze(house, campaign, batch_size=3)

    assert_counts_add_up(house, campaign.id)
    assert states(house, campaign.id).total() == 5


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_freeze_that_was_killed_goes_on_where_it_stopped(house: House, steps: int) -> None:
    campaign = make_campaign(house, readers=10)
    freezing._mark_the_end(house.database, campaign.id)
    for _step in range(steps):
        freezing._freeze_one_batch(house.database, campaign.id, 4)

    with house.database.reading() as session:
        assert campaigns_to_freeze(session) == [campaign.id]
    freeze(house, campaign)

    assert states(house, campaign.id) == {DeliveryState.PLANNED: 10}
    assert_counts_add_up(house, campaign.id)


def test_nothing_is_sent_while_counts_do_not_agree(house: House, ledger: Ledger) -> None:
    campaign = make_campaign(house, readers=5)
    freezing._mark_the_end(house.database, campaign.id)
    while freezing._freeze_one_batch(house.database, campaign.id, 4):
        pass
    with house.database.writing() as session:
        session.delete(session.scalars(select(Delivery)).first())

    with pytest.raises(BrokenPromise):
        freezing._start_sending(house.database, house.bell, campaign.id)

    assert reload(house, campaign).state is CampaignState.FREEZING
    assert ledger.lease("a worker") is None


def test_who_subscribes_after_the_start_is_not_in_this_audience(house: House) -> None:
    campaign = make_campaign(house, readers=3)
    freezing._mark_the_end(house.database, campaign.id)
    with house.database.writing() as session:
        section = session.get_one(Section, campaign.section_id)
        make_subscriber(session, session.get_one(Publication, section.publication_id), section)

    freeze(house, campaign)

    assert reload(house, campaign).total == 3


def test_who_left_before_the_freeze_is_not_in_the_audience(house: House) -> None:
    campaign = make_campaign(house, readers=3)
    with house.database.writing() as session:
        reader = session.scalars(select(Subscriber)).first()
        assert reader is not None
        leave_section(session, reader, session.get_one(Section, campaign.section_id), Words("", ""), NOW)

    freeze(house, campaign)

    assert reload(house, campaign).total == 2


def test_a_campaign_to_nobody_is_finished_at_once(house: House) -> None:
    campaign = make_campaign(house, readers=0)

    freeze(house, campaign)

    assert reload(house, campaign).state is CampaignState.FINISHED


def test_a_campaign_that_is_spread_leaves_in_many_parts_one_after_another(house: House) -> None:
    campaign = make_campaign(house, readers=240)
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).spread_over = 3600

    freeze(house, campaign, batch_size=100)

    with house.database.reading() as session:
        batches = session.scalars(select(Batch).order_by(Batch.low)).all()
    waits = [(batch.due_at - campaign.due_at).total_seconds() for batch in batches]
    assert (len(waits), waits[0]) == (120, 0.0)
    assert waits == sorted(waits)
    assert all(20 < two - one < 40 for one, two in pairwise(waits))
    assert waits[-1] < 3600
    assert_counts_add_up(house, campaign.id)
