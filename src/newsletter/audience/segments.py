"""Groups of subscribers, as queries."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, LargeBinary, Select, cast, exists, false, func, select
from sqlalchemy.orm import Session

from newsletter.domain.eligibility import Standing
from newsletter.domain.states import SubscriberState, SubscriptionState
from newsletter.models import Departure, Subscriber, Subscription, Suppression

_suppressed = exists().where(Suppression.subscriber_id == Subscriber.id)


def eligible_followers(section_id: int, span: tuple[int, int] | None = None) -> Select[int]:
    """Ids of the subscribers whom a letter of this section may reach (`domain.eligibility` as a query).

    With a span, only those whose id lies in it, both ends included.
    """
    followers = select(Subscriber.id).join(Subscription, Subscription.subscriber_id == Subscriber.id)
    suppressed = _suppressed
    if span is not None:  # said of each table, so that each is asked for this range alone
        followers = followers.where(Subscriber.id.between(*span), Subscription.subscriber_id.between(*span))
        suppressed = suppressed.where(Suppression.subscriber_id.between(*span))
    return followers.where(
        Subscription.section_id == section_id,
        Subscription.state == SubscriptionState.CONFIRMED,
        Subscriber.state == SubscriberState.ACTIVE,
        ~suppressed,
        ~_is_paused(),
    )


def count_followers(session: Session, section_id: int) -> int:
    """How many a letter of this section would reach now."""
    return session.scalar(select(func.count()).select_from(eligible_followers(section_id).subquery())) or 0


def count_readers(session: Session, publication_id: int) -> int:
    """How many people get letters of the publication."""
    readers = select(func.count()).select_from(Subscriber)
    active = Subscriber.publication_id == publication_id, Subscriber.state == SubscriberState.ACTIVE
    return session.scalar(readers.where(*active)) or 0


def count_beyond_ascii(session: Session, section_id: int) -> int:
    """How many of them have an address that only a relay with SMTPUTF8 carries."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    size = (
        func.length(cast(Subscriber.address, LargeBinary))
        if is_sqlite
        else func.octet_length(Subscriber.address)
    )
    beyond = eligible_followers(section_id).where(size > func.length(Subscriber.address))
    return session.scalar(select(func.count()).select_from(beyond.subquery())) or 0


def sample_followers(session: Session, section_id: int) -> Sequence[tuple[str, str, str]]:
    """Address, name and public id of the first and of the newest of them."""
    followers = eligible_followers(section_id).with_only_columns(
        Subscriber.address, Subscriber.name, Subscriber.public_id
    )
    found = [
        session.execute(followers.order_by(order).limit(1)).one_or_none()
        for order in (Subscriber.id, Subscriber.id.desc())
    ]
    return [(address or "", name, public_id) for address, name, public_id in filter(None, found)]


def standings(session: Session, section_id: int, subscriber_ids: Collection[int]) -> Mapping[int, Standing]:
    """Where each of these subscribers stands with a section at this moment."""
    rows = session.execute(
        select(Subscriber.id, Subscriber.state, Subscription.state, _suppressed, _is_paused())
        .outerjoin(
            Subscription,
            (Subscription.subscriber_id == Subscriber.id) & (Subscription.section_id == section_id),
        )
        .where(Subscriber.id.in_(subscriber_ids))
    )
    return {
        row_id: Standing(state, subscription, bool(suppressed), bool(paused))
        for row_id, state, subscription, suppressed, paused in rows
    }


def _is_paused() -> ColumnElement[bool]:
    return func.coalesce(Subscriber.paused_until > func.now(), false())


def newest_departure(session: Session) -> int:
    """A number that grows whenever somebody leaves."""
    return session.scalar(select(func.max(Departure.id))) or 0
