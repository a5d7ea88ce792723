"""Letters that wait while a reader is away, and how many of them a reader wants at once."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.audience.consents import Words, record_consent, take_turns
from newsletter.audience.subscribers import choices
from newsletter.database import close_gate
from newsletter.domain.errors import BadInput
from newsletter.domain.states import ConsentKind, Rhythm
from newsletter.models import Departure, Subscriber

LONGEST = timedelta(days=366)


def pause(session: Session, subscriber: Subscriber, until: datetime, words: Words, now: datetime) -> None:
    """Send nothing before that moment, also nothing that is queued already. Raises BadInput."""
    if not now < until <= now + LONGEST:
        raise BadInput("Letters can pause for a year at most.")
    take_turns(session, subscriber)
    # From here to the commit no sender decides; whoever decides later sees the pause.
    close_gate(session)
    subscriber.paused_until = until
    session.add(Departure(publication_id=subscriber.publication_id, subscriber_id=subscriber.id, at=now))
    _record(session, subscriber, words, now)


def go_on(session: Session, subscriber: Subscriber, words: Words, now: datetime) -> None:
    """End a pause. Safe to repeat."""
    take_turns(session, subscriber)
    if subscriber.paused_until is None:
        return
    subscriber.paused_until = None
    _record(session, subscriber, words, now)


def is_paused(subscriber: Subscriber, now: datetime) -> bool:
    """Whether letters wait."""
    return subscriber.paused_until is not None and now < subscriber.paused_until


def choose_rhythm(
    session: Session, subscriber: Subscriber, rhythm: Rhythm, words: Words, now: datetime
) -> None:
    """Note how many letters a reader wants at once."""
    take_turns(session, subscriber)
    if subscriber.rhythm is rhythm:
        return
    subscriber.rhythm = rhythm
    _record(session, subscriber, words, now)


def _record(session: Session, subscriber: Subscriber, words: Words, now: datetime) -> None:
    followed = [each.section.id for each in choices(session, subscriber) if each.followed]
    record_consent(session, subscriber.id, ConsentKind.CHANGED, followed, words, now)
    session.flush()
