"""How often strangers are mailed because somebody typed an address of theirs: some to one domain, no more.

Nobody is told so, or the answer would tell who is known here; those who are known are mailed all the same.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.domain.addresses import Address
from newsletter.domain.states import DeliveryState
from newsletter.models import Identity, Notice

_HOUR = timedelta(hours=1)
_LOOKED_BACK = 10_000


def is_crowd(session: Session, publication_id: int, address: Address, limit: int, now: datetime) -> bool:
    """Whether so many people of this address's domain who never signed in were mailed within the hour.

    No index tells when notices were made, but their ids grow: the newest ones are looked through, no more.
    """
    if not limit:
        return False
    newest = session.scalar(select(func.max(Notice.id))) or 0
    stranger = (
        select(Identity.address_key)
        .where(Identity.id == Notice.identity_id, Identity.confirmed_at.is_(None))
        .scalar_subquery()
    )
    recent = (
        select(Notice.id)
        .where(
            Notice.id > newest - _LOOKED_BACK,
            Notice.publication_id == publication_id,
            Notice.kind == "sign_in",
            Notice.state != DeliveryState.SKIPPED,
            Notice.created_at > now - _HOUR,
            stranger.endswith(f"@{address.domain}", autoescape=True),
        )
        .limit(limit)
    )
    return (session.scalar(select(func.count()).select_from(recent.subquery())) or 0) >= limit
