"""After a crash: what an expired lease leaves behind."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.database import Database, clock, rows_changed
from newsletter.delivery.due import in_range
from newsletter.delivery.moves import move, recount, reopen_or_finish
from newsletter.delivery.posting import read_in_flight
from newsletter.domain.settlement import Settlement
from newsletter.domain.states import BatchState, DeliveryState
from newsletter.models import Batch, Delivery, Notice

_log = structlog.get_logger(__name__)

_IN_DOUBT = "the worker stopped while this letter was under way"
_OPEN = (DeliveryState.PLANNED, DeliveryState.DEFERRED)
_LEASES_LOST_IN_A_ROW = 3


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
        suspects = _due(session, batch, now)
        _put_in_doubt(session, batch, now + grace, now)
        batches = [batch]
        if batch.lease_count >= _LEASES_LOST_IN_A_ROW:
            batch.lease_count = 0
            batches += _narrow_down(session, batch, suspects, now)
        for each in batches:
            recount(session, each)
            reopen_or_finish(session, each, now)
        return True


def _due(session: Session, batch: Batch, now: datetime) -> Sequence[int]:
    """Who was to be sent to; those under way as well."""
    return session.scalars(
        select(Delivery.subscriber_id)
        .where(
            *in_range(batch),
            (Delivery.state == DeliveryState.PLANNED)
            | ((Delivery.state == DeliveryState.DEFERRED) & (Delivery.next_at <= now)),
        )
        .order_by(Delivery.subscriber_id)
    ).all()


def _put_in_doubt(session: Session, batch: Batch, until: datetime, now: datetime) -> None:
    """Nobody knows what became of the letters that were under way."""
    letters = read_in_flight(batch.in_flight)
    for relay_id in set(letters.values()):
        session.execute(
            update(Delivery)
            .where(
                *in_range(batch),
                Delivery.subscriber_id.in_([reader for reader, its in letters.items() if its == relay_id]),
                Delivery.state.in_(_OPEN),
            )
            .values(
                state=DeliveryState.UNCERTAIN,
                attempt=Delivery.attempt + 1,
                relay_id=relay_id or None,
                next_at=until,
                changed_at=now,
                detail=_IN_DOUBT,
            )
        )
    # Workers before version 0.2 wrote the intent into the row itself.
    session.execute(
        update(Delivery)
        .where(*in_range(batch), Delivery.state == DeliveryState.SENDING)
        .values(state=DeliveryState.UNCERTAIN, next_at=until, changed_at=now, detail=_IN_DOUBT)
    )
    batch.in_flight = ""


def _narrow_down(session: Session, batch: Batch, suspects: Sequence[int], now: datetime) -> Sequence[Batch]:
    """One of these letters stops every worker: halve the batch until it is one, and set that aside.

    Returns the batch that was split off.
    """
    if len(suspects) > 1:
        return [_split(session, batch, suspects[len(suspects) // 2], now)]
    for subscriber_id in suspects:
        _set_aside(session, (batch.campaign_id, subscriber_id), now)
    return []


def _split(session: Session, batch: Batch, middle: int, now: datetime) -> Batch:
    upper = Batch(campaign_id=batch.campaign_id, low=middle, high=batch.high, total=0, due_at=now)
    batch.high = middle - 1
    session.add(upper)
    session.flush()
    _log.warning("batch_divided", campaign=batch.campaign_id, batches=[batch.id, upper.id])
    return upper


def _set_aside(session: Session, key: tuple[int, int], now: datetime) -> None:
    if session.get_one(Delivery, key).state not in _OPEN:
        return  # its body may have left: it is in doubt, and repeated only so often
    why = f"set aside: the worker stopped {_LEASES_LOST_IN_A_ROW} times in a row at this letter"
    move(session, key, Settlement(DeliveryState.FAILED, detail=why), now)
    _log.error("delivery_set_aside", campaign=key[0], subscriber=key[1], reason=why)


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
