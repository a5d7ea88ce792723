"""What keeps it running: single mails, relays, workers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
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


class Relay(Base):
    """An SMTP server we hand mail to. Its password is a setting, never a row."""

    __tablename__ = "relay"
    __table_args__ = (UniqueConstraint("publication_id", "name"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(String(100))
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    security: Mapped[str] = mapped_column(String(16))
    username: Mapped[str] = mapped_column(String(200), default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    trouble: Mapped[str] = mapped_column(Text, default="")
    trouble_count: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Worker(Base):
    """A worker's sign of life, renewed at each sweep."""

    __tablename__ = "worker"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
