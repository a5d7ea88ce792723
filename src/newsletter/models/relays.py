"""The relays mail is handed to, what each of them takes, and which process may use how much of it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId


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
    # Of the relays that can be used the lowest priority is; of one priority the cheapest; of one price,
    # by weight.
    priority: Mapped[int] = mapped_column(default=10)
    cost: Mapped[float] = mapped_column(default=0.0)
    weight: Mapped[int] = mapped_column(default=1)
    # Whether it speaks to the receivers itself, so that each group of domains has its own limits.
    is_direct: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    trouble: Mapped[str] = mapped_column(Text, default="")
    trouble_count: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Pace(Base):
    """What a relay takes, altogether or for one group of domains: the limits set, and what was learnt."""

    __tablename__ = "pace"
    __table_args__ = (UniqueConstraint("relay_id", "domain_group"),)

    id: Mapped[RowId]
    relay_id: Mapped[int] = mapped_column(BigKey, ForeignKey("relay.id"))
    # Empty for the relay altogether.
    domain_group: Mapped[str] = mapped_column(String(40), default="")
    max_connections: Mapped[int | None]
    max_rate: Mapped[float | None]
    max_per_day: Mapped[int | None]
    # A relay or group that is new begins with so many letters a day, and takes more each day.
    warm_from: Mapped[int | None]
    warm_growth: Mapped[float] = mapped_column(default=1.5)
    warm_since: Mapped[date | None]
    # Learnt from refusals: letters a second, the last known ceiling, connections.
    rate: Mapped[float | None]
    ceiling: Mapped[float | None]
    room: Mapped[int | None]
    slowed_at: Mapped[datetime | None]
    raised_at: Mapped[datetime | None]
    day: Mapped[date | None]
    used: Mapped[int] = mapped_column(default=0)


class ReceiverDomain(Base):
    """A domain of recipients whose name does not tell who takes its mail."""

    __tablename__ = "receiver_domain"

    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    # Empty until it was looked up.
    domain_group: Mapped[str] = mapped_column(String(40), default="")
    checked_at: Mapped[datetime | None] = mapped_column(index=True)


class Seat(Base):
    """A process's leased share of a pace. All shares together are never more than the pace."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("pace_id", "owner"),)

    id: Mapped[RowId]
    pace_id: Mapped[int] = mapped_column(BigKey, ForeignKey("pace.id"))
    owner: Mapped[str] = mapped_column(String(100))
    connections: Mapped[int] = mapped_column(default=0)
    rate: Mapped[float] = mapped_column(default=0.0)
    # What it really sent lately, in letters a second.
    speed: Mapped[float] = mapped_column(default=0.0)
    until: Mapped[datetime]
