"""An account and a subscription belong together when they have one address."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.suppression import OF_BOUNCES, Hasher, adopt, find_suppression
from newsletter.database import insert_if_absent
from newsletter.domain.addresses import Address
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import SubscriberState
from newsletter.models import Identity, Subscriber


class Reach(NamedTuple):
    """What is known of an address that somebody typed."""

    is_reader: bool
    must_not_be_mailed: bool


def reach_of(session: Session, hasher: Hasher, publication_id: int, address: Address) -> Reach:
    """Whether letters go to an address, and whether none may, nor anything else that a form asks for.

    Bounces are no reason: whoever reads what is sent shows that the mailbox is there.
    """
    state = session.scalar(
        select(Subscriber.state).where(
            Subscriber.publication_id == publication_id, Subscriber.address_key == address.key
        )
    )
    found = find_suppression(session, hasher, publication_id, address.key)
    return Reach(state is SubscriberState.ACTIVE, found is not None and found.reason not in OF_BOUNCES)


def subscriber_of(session: Session, identity: Identity) -> Subscriber | None:
    """The subscriber with the address of this account, if there is one."""
    return session.scalar(
        select(Subscriber).where(
            Subscriber.publication_id == identity.publication_id,
            Subscriber.address_key == identity.address_key,
            Subscriber.state != SubscriberState.ERASED,
        )
    )


def subscriber_for(session: Session, hasher: Hasher, identity: Identity, now: datetime) -> Subscriber:
    """The same, made if need be; following nothing yet. Signing in has proved the mailbox."""
    made = insert_if_absent(
        session,
        Subscriber,
        publication_id=identity.publication_id,
        public_id=new_public_id(),
        address=identity.address,
        address_key=identity.address_key,
        name=identity.name,
        state=SubscriberState.PENDING,
        created_at=now,
    )
    subscriber = subscriber_of(session, identity)
    assert subscriber is not None, "an account that may act has an address, and so has its subscriber"
    if made:
        adopt(session, hasher, subscriber)
    return subscriber


def greet_as(session: Session, identity: Identity) -> None:
    """Call a reader in letters what they are called on the site."""
    subscriber = subscriber_of(session, identity)
    if subscriber is not None:
        subscriber.name = identity.name
