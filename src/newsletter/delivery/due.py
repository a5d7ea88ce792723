"""What is due: the next batch, and the letters in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from newsletter.audience.segments import eligible_followers
from newsletter.database import clock
from newsletter.delivery.entries import Lease, Recipient
from newsletter.domain.states import BatchState, CampaignState, DeliveryState
from newsletter.models import Batch, Campaign, Delivery, Subscriber

_WAITING = (DeliveryState.PLANNED, DeliveryState.DEFERRED)


class DueLetters(NamedTuple):
    """Who of a batch is to be sent to now, and who waits there but may not be mailed any more."""

    recipients: Sequence[Recipient]
    ineligible: Sequence[int]


def next_batch(session: Session, now: datetime) -> Batch | None:
    """The campaign with the fewest batches in hands comes next; of one campaign the oldest batch."""
    is_due = (Batch.state == BatchState.READY, Batch.due_at <= now)
    mine = Batch.campaign_id == Campaign.id
    in_hands = select(func.count()).where(mine, Batch.state == BatchState.LEASED).scalar_subquery()
    campaign_ids = session.scalars(
        select(Campaign.id)
        .where(Campaign.state == CampaignState.SENDING, select(Batch.id).where(mine, *is_due).exists())
        .order_by(in_hands, Campaign.due_at, Campaign.id)
    ).all()
    for campaign_id in campaign_ids:
        batch = session.scalar(
            select(Batch)
            .where(Batch.campaign_id == campaign_id, *is_due)
            .order_by(Batch.due_at, Batch.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if batch is not None:
            return batch
    return None


def given_batch(session: Session, owner: str) -> Batch | None:
    """The batch that is leased to this owner, locked."""
    mine = Batch.state == BatchState.LEASED, Batch.owner == owner
    return session.scalar(select(Batch).where(*mine).limit(1).with_for_update())


def due_letters(session: Session, lease: Lease) -> DueLetters:
    """The letters of a batch that are due, in the order of their subscribers.

    Every table is asked for the batch's range by itself, so that the cost of a batch does not grow with
    the list. Rows are read bare, past the ORM: a campaign reads as many as it has readers.
    """
    span = (lease.low, lease.high)
    rows = (
        session.connection()
        .execute(
            select(
                Delivery.subscriber_id,
                Delivery.attempt + 1,
                func.coalesce(Subscriber.address, ""),
                Subscriber.name,
                Subscriber.public_id,
                Delivery.state == DeliveryState.DEFERRED,
                Delivery.refusals,
                func.coalesce(Delivery.relay_id, 0),
                Delivery.resends > 0,
                Delivery.subscriber_id.in_(eligible_followers(lease.section_id, span)),
                _is_due(clock(session)),
            )
            .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(*in_range(lease), Subscriber.id.between(*span), Delivery.state.in_(_WAITING))
            .order_by(Delivery.subscriber_id)
        )
        .all()
    )
    return DueLetters(
        [_recipient(row) for row in rows if row[-2] and row[-1]],
        [row[0] for row in rows if not row[-2]],
    )


def _recipient(row: Sequence[Any]) -> Recipient:
    return Recipient._make((*row[:5], _WAITING[row[5]], *row[6:9]))


def in_range(part: Lease | Batch) -> tuple[ColumnElement[bool], ...]:
    """The deliveries of a batch."""
    return (
        Delivery.campaign_id == part.campaign_id,
        Delivery.subscriber_id.between(part.low, part.high),
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    has_waited = (Delivery.state == DeliveryState.DEFERRED) & (Delivery.next_at <= now)
    return (Delivery.state == DeliveryState.PLANNED) | has_waited
