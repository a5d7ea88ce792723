"""Whoever asked for a sign-in link and never used one is forgotten; maybe it was never their wish."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update

from newsletter.database import Database, clock
from newsletter.domain.states import DeliveryState
from newsletter.models import AddressChange, Identity, Notice, Role, SignIn


def forget_strangers(database: Database, before: datetime, at_once: int) -> int:
    """Forget those who asked last before that moment and never signed in; some at once. Returns how many."""
    with database.reading() as session:
        found = session.scalars(select(Identity.id).where(*_is_stranger(before)).limit(at_once)).all()
    if not found:
        return 0
    with database.writing() as session:
        # Whoever asks or signs in at this moment has the row, or finds it forgotten.
        locked = select(Identity.id).where(Identity.id.in_(found)).order_by(Identity.id)
        ids = session.scalars(locked.with_for_update(skip_locked=True)).all()
        still = session.scalars(select(Identity.id).where(Identity.id.in_(ids), *_is_stranger(before))).all()
        for rows in (Notice, SignIn, AddressChange):
            session.execute(delete(rows).where(rows.identity_id.in_(still)))
        session.execute(
            update(Identity).where(Identity.id.in_(still)).values(**nobody(), erased_at=clock(session))
        )
        return len(still)


def nobody() -> dict[str, object]:
    """What an identity is made of when nothing tells any more who it was."""
    return {
        "address": None,
        "address_key": "erased " + Identity.public_id,
        "slug": None,
        "name": "",
        "bio": "",
        "picture_id": None,
        "locale": None,
        "time_zone": None,
        "hears_of_comments": False,
    }


def _is_stranger(before: datetime) -> tuple[ColumnElement[bool], ...]:
    of_it = SignIn.identity_id == Identity.id
    return (
        Identity.confirmed_at.is_(None),
        Identity.erased_at.is_(None),
        Identity.created_at < before,
        ~exists().where(Role.identity_id == Identity.id),
        ~exists().where(of_it, (SignIn.created_at >= before) | SignIn.used_at.is_not(None)),
        ~exists().where(Notice.identity_id == Identity.id, Notice.state == DeliveryState.SENDING),
    )
