"""How deliveries move, and how their batch and campaign follow."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session

from newsletter.database import clock
from newsletter.delivery.due import in_range
from newsletter.delivery.heralds import Herald
from newsletter.delivery.posting import COUNTED, Row, count, read_in_flight
from newsletter.domain.settlement import MAX_RESENDS, Settlement
from newsletter.domain.states import (
    BatchState,
    CampaignState,
    DeliveryState,
    UncertainPolicy,
    sources_of,
)
from newsletter.models import Batch, Campaign, Delivery

Move = tuple[DeliveryState, DeliveryState]
"""From, to."""


def move(
    session: Session,
    key: tuple[int, int],
    settlement: Settlement,
    now: datetime,
    *,
    late: Row | None = None,
) -> Move | None:
    """One conditional update along the table of moves; None when the row was not where it should be.

    With `late`, what is known of a try after all, only a row that is in doubt since that very try moves.
    """
    row = session.get(Delivery, key, with_for_update=True, populate_existing=True)
    if row is None or row.state not in sources_of(settlement.state):
        return None
    if late is not None and (row.state, row.attempt) != (DeliveryState.UNCERTAIN, late.attempt):
        return None
    before = row.state
    row.state = settlement.state
    row.next_at = settlement.next_at
    row.detail = settlement.detail or None
    row.code = late.code if late else None
    row.meaning = late.meaning if late else None
    row.relay_id = late.relay_id if late else row.relay_id
    row.changed_at = now
    row.refusals += settlement.counts
    session.flush()
    return before, settlement.state


def count_moves(batch: Batch, moves: Mapping[int, Move]) -> None:
    """Keep the batch's counters in step with its rows."""
    for name, by in count(moves.values()).items():
        setattr(batch, name, getattr(batch, name) + by)


def recount(session: Session, batch: Batch) -> None:
    """Count a batch anew from its rows."""
    rows = session.execute(
        select(Delivery.state, func.count(), func.sum(Delivery.resends))
        .where(
            *in_range(batch),
        )
        .group_by(Delivery.state)
    ).all()
    found = Counter({state: number for state, number, _resends in rows})
    batch.total = found.total()
    batch.sending = len(read_in_flight(batch.in_flight))
    batch.resends = sum(int(resends) for _state, _number, resends in rows)
    for state, name in COUNTED.items():
        setattr(batch, name, found[state])


def reopen_or_finish(session: Session, batch: Batch, earliest: datetime) -> bool:
    """End a lease: the batch waits for its earliest row that is due again, or is done; whether it waits."""
    campaign = session.get_one(Campaign, batch.campaign_id)
    waiting = [DeliveryState.PLANNED, DeliveryState.DEFERRED]
    due, rows = session.execute(
        select(func.min(func.coalesce(Delivery.next_at, earliest)), func.count()).where(
            *in_range(batch),
            Delivery.state.in_(waiting) | _sent_again(campaign),
        )
    ).one()
    batch.state = BatchState.READY if rows else BatchState.DONE
    if rows:
        batch.due_at = max(due, earliest)
    batch.owner = ""
    batch.lease_until = None
    return bool(rows)


def _sent_again(campaign: Campaign) -> ColumnElement[bool]:
    """Letters in doubt that will be sent again; the others are held, and shown."""
    if campaign.uncertain_policy is not UncertainPolicy.RESEND:
        return false()
    return (Delivery.state == DeliveryState.UNCERTAIN) & (Delivery.resends < MAX_RESENDS)


def finish_campaigns(session: Session, herald: Herald) -> int:
    """Mark campaigns finished whose batches are all done, and tell of it."""
    unfinished = select(Batch.id).where(Batch.campaign_id == Campaign.id, Batch.state != BatchState.DONE)
    is_done = (Campaign.state == CampaignState.SENDING, ~unfinished.exists())
    # Locked, and only then believed: a late refusal may just be opening a batch again.
    locked = session.scalars(select(Campaign.id).where(*is_done).order_by(Campaign.id).with_for_update())
    done = session.scalars(
        select(Campaign)
        .where(Campaign.id.in_(locked.all()), *is_done)
        .execution_options(populate_existing=True)
    ).all()
    for campaign in done:
        campaign.state, campaign.finished_at = CampaignState.FINISHED, clock(session)
        herald.campaign_finished(session, campaign)
    return len(done)
