"""An account moves to another address, once both mailboxes have said yes."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from newsletter.database import rows_changed
from newsletter.domain.addresses import Address
from newsletter.domain.errors import BadInput, BadLink, ExpiredLink, TooMany
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.links import CHANGE_ADDRESS_WITHIN
from newsletter.domain.states import DeliveryState
from newsletter.jobs import Bell, Job
from newsletter.models import AddressChange, Identity, Notice, SignIn

CHANGES_A_DAY = 3


def ask_to_move(
    session: DatabaseSession,
    bell: Bell,
    identity: Identity,
    address: Address,
    now: datetime,
    *,
    must_not_be_mailed: bool = False,
) -> AddressChange:
    """Note the wish and mail both addresses; what was asked before is over. Raises BadInput or TooMany."""
    if address.key == identity.address_key:
        raise BadInput("This is your address already.")
    session.refresh(identity, with_for_update=True)
    _refuse_many(session, identity, now)
    drop_changes(session, identity, now)
    change = AddressChange(
        identity_id=identity.id,
        public_id=new_public_id(),
        address=address.wire,
        address_key=address.key,
        created_at=now,
        expires_at=now + CHANGE_ADDRESS_WITHIN,
    )
    session.add(change)
    for kind, is_mailed in (("address_old", True), ("address_new", not must_not_be_mailed)):
        session.add(
            Notice(
                publication_id=identity.publication_id,
                kind=kind,
                identity_id=identity.id,
                payload={"change": change.public_id},
                state=DeliveryState.PLANNED if is_mailed else DeliveryState.SKIPPED,
                next_at=now,
                created_at=now,
            )
        )
    bell.ring_after_commit(session, Job.NOTICES)
    return change


def find_change(session: DatabaseSession, public_id: str, now: datetime) -> tuple[AddressChange, Identity]:
    """A change under way or done, and whose it is. Raises BadLink, or ExpiredLink when it came to nothing."""
    row = session.execute(
        select(AddressChange, Identity)
        .join(Identity, Identity.id == AddressChange.identity_id)
        .where(AddressChange.public_id == public_id, Identity.erased_at.is_(None))
    ).one_or_none()
    if row is None:
        raise BadLink("This change of address is not known here. Please ask for it again.")
    change, identity = row
    if change.done_at is None and change.expires_at <= now:
        raise ExpiredLink("This change of address was given up, or is too old. Please ask for it again.")
    return change, identity


def open_change(session: DatabaseSession, identity: Identity, now: datetime) -> AddressChange | None:
    """The change that waits for a yes, if there is one."""
    return session.scalar(
        select(AddressChange)
        .where(
            AddressChange.identity_id == identity.id,
            AddressChange.done_at.is_(None),
            AddressChange.expires_at > now,
        )
        .order_by(AddressChange.id.desc())
        .limit(1)
    )


def drop_changes(session: DatabaseSession, identity: Identity, now: datetime) -> None:
    """Give up whatever change waits."""
    session.execute(
        update(AddressChange)
        .where(
            AddressChange.identity_id == identity.id,
            AddressChange.done_at.is_(None),
            AddressChange.expires_at > now,
        )
        .values(expires_at=now)
    )


def say_yes(session: DatabaseSession, change: AddressChange, now: datetime, *, by_new: bool) -> bool:
    """Note the yes of one mailbox; whether it was the one that was missing. Safe to repeat."""
    session.refresh(change, with_for_update=True)
    if change.done_at is not None:
        return False
    if by_new:
        change.new_agreed_at = change.new_agreed_at or now
    else:
        change.old_agreed_at = change.old_agreed_at or now
    session.flush()
    return change.old_agreed_at is not None and change.new_agreed_at is not None


def move_identity(session: DatabaseSession, identity: Identity, change: AddressChange, now: datetime) -> None:
    """Give the identity its new address; links that went to the old one are worth nothing any more."""
    session.execute(delete(SignIn).where(SignIn.identity_id == identity.id, SignIn.used_at.is_(None)))
    identity.address, identity.address_key = change.address, change.address_key
    done = session.execute(
        update(AddressChange)
        .where(AddressChange.id == change.id, AddressChange.done_at.is_(None))
        .values(done_at=now)
    )
    assert rows_changed(done) == 1, "the change was locked"
    session.flush()


def _refuse_many(session: DatabaseSession, identity: Identity, now: datetime) -> None:
    asked = session.scalar(
        select(func.count())
        .select_from(AddressChange)
        .where(AddressChange.identity_id == identity.id, AddressChange.created_at > now - timedelta(days=1))
    )
    if (asked or 0) >= CHANGES_A_DAY:
        raise TooMany("You asked for several changes of address today. Please try again tomorrow.")
