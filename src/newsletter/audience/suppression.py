"""Addresses we must not mail, remembered by a keyed hash."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from newsletter.database import close_gate, insert_if_absent, rows_changed
from newsletter.domain.addresses import Address
from newsletter.models import Departure, Subscriber, Suppression


class Hasher:
    """Turns an address into the form suppressions are kept in; without the key nobody can test guesses."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"newsletter suppression\0" + secret.encode()).digest()

    def hash(self, address: Address) -> str:
        """The hash of the mailbox, whatever its spelling."""
        return self.hash_key(address.key)

    def hash_key(self, key: str) -> str:
        """The same, of an address's key."""
        return hmac.new(self._key, key.encode(), hashlib.sha256).hexdigest()


class SuppressionReason(StrEnum):
    """Why an address must not be mailed."""

    NO_MAILBOX = "no mailbox"
    UNREACHABLE = "unreachable"
    COMPLAINT = "complaint"


class Why(NamedTuple):
    """The reason of a suppression, where it comes from, and when it began."""

    reason: SuppressionReason
    note: str
    at: datetime


def suppress_bounced(
    session: Session, hasher: Hasher, publication_id: int, keys: Mapping[int, str], why: Why
) -> None:
    """Mail these subscribers, given with their address keys, no more. Safe to repeat.

    Nobody left here, so nobody's letter under way is held up for it: it holds from the next batch on.
    """
    for subscriber_id, key in keys.items():
        insert_if_absent(
            session,
            Suppression,
            publication_id=publication_id,
            address_hash=hasher.hash_key(key),
            subscriber_id=subscriber_id,
            reason=why.reason,
            note=why.note,
            at=why.at,
        )


def suppress(
    session: Session, hasher: Hasher, publication_id: int, address: Address, *, reason: str, now: datetime
) -> None:
    """Stop all mail to an address from now on, also mail already queued. Safe to repeat."""
    close_gate(session)
    subscriber = session.scalar(
        select(Subscriber).where(
            Subscriber.publication_id == publication_id, Subscriber.address_key == address.key
        )
    )
    subscriber_id = subscriber.id if subscriber else None
    added = insert_if_absent(
        session,
        Suppression,
        publication_id=publication_id,
        address_hash=hasher.hash(address),
        subscriber_id=subscriber_id,
        reason=reason,
        note="",
        at=now,
    )
    if added:
        session.add(Departure(publication_id=publication_id, subscriber_id=subscriber_id, at=now))


OF_BOUNCES = (SuppressionReason.NO_MAILBOX, SuppressionReason.UNREACHABLE)
"""Who presses the button in a mail has a mailbox: these end with the next yes."""


LIFTED_BY_THEMSELVES = (*OF_BOUNCES, SuppressionReason.COMPLAINT)
"""What the owner of a mailbox may end by a link from it; for anything else they write to the publisher."""


def has_bounced(session: Session, hasher: Hasher, publication_id: int, address: Address) -> bool:
    """Whether this address is suppressed for its bounces alone, which its owner may end."""
    found = find_suppression(session, hasher, publication_id, address.key)
    return found is not None and found.reason in OF_BOUNCES


def is_suppressed(session: Session, hasher: Hasher, publication_id: int, address: Address) -> bool:
    """Whether this address must not be mailed."""
    return find_suppression(session, hasher, publication_id, address.key) is not None


def find_suppression(session: Session, hasher: Hasher, publication_id: int, key: str) -> Suppression | None:
    """Why the address with this key must not be mailed; None when it may."""
    return session.scalars(select(Suppression).where(*_of(hasher, publication_id, key))).one_or_none()


def forget_bounces(session: Session, subscriber: Subscriber) -> None:
    """A mail reached this subscriber: what was thought of the mailbox was wrong."""
    session.execute(
        delete(Suppression).where(
            Suppression.subscriber_id == subscriber.id, Suppression.reason.in_(OF_BOUNCES)
        )
    )


def adopt(session: Session, hasher: Hasher, subscriber: Subscriber) -> None:
    """Tie the suppression of an address to the subscriber who has it now."""
    here = _of(hasher, subscriber.publication_id, subscriber.address_key)
    session.execute(update(Suppression).where(*here).values(subscriber_id=subscriber.id))


def lift(session: Session, hasher: Hasher, publication_id: int, key: str) -> Suppression | None:
    """Let the address with this key be mailed again. Returns what is over, or None when nothing was."""
    found = find_suppression(session, hasher, publication_id, key)
    if found is None or not rows_changed(
        session.execute(delete(Suppression).where(Suppression.id == found.id))
    ):
        return None
    return found


def suppressions(session: Session, publication_id: int) -> Sequence[tuple[Suppression, str | None]]:
    """All of them, the newest first, each with its address where that is still known."""
    rows = session.execute(
        select(Suppression, Subscriber.address)
        .outerjoin(Subscriber, Subscriber.id == Suppression.subscriber_id)
        .where(Suppression.publication_id == publication_id)
        .order_by(Suppression.at.desc(), Suppression.id.desc())
    )
    return [(suppression, address) for suppression, address in rows]


def _of(hasher: Hasher, publication_id: int, key: str) -> tuple[ColumnElement[bool], ...]:
    return Suppression.publication_id == publication_id, Suppression.address_hash == hasher.hash_key(key)
