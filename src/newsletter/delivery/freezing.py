"""Fixing the audience: one delivery row per eligible subscriber, in batches of id ranges.

Each step is one transaction that moves the campaign's mark forward from where it found it. A step
that is repeated, or run by two workers at once, finds the mark moved and changes nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import Integer, Select, func, insert, literal, select, update
from sqlalchemy.orm import Session

from newsletter.audience.segments import eligible_followers
from newsletter.database import Database, clock, rows_changed
from newsletter.domain.errors import BrokenPromise
from newsletter.domain.states import BatchState, CampaignState, DeliveryState
from newsletter.jobs import Bell, Job
from newsletter.models import Batch, Campaign, Delivery, Subscriber
from newsletter.models.delivery import DeliveryStateNumber

_PARTS = 120


def freeze_audience(database: Database, bell: Bell, campaign_id: int, batch_size: int) -> None:
    """Make the deliveries of a campaign, then let it send. Safe to repeat and to be killed at any point."""
    _mark_the_end(database, campaign_id)
    batch_size = _size_of_batches(database, campaign_id, batch_size)
    while _freeze_one_batch(database, campaign_id, batch_size):
        pass
    _start_sending(database, bell, campaign_id)


def _mark_the_end(database: Database, campaign_id: int) -> None:
    """Whoever subscribes from now on is not part of this audience."""
    with database.writing() as session:
        newest = session.scalar(select(func.max(Subscriber.id))) or 0
        session.execute(
            update(Campaign)
            .where(
                Campaign.id == campaign_id,
                Campaign.state == CampaignState.FREEZING,
                Campaign.audience_through.is_(None),
            )
            .values(audience_through=newest)
        )


def _freeze_one_batch(database: Database, campaign_id: int, batch_size: int) -> bool:
    with database.writing() as session:
        campaign = session.get(Campaign, campaign_id, with_for_update=True)
        if campaign is None or campaign.state is not CampaignState.FREEZING:
            return False
        ids = session.scalars(_next_ids(campaign).limit(batch_size)).all()
        if not ids:
            return False
        low, high = campaign.frozen_through + 1, ids[-1]
        inserted = session.execute(
            insert(Delivery).from_select(delivery_columns(), _rows(campaign, high)),
            execution_options={"preserve_rowcount": True},
        )
        count = rows_changed(inserted)
        session.add(
            Batch(
                campaign_id=campaign_id,
                low=low,
                high=high,
                total=count,
                state=BatchState.READY,
                due_at=_due_at(campaign, low),
            )
        )
        campaign.frozen_through = high
        return True


def _size_of_batches(database: Database, campaign_id: int, most: int) -> int:
    """A campaign that is spread over hours leaves in many small parts."""
    with database.reading() as session:
        campaign = session.get(Campaign, campaign_id)
        if campaign is None or not campaign.spread_over:
            return most
        readers = session.scalar(select(func.count()).select_from(_next_ids(campaign).subquery())) or 0
    return max(1, min(most, -(-readers // _PARTS)))


def _due_at(campaign: Campaign, low: int) -> datetime:
    """When the part that begins with this subscriber is to leave: ids stand for the audience."""
    share = (low - 1) / max(1, campaign.audience_through or 0)
    return campaign.due_at + timedelta(seconds=campaign.spread_over * share)


def _start_sending(database: Database, bell: Bell, campaign_id: int) -> None:
    with database.writing() as session:
        campaign = session.get(Campaign, campaign_id, with_for_update=True)
        if campaign is None or campaign.state is not CampaignState.FREEZING:
            return
        if session.scalar(select(_next_ids(campaign).exists())):
            return  # somebody else moved the mark back or is still at it; the sweeper calls again
        total = session.scalar(
            select(func.coalesce(func.sum(Batch.total), 0)).where(Batch.campaign_id == campaign_id)
        )
        rows = session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.campaign_id == campaign_id)
        )
        if rows is None or rows != total:
            raise BrokenPromise(f"campaign {campaign_id}: {rows} deliveries but batches for {total}")
        _begin(campaign, rows, clock(session))
        bell.ring_after_commit(session, Job.SEND)


def _begin(campaign: Campaign, total: int, now: datetime) -> None:
    campaign.total = total
    campaign.audience_frozen_at = now
    campaign.state = CampaignState.SENDING
    if total == 0:
        campaign.state = CampaignState.FINISHED
        campaign.finished_at = now


def _next_ids(campaign: Campaign) -> Select[int]:
    return _rest_of_audience(campaign, campaign.audience_through or 0).order_by(Subscriber.id)


def _rest_of_audience(campaign: Campaign, high: int) -> Select[int]:
    """Followers behind the mark; of a correction those who have the letter it corrects, or may have it.

    Every table is asked for that range alone, so that the cost of a step does not grow with the list.
    """
    span = (campaign.frozen_through + 1, high)
    followers = eligible_followers(campaign.section_id, span)
    if campaign.corrects_id is None:
        return followers
    have_it = select(Delivery.subscriber_id).where(
        Delivery.campaign_id == campaign.corrects_id,
        Delivery.subscriber_id.between(*span),
        Delivery.state.in_((DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN)),
    )
    return followers.where(Subscriber.id.in_(have_it))


Rows = Select[int, int, DeliveryState, int, int, int]


def delivery_columns() -> list[str]:
    """What a new delivery says of itself."""
    return ["campaign_id", "subscriber_id", "state", "attempt", "refusals", "resends"]


def planned_rows(readers: Select[int], campaign_id: int) -> Rows:
    """A new delivery for each of these subscribers."""
    return readers.with_only_columns(
        literal(campaign_id),
        Subscriber.id,
        literal(DeliveryState.PLANNED, DeliveryStateNumber),
        literal(0, Integer),
        literal(0, Integer),
        literal(0, Integer),
    )


def _rows(campaign: Campaign, high: int) -> Rows:
    return planned_rows(_rest_of_audience(campaign, high), campaign.id)


def campaigns_to_freeze(session: Session) -> list[int]:
    """Campaigns whose audience is still to be fixed and whose time has come."""
    now = clock(session)
    return list(
        session.scalars(
            select(Campaign.id).where(Campaign.state == CampaignState.FREEZING, Campaign.due_at <= now)
        )
    )
