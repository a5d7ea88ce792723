"""Those who asked and never confirmed are forgotten after a while; maybe it was never their wish.

What stays is a row without address and name, as of everybody who was erased: to remove that as well, the
database would have to look through the whole ledger of deliveries for each of them.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.forgetting import forget_strangers
from newsletter.database import Database, clock
from newsletter.domain.states import ConsentKind, DeliveryState, Rhythm, SubscriberState, SubscriptionState
from newsletter.models import Consent, Notice, Section, Subscriber, Subscription, Suppression

AT_ONCE = 500
_LOOK_EVERY = 60 * 60


class Forgetter:
    """Looks once an hour, and goes on at once while there is more to do."""

    def __init__(self, days: int) -> None:
        self._after = timedelta(days=days)
        self._look_at = 0.0

    def look(self, database: Database) -> int:
        """Forget some of those who asked too long ago. Returns how many."""
        if not self._after or time.monotonic() < self._look_at:
            return 0
        with database.reading() as session:
            before = clock(session) - self._after
        counts = forget_unconfirmed(database, before), forget_strangers(database, before, AT_ONCE)
        self._look_at = 0.0 if max(counts) == AT_ONCE else time.monotonic() + _LOOK_EVERY
        return sum(counts)


def forget_unconfirmed(database: Database, before: datetime) -> int:
    """Forget those who asked last before that moment and never confirmed; some at once. Returns how many."""
    with database.reading() as session:
        found = session.scalars(_waiting(session).where(*_is_over(before)).limit(AT_ONCE)).all()
    if not found:
        return 0
    with database.writing() as session:
        # Whoever asks or confirms at this moment has the row, or finds it forgotten.
        locked = select(Subscriber.id).where(Subscriber.id.in_(found)).order_by(Subscriber.id)
        ids = session.scalars(locked.with_for_update(skip_locked=True)).all()
        still = select(Subscriber.id).where(Subscriber.id.in_(ids), *_is_over(before))
        return _forget(session, session.scalars(still).all(), clock(session))


def _waiting(session: Session) -> Select[int]:
    """Ids of subscribers that wait for a yes, by the index that knows who follows a section."""
    sections = session.scalars(select(Section.id)).all()
    return (
        select(Subscriber.id)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.section_id.in_(sections), Subscription.state == SubscriptionState.PENDING)
        .distinct()
    )


def _is_over(before: datetime) -> tuple[ColumnElement[bool], ...]:
    said = select(Consent.id).where(Consent.subscriber_id == Subscriber.id)
    return (
        Subscriber.state == SubscriberState.PENDING,
        Subscriber.confirmed_at.is_(None),
        Subscriber.created_at < before,
        ~said.where((Consent.kind != ConsentKind.ASKED) | (Consent.at >= before)).exists(),
        ~exists().where(Notice.subscriber_id == Subscriber.id, Notice.state == DeliveryState.SENDING),
    )


def _forget(session: Session, ids: Sequence[int], now: datetime) -> int:
    for rows in (Notice, Subscription, Consent):
        session.execute(delete(rows).where(rows.subscriber_id.in_(ids)))
    session.execute(update(Suppression).where(Suppression.subscriber_id.in_(ids)).values(subscriber_id=None))
    session.execute(update(Subscriber).where(Subscriber.id.in_(ids)).values(**erased_reader(), erased_at=now))
    return len(ids)


def erased_reader() -> dict[str, object]:
    """What a subscriber is made of when nothing tells any more who it was."""
    return {
        "state": SubscriberState.ERASED,
        "identity_id": None,
        "address": None,
        "address_key": "erased " + Subscriber.public_id,
        "name": "",
        "locale": None,
        "time_zone": None,
        "paused_until": None,
        "rhythm": Rhythm.EACH,
    }
