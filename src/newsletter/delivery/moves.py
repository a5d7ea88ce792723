"""How deliveries move, and how their batch and campaign follow."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, select, update
from sqlalchemy.orm import Session

from newsletter.database import clock, rows_changed
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
    attempt: int | None = None,
    late: bool = False,
    code: int | None = None,
) -> Move | None:
    """One conditional update along the table of moves; None when the row was not where it should be."""
    sources = sources_of(settlement.state)
    if late:  # an outcome: only of a try that is under way or in doubt
        sources &= {DeliveryState.SENDING, DeliveryState.UNCERTAIN}
    row = session.get(Delivery, key, with_for_update=True, populate_existing=True)
    if row is None or row.state not in sources:
        return None
    if attempt is not None and row.attempt != attempt - 1:
        return None
    before = row.state
    row.state = settlement.state
    row.next_at = settlement.next_at
    row.detail = settlement.detail or None
    row.code = code
    row.changed_at = now
    row.refusals += settlement.counts
    if attempt is not None:
        row.attempt = attempt
    session.flush()
    return before, settlement.state


_COUNTED = {
    DeliveryState.SENDING: "sending",
    DeliveryState.ACCEPTED: "accepted",
    DeliveryState.DEFERRED: "deferred",
    DeliveryState.FAILED: "failed",
    DeliveryState.SKIPPED: "skipped",
    DeliveryState.UNCERTAIN: "uncertain",
}


def count_moves(batch: Batch, moves: Mapping[int, Move]) -> None:
    """Keep the batch's counters in step with its rows; planned is what remains of the total."""
    change: Counter[str] = Counter()
    for before, after in moves.values():
        if before in _COUNTED:
            change[_COUNTED[before]] -= 1
        if after in _COUNTED:
            change[_COUNTED[after]] += 1
    for name, by in change.items():
        setattr(batch, name, getattr(batch, name) + by)


def reopen_or_finish(session: Session, batch: Batch, earliest: datetime) -> None:
    """End a lease: the batch waits for its earliest row that is due again, or is done."""
    campaign = session.get_one(Campaign, batch.campaign_id)
    waiting = [DeliveryState.PLANNED, DeliveryState.DEFERRED, DeliveryState.SENDING]
    due, count = session.execute(
        select(func.min(func.coalesce(Delivery.next_at, earliest)), func.count()).where(
            Delivery.campaign_id == batch.campaign_id,
            Delivery.subscriber_id.between(batch.low, batch.high),
            Delivery.state.in_(waiting) | _sent_again(campaign),
        )
    ).one()
    batch.state = BatchState.READY if count else BatchState.DONE
    if count:
        batch.due_at = max(due, earliest)
    batch.owner = ""
    batch.lease_until = None


def _sent_again(campaign: Campaign) -> ColumnElement[bool]:
    """Letters in doubt that will be sent again; the others are held, and shown."""
    if campaign.uncertain_policy is not UncertainPolicy.RESEND:
        return false()
    return (Delivery.state == DeliveryState.UNCERTAIN) & (Delivery.resends < MAX_RESENDS)


def finish_campaigns(session: Session) -> int:
    """Mark campaigns finished whose batches are all done."""
    unfinished = select(Batch.id).where(Batch.campaign_id == Campaign.id, Batch.state != BatchState.DONE)
    result = session.execute(
        update(Campaign)
        .where(Campaign.state == CampaignState.SENDING, ~unfinished.exists())
        .values(state=CampaignState.FINISHED, finished_at=clock(session))
        .execution_options(synchronize_session=False)
    )
    return rows_changed(result)
