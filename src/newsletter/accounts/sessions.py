"""The browsers in which somebody is signed in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session as DatabaseSession

from newsletter.accounts.signing_in import Visitor
from newsletter.models import Session


def sessions_of(session: DatabaseSession, visitor: Visitor, now: datetime) -> Sequence[Session]:
    """All of them, this one first, then the newest."""
    found = session.scalars(
        select(Session).where(*_open(visitor), Session.expires_at > now).order_by(Session.id.desc())
    )
    return sorted(found, key=lambda each: each.id != visitor.session_id)


def revoke(session: DatabaseSession, visitor: Visitor, session_id: int, now: datetime) -> None:
    """Sign one browser out. Safe to repeat; what belongs to others stays as it is."""
    session.execute(update(Session).where(*_open(visitor), Session.id == session_id).values(revoked_at=now))


def revoke_others(session: DatabaseSession, visitor: Visitor, now: datetime) -> None:
    """Sign every browser out but this one."""
    others = Session.id != visitor.session_id
    session.execute(update(Session).where(*_open(visitor), others).values(revoked_at=now))


def _open(visitor: Visitor) -> tuple[ColumnElement[bool], ...]:
    return Session.identity_id == visitor.identity.id, Session.revoked_at.is_(None)
