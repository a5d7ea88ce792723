"""Addresses we must not mail, remembered by a keyed hash."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.database import close_gate, insert_if_absent
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


def has_bounced(session: Session, hasher: Hasher, publication_id: int, address: Address) -> bool:
    """Whether this address is suppressed for its bounces alone, which its owner may end."""
    return (
        session.scalar(
            select(Suppression.id).where(
                Suppression.publication_id == publication_id,
                Suppression.address_hash == hasher.hash(address),
                Suppression.reason.in_(OF_BOUNCES),
            )
        )
        is not None
    )


def forget_bounces(session: Session, subscriber: Subscriber) -> None:
    """A mail reached this subscriber: what was thought of the mailbox was wrong."""
    session.execute(
        delete(Suppression).where(
            Suppression.subscriber_id == subscriber.id, Suppression.reason.in_(OF_BOUNCES)
        )
    )


def is_suppressed(session: Session, hasher: Hasher, publication_id: int, address: Address) -> bool:
    """Whether this address must not be mailed."""
    return (
        session.scalar(
            select(Suppression.id).where(
                Suppression.publication_id == publication_id,
                Suppression.address_hash == hasher.hash(address),
            )
        )
        is not None
    )
