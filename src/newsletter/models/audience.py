"""Who reads: subscribers, what they follow, what they agreed to, and who must not be mailed."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.domain.states import ConsentKind, Rhythm, SubscriberState, SubscriptionState
from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId, choice


class Subscriber(Base):
    """A person who asked for letters. Erased ones stay as tombstones: no address, no name."""

    __tablename__ = "subscriber"
    __table_args__ = (UniqueConstraint("publication_id", "address_key"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    identity_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    public_id: Mapped[PublicId]
    address: Mapped[str | None] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str | None] = mapped_column(String(16))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[SubscriberState] = mapped_column(choice(SubscriberState), default=SubscriberState.PENDING)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    # No letters before this moment, by the reader's own wish.
    paused_until: Mapped[datetime | None]
    rhythm: Mapped[Rhythm] = mapped_column(choice(Rhythm), default=Rhythm.EACH)
    erased_at: Mapped[datetime | None]


class Subscription(Base):
    """Subscriber × section."""

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "section_id"),
        # Freezing walks the followers of a section in the order of their ids.
        Index(None, "section_id", "state", "subscriber_id"),
    )

    id: Mapped[RowId]
    subscriber_id: Mapped[int] = mapped_column(BigKey, ForeignKey("subscriber.id"))
    section_id: Mapped[int] = mapped_column(BigKey, ForeignKey("section.id"))
    state: Mapped[SubscriptionState] = mapped_column(
        choice(SubscriptionState), default=SubscriptionState.PENDING
    )
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Consent(Base):
    """The proof of a yes or a no: when, through what, and the very words shown. Only ever added to."""

    __tablename__ = "consent"

    id: Mapped[RowId]
    public_id: Mapped[PublicId]
    subscriber_id: Mapped[int] = mapped_column(BigKey, ForeignKey("subscriber.id"), index=True)
    # The question that this is the answer to: each can be answered once.
    answers_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("consent.id"), unique=True)
    kind: Mapped[ConsentKind] = mapped_column(choice(ConsentKind))
    section_ids: Mapped[list[int]] = mapped_column(JSON)
    # What the asker typed; it becomes the subscriber's name only when the owner of the address says yes.
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    wording: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(100))
    client: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime]


class Suppression(Base):
    """An address we must not mail, known by a keyed hash so that it outlives erasure."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("publication_id", "address_hash"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    address_hash: Mapped[str] = mapped_column(String(64))
    subscriber_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("subscriber.id"), index=True)
    reason: Mapped[str] = mapped_column(String(50))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class Departure(Base):
    """Somebody left, wholly or from a section. Senders look at the newest number before every body."""

    __tablename__ = "departure"

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    subscriber_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("subscriber.id"))
    at: Mapped[datetime]
