"""The way back for addresses that we stopped writing to, by a link that proves the mailbox."""

from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.audience.consents import Words, record_consent
from newsletter.audience.subscribers import choices
from newsletter.audience.suppression import LIFTED_BY_THEMSELVES, Hasher, find_suppression, lift
from newsletter.domain.errors import BadInput
from newsletter.domain.states import ConsentKind
from newsletter.models import Subscriber, Suppression


def why_stopped(session: Session, hasher: Hasher, subscriber: Subscriber) -> Suppression | None:
    """Why a subscriber gets no letters, whatever they follow; None when nothing stands in the way."""
    return find_suppression(session, hasher, subscriber.publication_id, subscriber.address_key)


def may_return(stopped: Suppression) -> bool:
    """Whether the owner of the mailbox may end this alone."""
    return stopped.reason in LIFTED_BY_THEMSELVES


def write_again(
    session: Session, hasher: Hasher, subscriber: Subscriber, words: Words, now: datetime
) -> None:
    """Lift what stopped the letters of a locked subscriber, who asks for it. Safe to repeat."""
    stopped = why_stopped(session, hasher, subscriber)
    if stopped is None:
        return
    if not may_return(stopped):
        raise BadInput("The publisher stopped letters to this address. Please write to them.")
    if lift(session, hasher, subscriber.publication_id, subscriber.address_key) is None:
        return
    followed = [each.section.id for each in choices(session, subscriber) if each.followed]
    record_consent(session, subscriber.id, ConsentKind.CHANGED, followed, words, now)
