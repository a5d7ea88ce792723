"""After a crash: what an expired lease leaves behind."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from newsletter.database import Database, clock, rows_changed
from newsletter.delivery.moves import reopen_or_finish
from newsletter.domain.states import BatchState, DeliveryState
from newsletter.models import Batch, Delivery, Notice


def recover_batches(database: Database, grace: timedelta) -> Sequence[int]:
    """Take batches from workers that stopped renewing; letters they were sending become uncertain."""
    with database.reading() as session:
        now = clock(session)
        expired = session.scalars(
            select(Batch.id)
            .where(Batch.state == BatchState.LEASED, Batch.lease_until <= now)
            .order_by(Batch.id)
        ).all()
    return [batch_id for batch_id in expired if _recover(database, batch_id, grace)]


def _recover(database: Database, batch_id: int, grace: timedelta) -> bool:
    with database.writing() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        now = clock(session)
        if batch.state is not BatchState.LEASED or batch.lease_until is None or batch.lease_until > now:
            return False
        batch.epoch += 1  # fences the worker, should it only have slept
        changed = session.execute(
            update(Delivery)
            .where(
                Delivery.campaign_id == batch.campaign_id,
                Delivery.subscriber_id.between(batch.low, batch.high),
                Delivery.state == DeliveryState.SENDING,
            )
            .values(
                state=DeliveryState.UNCERTAIN,
                next_at=now + grace,
                changed_at=now,
                detail="the worker stopped while this letter was under way",
            )
        )
        count = rows_changed(changed)
        batch.sending -= count
        batch.uncertain += count
        session.flush()
        reopen_or_finish(session, batch, now)
        return True


def recover_notices(database: Database) -> int:
    """Notices whose worker vanished become uncertain; they are due again at once."""
    with database.writing() as session:
        now = clock(session)
        changed = session.execute(
            update(Notice)
            .where(Notice.state == DeliveryState.SENDING, Notice.next_at <= now)
            .values(state=DeliveryState.UNCERTAIN, changed_at=now)
        )
        return rows_changed(changed)
