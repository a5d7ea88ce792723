"""Forgetting a person on their wish: what stays are rows that tell nobody who it was.

Consents stay as the proof of what was agreed to, suppressions and bans by a hash, so that the address is
not written to, and its owner not let in, by forgetting alone.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.forgetting import nobody
from newsletter.audience.belonging import subscriber_of
from newsletter.audience.consents import Words, record_consent
from newsletter.audience.forgetting import erased_reader
from newsletter.database import close_gate
from newsletter.domain.errors import NotAllowed
from newsletter.domain.states import ConsentKind, DeliveryState, SubscriptionState
from newsletter.media.pictures import forget_picture
from newsletter.models import (
    AddressChange,
    AuditEntry,
    Ban,
    Bounce,
    Campaign,
    Consent,
    Delivery,
    Departure,
    Identity,
    Notice,
    Picture,
    Role,
    SignIn,
    Subscriber,
    Subscription,
    Suppression,
)
from newsletter.models import Session as SignedInBrowser
from newsletter.privacy.silencing import silence


def erase_person(session: Session, identity: Identity, words: Words, now: datetime) -> Sequence[str]:
    """Forget everything that tells who this was. Returns the keys of files to remove after the commit.

    Raises NotAllowed for somebody who has a role.
    """
    if session.scalar(select(exists().where(Role.identity_id == identity.id))):
        raise NotAllowed("You write here; the owner has to take your role away first.")
    subscriber = subscriber_of(session, identity)
    if subscriber is not None:
        _end_subscriptions(session, subscriber, words, now)
        _erase_subscriber(session, subscriber, now)
    # Somebody else may have wanted to move to their address.
    session.execute(delete(AddressChange).where(AddressChange.address_key == identity.address_key))
    session.execute(
        update(AuditEntry).where(AuditEntry.actor == identity.address).values(actor="somebody erased")
    )
    return erase_identity(session, identity, now)


def erase_identity(session: Session, identity: Identity, now: datetime) -> Sequence[str]:
    """Forget an account, whatever is mailed to its address. Returns the keys of files to remove."""
    session.refresh(identity, with_for_update=True)
    silence(session, identity, now)
    for rows in (SignedInBrowser, SignIn, AddressChange):
        session.execute(delete(rows).where(rows.identity_id == identity.id))
    _forget_notices(session, Notice.identity_id == identity.id)
    for tied in (Ban, Picture, Subscriber):
        session.execute(update(tied).where(tied.identity_id == identity.id).values(identity_id=None))
    picture_id = identity.picture_id
    session.execute(update(Identity).where(Identity.id == identity.id).values(**nobody(), erased_at=now))
    session.expire(identity)
    return () if picture_id is None else forget_picture(session, picture_id)


def _end_subscriptions(session: Session, subscriber: Subscriber, words: Words, now: datetime) -> None:
    session.refresh(subscriber, with_for_update=True)
    # From here to the commit no sender decides; whoever decides later sees that they are gone.
    close_gate(session)
    session.add(Departure(publication_id=subscriber.publication_id, subscriber_id=subscriber.id, at=now))
    ended = session.scalars(
        update(Subscription)
        .where(Subscription.subscriber_id == subscriber.id, Subscription.state != SubscriptionState.ENDED)
        .values(state=SubscriptionState.ENDED, ended_at=now)
        .returning(Subscription.section_id)
    ).all()
    if ended:
        record_consent(session, subscriber.id, ConsentKind.WITHDRAWN, sorted(ended), words, now)
        session.flush()


def _erase_subscriber(session: Session, subscriber: Subscriber, now: datetime) -> None:
    session.execute(update(Consent).where(Consent.subscriber_id == subscriber.id).values(name="", client=""))
    session.execute(update(Suppression).where(Suppression.subscriber_id == subscriber.id).values(note=""))
    _forget_notices(session, Notice.subscriber_id == subscriber.id)
    _forget_replies(session, subscriber)
    session.execute(
        update(Subscriber).where(Subscriber.id == subscriber.id).values(**erased_reader(), erased_at=now)
    )
    session.expire(subscriber)


def _forget_replies(session: Session, subscriber: Subscriber) -> None:
    """Mail servers like to quote the address that they refuse."""
    session.execute(update(Bounce).where(Bounce.subscriber_id == subscriber.id).values(detail=""))
    campaigns = session.scalars(
        select(Campaign.id).where(Campaign.publication_id == subscriber.publication_id)
    )
    # Naming the campaigns lets the database use the key; it begins with them.
    session.execute(
        update(Delivery)
        .where(
            Delivery.campaign_id.in_(campaigns.all()),
            Delivery.subscriber_id == subscriber.id,
            Delivery.detail.is_not(None),
        )
        .values(detail=None)
    )


def _forget_notices(session: Session, whose: ColumnElement[bool]) -> None:
    """One that is being sent at this moment is still settled by whoever sends it."""
    session.execute(delete(Notice).where(whose, Notice.state != DeliveryState.SENDING))
    session.execute(update(Notice).where(whose).values(payload={}, detail=None))
