"""How often mail goes out because somebody sent a form: little to one address, some to one domain.

Forms can be sent by anybody, also for addresses of others (list bombing).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.domain.addresses import Address
from newsletter.domain.errors import TooMany
from newsletter.domain.states import ConsentKind
from newsletter.models import Consent, Notice, Subscriber

MAILS_AN_HOUR = 3
"""At most so many confirmation mails an hour reach one address, however often a form is sent."""

MAIL_AGAIN_AFTER = timedelta(minutes=1)
"""The least time between two of them."""

_BECAUSE_OF_A_FORM = ("confirm", "already")
_HOUR = timedelta(hours=1)
_LOOKED_BACK = 10_000


def mail_at(session: Session, subscriber_id: int, now: datetime) -> datetime | None:
    """The moment from which a locked subscriber may be mailed; None when not at all for now."""
    mailed = session.scalars(
        select(Notice.created_at).where(
            Notice.subscriber_id == subscriber_id,
            Notice.kind.in_(_BECAUSE_OF_A_FORM),
            Notice.created_at > now - _HOUR,
        )
    ).all()
    if len(mailed) >= MAILS_AN_HOUR:
        return None
    return max([now, *(at + MAIL_AGAIN_AFTER for at in mailed)])


def was_just_asked(session: Session, subscriber_id: int, section_ids: Collection[int], now: datetime) -> bool:
    """Whether the same was asked for a moment ago: a form sent twice is one wish."""
    asked = session.scalars(
        select(Consent.section_ids).where(
            Consent.subscriber_id == subscriber_id,
            Consent.kind == ConsentKind.ASKED,
            Consent.at > now - MAIL_AGAIN_AFTER,
        )
    )
    return any(set(each) == set(section_ids) for each in asked)


def refuse_crowds(session: Session, publication_id: int, address: Address, limit: int, now: datetime) -> None:
    """Raise TooMany when so many of this address's domain were mailed within the hour; 0 is no limit.

    No index tells when notices were made, but their ids grow: the newest ones are looked through, no more.
    """
    if not limit:
        return
    newest = session.scalar(select(func.max(Notice.id))) or 0
    # One row for each notice: joined, PostgreSQL might read all subscribers instead.
    mailed = select(Subscriber.address_key).where(Subscriber.id == Notice.subscriber_id).scalar_subquery()
    recent = (
        select(Notice.id)
        .where(
            Notice.id > newest - _LOOKED_BACK,
            Notice.publication_id == publication_id,
            Notice.kind.in_(_BECAUSE_OF_A_FORM),
            Notice.created_at > now - _HOUR,
            mailed.endswith(f"@{address.domain}", autoescape=True),
        )
        .limit(limit)
    )
    if (session.scalar(select(func.count()).select_from(recent.subquery())) or 0) >= limit:
        raise TooMany(
            "Many people with addresses at {domain} subscribed within the hour. Please try again later.",
            domain=address.domain,
        )
