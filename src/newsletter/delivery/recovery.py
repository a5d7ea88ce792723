"""After a crash: what an expired lease leaves behind."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.database import Database, clock, rows_changed
from newsletter.delivery.black_box import Letter, Remains, Stage, box_of
from newsletter.delivery.due import in_range
from newsletter.delivery.moves import move, recount, reopen_or_finish
from newsletter.delivery.posting import read_in_flight
from newsletter.domain.settlement import Settlement
from newsletter.domain.states import BatchState, DeliveryState
from newsletter.models import Batch, Delivery, Notice

_log = structlog.get_logger(__name__)

_IN_DOUBT = "the worker stopped while this letter was under way"
_NOTED = "the relay took it, as the worker noted before it stopped"
_NOTHING_KNOWN: Mapping[str, Remains] = {}
_OPEN = (DeliveryState.PLANNED, DeliveryState.DEFERRED)
_LEASES_LOST_IN_A_ROW = 3


def recover_batches(
    database: Database, grace: timedelta, remains: Mapping[str, Remains] = _NOTHING_KNOWN
) -> Sequence[int]:
    """Take batches from workers that stopped renewing; letters they were sending become uncertain.

    `remains` are the black boxes of workers that are dead for sure. Those need not be waited for, and of
    their letters only those are in doubt whose bodies were leaving and had no answer.
    """
    with database.reading() as session:
        leased = session.scalars(
            select(Batch).where(Batch.state == BatchState.LEASED).order_by(Batch.id)
        ).all()
        now = clock(session)
    lost = [batch.id for batch in leased if _is_lost(batch, remains, now)]
    return [batch_id for batch_id in lost if _recover(database, batch_id, grace, remains)]


def _is_lost(batch: Batch, remains: Mapping[str, Remains], now: datetime) -> bool:
    if batch.state is not BatchState.LEASED or batch.lease_until is None:
        return False
    return batch.lease_until <= now or box_of(batch.owner) in remains


def _recover(database: Database, batch_id: int, grace: timedelta, remains: Mapping[str, Remains]) -> bool:
    with database.writing() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        now = clock(session)
        if not _is_lost(batch, remains, now):
            return False
        suspects = _due(session, batch, now)
        known = remains.get(box_of(batch.owner), Remains())
        _settle_letters_under_way(session, batch, known, now + grace, now)
        batch.epoch += 1  # fences the worker, should it only have slept
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


def _settle_letters_under_way(
    session: Session, batch: Batch, known: Remains, until: datetime, now: datetime
) -> None:
    """What surely did not leave waits as before; what was surely taken is accepted; the rest is in doubt."""
    ends: dict[Stage, dict[str, object]] = {
        Stage.BODY_LEAVING: {"state": DeliveryState.UNCERTAIN, "next_at": until, "detail": _IN_DOUBT},
        Stage.TAKEN: {"state": DeliveryState.ACCEPTED, "next_at": None, "code": 250, "detail": _NOTED},
    }
    for (stage, relay_id), readers in _letters_under_way(session, batch, known).items():
        if stage in ends:
            session.execute(
                update(Delivery)
                .where(*in_range(batch), Delivery.subscriber_id.in_(readers))
                .values(
                    attempt=Delivery.attempt + 1, relay_id=relay_id or None, changed_at=now, **ends[stage]
                )
            )
    # Workers before version 0.2 wrote the intent into the row itself.
    session.execute(
        update(Delivery)
        .where(*in_range(batch), Delivery.state == DeliveryState.SENDING)
        .values(state=DeliveryState.UNCERTAIN, next_at=until, changed_at=now, detail=_IN_DOUBT)
    )
    batch.in_flight = ""


def _letters_under_way(
    session: Session, batch: Batch, known: Remains
) -> Mapping[tuple[Stage, int], Sequence[int]]:
    """Who was being sent to, by how far the letter got and over which relay."""
    relays = read_in_flight(batch.in_flight)
    found: dict[tuple[Stage, int], list[int]] = {}
    rows = session.execute(
        select(Delivery.subscriber_id, Delivery.attempt).where(
            *in_range(batch), Delivery.subscriber_id.in_(relays), Delivery.state.in_(_OPEN)
        )
    )
    for reader, attempt in rows:
        stage = known.stage(Letter(batch.id, batch.epoch, reader, attempt + 1))
        found.setdefault((stage, relays[reader]), []).append(reader)
    return found


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
