"""The proof of what somebody said: written down with the very words they were shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.domain.errors import BadLink
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import ConsentKind, SubscriberState
from newsletter.models import Consent, Subscriber


@dataclass(frozen=True)
class Words:
    """The circumstances of a yes or no: the words shown, the form they stood in, the client's address."""

    wording: str
    source: str
    client: str = ""


def record_consent(
    session: Session,
    subscriber_id: int,
    kind: ConsentKind,
    section_ids: Sequence[int],
    words: Words,
    now: datetime,
) -> Consent:
    """Write down what a subscriber said about these sections."""
    consent = Consent(
        public_id=new_public_id(),
        subscriber_id=subscriber_id,
        kind=kind,
        section_ids=list(section_ids),
        wording=words.wording,
        source=words.source,
        client=words.client,
        at=now,
    )
    session.add(consent)
    return consent


def take_turns(session: Session, subscriber: Subscriber) -> None:
    """Lock the subscriber first of all, so that changes of one person never cross.

    Raises BadLink when they were forgotten just now.
    """
    session.refresh(subscriber, with_for_update=True)
    if subscriber.state is SubscriberState.ERASED:
        raise is_gone()


def is_gone() -> BadLink:
    """What is said of a request whose person was forgotten."""
    return BadLink("This request is no longer here. Please subscribe again.")
