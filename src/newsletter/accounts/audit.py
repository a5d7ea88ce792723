"""Who did what, and when: written in the transaction in which it was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import clock
from newsletter.models import AuditEntry


@dataclass(frozen=True)
class Actor:
    """Who acts, as others know them: an address, or a name on a command line."""

    name: str


def record(
    session: Session, publication_id: int, actor: Actor, action: str, subject: str, **detail: Any
) -> None:
    """Write down what was done."""
    session.add(
        AuditEntry(
            publication_id=publication_id,
            at=clock(session),
            actor=actor.name[:200],
            action=action,
            subject=subject[:160],
            detail=detail,
        )
    )


@dataclass(frozen=True)
class Deed:
    """One entry."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


def deeds_on(session: Session, subject: str, limit: int = 50) -> Sequence[Deed]:
    """What was done to something, the newest first."""
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == subject)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return [Deed(each.at, each.actor, each.action, each.detail) for each in entries]
