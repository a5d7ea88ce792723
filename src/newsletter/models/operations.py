"""What keeps it running: single mails, workers, what was done by whom, and who is told."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.domain.states import DeliveryState
from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId
from newsletter.models.delivery import DeliveryStateNumber


class Notice(Base):
    """One mail to one person: a confirmation, a welcome, a sign-in link. It holds ids, never secrets."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "state", "next_at"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(24))
    subscriber_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("subscriber.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[DeliveryState] = mapped_column(DeliveryStateNumber, default=DeliveryState.PLANNED)
    attempt: Mapped[int] = mapped_column(SmallInteger, default=0)
    refusals: Mapped[int] = mapped_column(SmallInteger, default=0)
    resends: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_at: Mapped[datetime]
    code: Mapped[int | None] = mapped_column(SmallInteger)
    detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]


class Worker(Base):
    """A worker's sign of life, renewed at each sweep."""

    __tablename__ = "worker"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class AuditEntry(Base):
    """Something a person did that others may ask about later. Only ever added to."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(40))
    # What it was done to: a word and its public id, such as `campaign gqz5o2lhxq3vi`.
    subject: Mapped[str] = mapped_column(String(160))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class WebhookCall(Base):
    """One event on its way to the operator's own program."""

    __tablename__ = "webhook_call"
    __table_args__ = (Index(None, "done_at", "next_at"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    event: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[int] = mapped_column(default=0)
    detail: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
