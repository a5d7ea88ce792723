"""The sweeper finds what nobody was woken for."""

from datetime import timedelta

from sqlalchemy import select, update

from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.ledger import Ledger
from newsletter.domain.states import BatchState, CampaignState
from newsletter.jobs import Job
from newsletter.models import Batch, Campaign, Notice, Worker
from newsletter.wiring import House
from tests.conftest import Rings
from tests.support.factories import NOW, make_campaign


def sweep(house: House, rings: Rings) -> list[Job]:
    rings.heard.clear()
    house.sweep("a worker").run()
    return rings.jobs


def test_a_lost_bell_of_a_new_campaign_is_rung_again(house: House, rings: Rings) -> None:
    campaign = make_campaign(house)

    assert sweep(house, rings) == [Job.FREEZE]
    assert rings.heard == [(Job.FREEZE, (campaign.id,))]


def test_a_batch_that_is_due_is_rung_for_until_it_is_leased(
    house: House, rings: Rings, ledger: Ledger
) -> None:
    campaign = make_campaign(house)
    freeze_audience(house.database, house.bell, campaign.id, 100)

    assert sweep(house, rings) == [Job.SEND]
    ledger.lease("one")
    assert sweep(house, rings) == []


def test_a_batch_that_is_not_due_yet_wakes_nobody(house: House, rings: Rings) -> None:
    campaign = make_campaign(house)
    freeze_audience(house.database, house.bell, campaign.id, 100)
    with house.database.writing() as session:
        session.execute(update(Batch).values(due_at=house.now() + timedelta(hours=1)))

    assert sweep(house, rings) == []


def test_an_expired_lease_is_taken_back_and_rung_for(house: House, rings: Rings, ledger: Ledger) -> None:
    campaign = make_campaign(house)
    freeze_audience(house.database, house.bell, campaign.id, 100)
    ledger.lease("one")
    with house.database.writing() as session:
        session.execute(update(Batch).values(lease_until=NOW - timedelta(days=1)))

    assert sweep(house, rings) == [Job.SEND]
    with house.database.reading() as session:
        assert session.scalars(select(Batch.state)).one() is BatchState.READY


def test_a_waiting_notice_is_rung_for(house: House, rings: Rings) -> None:
    campaign = make_campaign(house, readers=0)
    freeze_audience(house.database, house.bell, campaign.id, 100)
    with house.database.writing() as session:
        session.add(
            Notice(publication_id=campaign.publication_id, kind="welcome", next_at=NOW, created_at=NOW)
        )

    assert sweep(house, rings) == [Job.NOTICES]


def test_a_campaign_without_open_batches_is_finished(house: House, rings: Rings) -> None:
    campaign = make_campaign(house)
    freeze_audience(house.database, house.bell, campaign.id, 100)
    with house.database.writing() as session:
        session.execute(update(Batch).values(state=BatchState.DONE))

    sweep(house, rings)

    with house.database.reading() as session:
        finished = session.get_one(Campaign, campaign.id)
    assert finished.state is CampaignState.FINISHED
    assert finished.finished_at is not None


def test_every_sweep_is_a_sign_of_life(house: House, rings: Rings) -> None:
    sweep(house, rings)
    with house.database.reading() as session:
        first = session.scalars(select(Worker)).one()

    sweep(house, rings)

    with house.database.reading() as session:
        again = session.scalars(select(Worker)).one()
    assert again.started_at == first.started_at
    assert again.seen_at > first.seen_at
