"""Who must not join in."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from newsletter.audience.suppression import Hasher
from newsletter.models import Ban, Identity


class Banned(NamedTuple):
    """Somebody who must not join in; without a name once they are forgotten."""

    identity: Identity | None
    reason: str
    at: datetime


def is_banned(session: Session, hasher: Hasher, identity: Identity) -> bool:
    """Whether a person must not join in: known by their address, so also when they left and came back."""
    by_address = Ban.address_hash == hasher.hash_key(identity.address_key)
    query = select(Ban.id).where(
        Ban.publication_id == identity.publication_id, or_(by_address, Ban.identity_id == identity.id)
    )
    return session.scalar(query.limit(1)) is not None


def was_banned(session: Session, identity: Identity) -> bool:
    """The same of somebody who was let in before, and banned since."""
    return session.scalar(select(Ban.id).where(Ban.identity_id == identity.id).limit(1)) is not None


def bans(session: Session, publication_id: int) -> Sequence[Banned]:
    """All who must not join in, the latest first."""
    rows = session.execute(
        select(Identity, Ban.reason, Ban.at)
        .select_from(Ban)
        .outerjoin(Identity, Identity.id == Ban.identity_id)
        .where(Ban.publication_id == publication_id)
        .order_by(Ban.at.desc(), Ban.id.desc())
    )
    return [Banned(*row) for row in rows]
