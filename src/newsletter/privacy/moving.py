"""Moving an account to another address as a whole: who they are, what they read, and what they may not."""

from datetime import datetime
from enum import Enum, auto

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from newsletter.accounts.moving import find_change, move_identity, say_yes
from newsletter.audience.consents import Words
from newsletter.audience.moving import Way, move_subscriber
from newsletter.audience.suppression import Hasher
from newsletter.database import insert_if_absent
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import NotAllowed
from newsletter.models import AddressChange, Ban, Comment, Identity, Role
from newsletter.privacy.erasing import erase_identity


class Agreement(Enum):
    """Where a change stands after a yes."""

    HALF = auto()
    WHOLE = auto()


def agree(
    session: Session, hasher: Hasher, public_id: str, words: Words, now: datetime, *, by_new: bool
) -> Agreement:
    """Note that a mailbox agrees; when both have, everything moves. Safe to repeat.

    Raises BadLink or ExpiredLink, and NotAllowed when somebody else is at home at the new address.
    """
    change, identity = find_change(session, public_id, now)
    if say_yes(session, change, now, by_new=by_new):
        _move(session, hasher, identity, change, words, now)
    return Agreement.HALF if change.done_at is None else Agreement.WHOLE


def _move(
    session: Session, hasher: Hasher, identity: Identity, change: AddressChange, words: Words, now: datetime
) -> None:
    session.refresh(identity, with_for_update=True)
    _make_room(session, identity.publication_id, change.address_key, now)
    way = Way(identity.publication_id, identity.address_key, parse_address(change.address))
    _carry_ban(session, hasher, identity, way)
    move_subscriber(session, hasher, way, words, now)
    move_identity(session, identity, change, now)
    session.refresh(change)


def _make_room(session: Session, publication_id: int, key: str, now: datetime) -> None:
    """An account at the new address gives way when there is nothing in it but an address."""
    there = session.scalar(
        select(Identity)
        .where(Identity.publication_id == publication_id, Identity.address_key == key)
        .with_for_update()
    )
    if there is None:
        return
    has_something = or_(
        exists().where(Role.identity_id == there.id), exists().where(Comment.identity_id == there.id)
    )
    if session.scalar(select(has_something)):
        raise NotAllowed(
            "The new address has an account of its own here, with things written in it. Nothing was changed."
        )
    erase_identity(session, there, now)


def _carry_ban(session: Session, hasher: Hasher, identity: Identity, way: Way) -> None:
    ban = session.scalar(
        select(Ban).where(
            Ban.publication_id == way.publication_id, Ban.address_hash == hasher.hash_key(way.old_key)
        )
    )
    if ban is not None:
        insert_if_absent(
            session,
            Ban,
            publication_id=way.publication_id,
            address_hash=hasher.hash(way.new),
            identity_id=identity.id,
            reason=ban.reason,
            at=ban.at,
        )
