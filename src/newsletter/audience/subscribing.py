"""Double opt-in, leaving and changing one's mind; every yes and no is kept with its wording."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.consents import Words, is_gone, record_consent, take_turns
from newsletter.audience.restraint import mail_at, was_just_asked
from newsletter.audience.suppression import Hasher, adopt, forget_bounces, has_bounced, is_suppressed
from newsletter.database import close_gate, insert_if_absent
from newsletter.domain.addresses import Address
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import ConsentKind, SubscriberState, SubscriptionState
from newsletter.jobs import Bell, Job
from newsletter.models import Consent, Departure, Notice, Section, Subscriber, Subscription


@dataclass(frozen=True)
class Request:
    """Somebody asks to subscribe an address to sections; maybe not its owner."""

    address: Address
    name: str
    section_ids: Sequence[int]
    words: Words


class Confirmation(StrEnum):
    """What pressing the button did."""

    CONFIRMED = "confirmed"
    ALREADY = "already"


def ask_to_subscribe(
    session: Session, bell: Bell, hasher: Hasher, publication_id: int, request: Request, now: datetime
) -> None:
    """Note the request and mail its address. Says nothing of whether we know the address."""
    bounced = has_bounced(session, hasher, publication_id, request.address)
    if not bounced and is_suppressed(session, hasher, publication_id, request.address):
        return
    subscriber = _subscriber(session, publication_id, request, now)
    at = mail_at(session, subscriber.id, now)
    if at is None or subscriber.state is SubscriberState.ERASED:
        return
    followed = _ids_in_state(session, subscriber.id, SubscriptionState.CONFIRMED)
    is_known = subscriber.state is SubscriberState.ACTIVE and followed.issuperset(request.section_ids)
    is_told_only = is_known and not bounced
    if at > now and (is_told_only or was_just_asked(session, subscriber.id, request.section_ids, now)):
        return
    if is_told_only:
        _mail(session, bell, subscriber, "already", {}, at)
        return
    if bounced:
        adopt(session, hasher, subscriber)
    for section_id in request.section_ids:
        if section_id not in followed:
            _set_subscription(session, subscriber.id, section_id, SubscriptionState.PENDING, now)
    asked = record_consent(session, subscriber.id, ConsentKind.ASKED, request.section_ids, request.words, now)
    asked.name = request.name
    _mail(session, bell, subscriber, "confirm", {"consent": asked.public_id}, at)


def find_request(session: Session, consent_public_id: str) -> tuple[Consent, Subscriber]:
    """The request a confirm link stands for. Raises BadLink when the person was erased since."""
    row = session.execute(
        select(Consent, Subscriber)
        .join(Subscriber, Subscriber.id == Consent.subscriber_id)
        .where(Consent.public_id == consent_public_id, Subscriber.state != SubscriberState.ERASED)
    ).one_or_none()
    if row is None:
        raise is_gone()
    return row[0], row[1]


def confirm_subscription(
    session: Session, bell: Bell, consent_public_id: str, words: Words, now: datetime
) -> Confirmation:
    """Turn a request into subscriptions. Pressing again changes nothing, not even after leaving."""
    asked, subscriber = find_request(session, consent_public_id)
    take_turns(session, subscriber)
    answered = not insert_if_absent(
        session,
        Consent,
        public_id=new_public_id(),
        subscriber_id=subscriber.id,
        answers_id=asked.id,
        kind=ConsentKind.CONFIRMED,
        section_ids=asked.section_ids,
        wording=words.wording,
        source=words.source,
        client=words.client,
        at=now,
    )
    if answered:
        return Confirmation.ALREADY
    forget_bounces(session, subscriber)
    for section_id in _still_there(session, asked.section_ids):
        _set_subscription(session, subscriber.id, section_id, SubscriptionState.CONFIRMED, now)
    if asked.name:
        subscriber.name = asked.name
    if subscriber.state is not SubscriberState.ACTIVE:
        subscriber.state = SubscriberState.ACTIVE
        subscriber.confirmed_at = now
        subscriber.left_at = None
        _mail(session, bell, subscriber, "welcome", {}, now)
    else:
        _mail(session, bell, subscriber, "section_change", {}, now)
    return Confirmation.CONFIRMED


def leave_section(
    session: Session, subscriber: Subscriber, section: Section, words: Words, now: datetime
) -> bool:
    """End one subscription, effective at once also for mail already queued; False when it had ended."""
    return bool(_end(session, subscriber, {section.id}, words, now))


def return_to_section(
    session: Session, subscriber: Subscriber, section: Section, words: Words, now: datetime
) -> None:
    """Undo leaving; whoever holds the mail may."""
    choose_sections(
        session,
        subscriber,
        _ids_in_state(session, subscriber.id, SubscriptionState.CONFIRMED) | {section.id},
        words,
        now,
    )


def choose_sections(
    session: Session, subscriber: Subscriber, section_ids: Collection[int], words: Words, now: datetime
) -> None:
    """Follow exactly these sections. The signed link proves the mailbox, so no second confirmation."""
    take_turns(session, subscriber)
    followed = _ids_in_state(session, subscriber.id, SubscriptionState.CONFIRMED)
    wanted = set(_still_there(session, section_ids))
    added = wanted - followed
    if added:
        for section_id in sorted(added):
            _set_subscription(session, subscriber.id, section_id, SubscriptionState.CONFIRMED, now)
        subscriber.state = SubscriberState.ACTIVE
        subscriber.confirmed_at = subscriber.confirmed_at or now
        subscriber.left_at = None
        record_consent(session, subscriber.id, ConsentKind.CHANGED, sorted(wanted), words, now)
    _end(session, subscriber, followed - wanted, words, now)


def _end(
    session: Session, subscriber: Subscriber, section_ids: Collection[int], words: Words, now: datetime
) -> Collection[int]:
    if not section_ids:
        return section_ids
    take_turns(session, subscriber)
    # From here to the commit no sender decides; whoever decides later sees that they left.
    close_gate(session)
    ended = _ids_in_state(session, subscriber.id, SubscriptionState.CONFIRMED) & set(section_ids)
    if not ended:
        return ended
    for section_id in sorted(ended):
        _set_subscription(session, subscriber.id, section_id, SubscriptionState.ENDED, now)
    if not _ids_in_state(session, subscriber.id, SubscriptionState.CONFIRMED):
        subscriber.state = SubscriberState.LEFT
        subscriber.left_at = now
    session.add(Departure(publication_id=subscriber.publication_id, subscriber_id=subscriber.id, at=now))
    record_consent(session, subscriber.id, ConsentKind.WITHDRAWN, sorted(ended), words, now)
    return ended


def _subscriber(session: Session, publication_id: int, request: Request, now: datetime) -> Subscriber:
    """The subscriber of this address, made if need be, locked so that two forms take turns."""
    of_address = (
        select(Subscriber)
        .where(Subscriber.publication_id == publication_id, Subscriber.address_key == request.address.key)
        .with_for_update()
    )
    while True:
        insert_if_absent(
            session,
            Subscriber,
            publication_id=publication_id,
            public_id=new_public_id(),
            address=request.address.wire,
            address_key=request.address.key,
            state=SubscriberState.PENDING,
            created_at=now,
        )
        subscriber = session.scalars(of_address).one_or_none()
        if subscriber is not None:  # else the one that was there has been forgotten this very moment
            return subscriber


def _ids_in_state(session: Session, subscriber_id: int, state: SubscriptionState) -> set[int]:
    return set(
        session.scalars(
            select(Subscription.section_id).where(
                Subscription.subscriber_id == subscriber_id, Subscription.state == state
            )
        )
    )


def _still_there(session: Session, section_ids: Collection[int]) -> Sequence[int]:
    return session.scalars(select(Section.id).where(Section.id.in_(section_ids)).order_by(Section.id)).all()


def _set_subscription(
    session: Session, subscriber_id: int, section_id: int, state: SubscriptionState, now: datetime
) -> None:
    insert_if_absent(
        session, Subscription, subscriber_id=subscriber_id, section_id=section_id, state=state, asked_at=now
    )
    subscription = session.scalars(
        select(Subscription).where(
            Subscription.subscriber_id == subscriber_id, Subscription.section_id == section_id
        )
    ).one()
    subscription.state = state
    if state is SubscriptionState.PENDING:
        subscription.asked_at = now
    elif state is SubscriptionState.CONFIRMED:
        subscription.confirmed_at, subscription.ended_at = now, None
    elif state is SubscriptionState.ENDED:
        subscription.ended_at = now
    session.flush()


def _mail(
    session: Session, bell: Bell, subscriber: Subscriber, kind: str, payload: dict[str, str], at: datetime
) -> None:
    session.add(
        Notice(
            publication_id=subscriber.publication_id,
            kind=kind,
            subscriber_id=subscriber.id,
            payload=payload,
            next_at=at,
            created_at=at,
        )
    )
    bell.ring_after_commit(session, Job.NOTICES)
