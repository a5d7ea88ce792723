"""A reader moves to another address: what they follow comes along, and so does what they may not."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.audience.consents import Words
from newsletter.audience.subscribers import choices
from newsletter.audience.subscribing import choose_sections
from newsletter.audience.suppression import OF_BOUNCES, Hasher, adopt, find_suppression
from newsletter.database import insert_if_absent
from newsletter.domain.addresses import Address
from newsletter.domain.states import SubscriberState
from newsletter.models import Subscriber, Suppression


@dataclass(frozen=True)
class Way:
    """From which address, given by its key, to which one."""

    publication_id: int
    old_key: str
    new: Address


def move_subscriber(session: Session, hasher: Hasher, way: Way, words: Words, now: datetime) -> None:
    """Let the letters to one address go to another one; where both have a subscriber, one of them is kept."""
    leaving, staying = (_locked(session, way.publication_id, key) for key in (way.old_key, way.new.key))
    _carry_suppression(session, hasher, way)
    if leaving is not None and staying is not None:
        _unite(session, leaving, staying, words, now)
    elif leaving is not None:
        session.execute(
            update(Suppression).where(Suppression.subscriber_id == leaving.id).values(subscriber_id=None)
        )
        leaving.address, leaving.address_key = way.new.wire, way.new.key
        session.flush()
        staying = leaving
    if staying is not None:
        adopt(session, hasher, staying)


def _unite(session: Session, leaving: Subscriber, staying: Subscriber, words: Words, now: datetime) -> None:
    followed = _followed(session, leaving)
    if followed:
        choose_sections(session, staying, followed | _followed(session, staying), words, now)
        choose_sections(session, leaving, (), words, now)
    staying.paused_until = staying.paused_until or leaving.paused_until
    session.flush()


def _followed(session: Session, subscriber: Subscriber) -> set[int]:
    return {each.section.id for each in choices(session, subscriber) if each.followed}


def _carry_suppression(session: Session, hasher: Hasher, way: Way) -> None:
    """A mailbox that bounced stays behind; that somebody must not be written to does not."""
    found = find_suppression(session, hasher, way.publication_id, way.old_key)
    if found is not None and found.reason not in OF_BOUNCES:
        insert_if_absent(
            session,
            Suppression,
            publication_id=way.publication_id,
            address_hash=hasher.hash(way.new),
            reason=found.reason,
            note="",
            at=found.at,
        )


def _locked(session: Session, publication_id: int, key: str) -> Subscriber | None:
    return session.scalar(
        select(Subscriber)
        .where(
            Subscriber.publication_id == publication_id,
            Subscriber.address_key == key,
            Subscriber.state != SubscriberState.ERASED,
        )
        .with_for_update()
    )
