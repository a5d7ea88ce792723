"""Finding subscribers and what they follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.domain.errors import BadLink
from newsletter.domain.states import SubscriberState, SubscriptionState
from newsletter.models import Section, Subscriber, Subscription


@dataclass(frozen=True)
class Choice:
    """A section, and whether a subscriber follows it."""

    section: Section
    followed: bool


def subscriber_of_link(session: Session, public_id: str) -> Subscriber:
    """The subscriber a signed link stands for. Raises BadLink when they were erased."""
    subscriber = session.scalar(select(Subscriber).where(Subscriber.public_id == public_id))
    if subscriber is None or subscriber.state is SubscriberState.ERASED:
        raise BadLink("This link belongs to somebody who is no longer here. Nothing is sent to them.")
    return subscriber


def section_of_link(session: Session, public_id: str) -> Section:
    """The section a signed link stands for. Raises BadLink."""
    section = session.scalar(select(Section).where(Section.public_id == public_id))
    if section is None:
        raise BadLink("This link belongs to a section that is no longer here. Nothing is sent from it.")
    return section


def choices(session: Session, subscriber: Subscriber) -> Sequence[Choice]:
    """All sections in their order, with what this subscriber follows."""
    followed = set(
        session.scalars(
            select(Subscription.section_id).where(
                Subscription.subscriber_id == subscriber.id,
                Subscription.state == SubscriptionState.CONFIRMED,
            )
        )
    )
    sections = session.scalars(
        select(Section)
        .where(Section.publication_id == subscriber.publication_id)
        .order_by(Section.position, Section.id)
    )
    return [Choice(section, section.id in followed) for section in sections]
