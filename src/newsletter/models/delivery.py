"""How it travels: campaigns, their batches, and the ledger of deliveries."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId, choice
from newsletter.models.publishing import Post, Section


class DeliveryStateNumber(TypeDecorator[DeliveryState]):
    """A delivery state as a small integer."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: DeliveryState | None, _dialect: object) -> int | None:
        """Write the number."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, _dialect: object) -> DeliveryState | None:
        """Read the number as a state."""
        return None if value is None else DeliveryState(value)


class Campaign(Base):
    """One mailing of one post. Its content is frozen when publishing is confirmed."""

    __tablename__ = "campaign"
    # A second click on Publish meets this and finds the campaign that is already there.
    __table_args__ = (UniqueConstraint("post_id", "kind", "edition"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    post_id: Mapped[int] = mapped_column(BigKey, ForeignKey("post.id"))
    section_id: Mapped[int] = mapped_column(BigKey, ForeignKey("section.id"), index=True)
    public_id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(24), default="post")
    edition: Mapped[int] = mapped_column(default=1)
    subject: Mapped[str] = mapped_column(String(400))
    plan: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    plan_format: Mapped[int] = mapped_column(SmallInteger)
    # The address in the plan's From: whoever changes the publication's later changes no letter under way.
    sender: Mapped[str] = mapped_column(String(254), default="")
    state: Mapped[CampaignState] = mapped_column(choice(CampaignState), index=True)
    uncertain_policy: Mapped[UncertainPolicy] = mapped_column(choice(UncertainPolicy))
    trouble: Mapped[str] = mapped_column(Text, default="")
    frozen_through: Mapped[int] = mapped_column(BigKey, default=0)
    audience_through: Mapped[int | None] = mapped_column(BigKey)
    total: Mapped[int | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    audience_frozen_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # Seconds; the settings decide where a campaign says nothing.
    give_up_after: Mapped[int | None]
    spread_over: Mapped[int] = mapped_column(default=0)
    # Only those whose letter of that campaign was taken are written to.
    corrects_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("campaign.id"))
    # A person saw how many refusals there are, and let it go on.
    brake_released: Mapped[bool] = mapped_column(default=False)

    post: Mapped[Post] = relationship(lazy="raise")
    section: Mapped[Section] = relationship(lazy="raise")


class Batch(Base):
    """A leased slice of a campaign: the deliveries of one range of subscriber ids, and their counts."""

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("campaign_id", "low"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[RowId]
    campaign_id: Mapped[int] = mapped_column(BigKey, ForeignKey("campaign.id"))
    low: Mapped[int] = mapped_column(BigKey)
    high: Mapped[int] = mapped_column(BigKey)
    total: Mapped[int]
    accepted: Mapped[int] = mapped_column(default=0)
    deferred: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[int] = mapped_column(default=0)
    sending: Mapped[int] = mapped_column(default=0)
    resends: Mapped[int] = mapped_column(default=0)
    state: Mapped[BatchState] = mapped_column(choice(BatchState), default=BatchState.READY)
    due_at: Mapped[datetime]
    owner: Mapped[str] = mapped_column(String(100), default="")
    epoch: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    # Leases in a row that nobody gave back.
    lease_count: Mapped[int] = mapped_column(default=0)
    # The subscribers whose bodies may be under way, as a JSON list: the intents.
    in_flight: Mapped[str] = mapped_column(Text, default="")
    # Of the failed ones, so many were looked at for what follows for their readers.
    filed: Mapped[int] = mapped_column(default=0)


class Delivery(Base):
    """Campaign × subscriber: the ledger row. Nothing that changes is indexed."""

    __tablename__ = "delivery"
    # A row trebles when its answer is written. With that room on its page the update needs no index entry,
    # and leaves no dead row behind that outlives the next update there.
    __table_args__ = (
        PrimaryKeyConstraint("campaign_id", "subscriber_id"),
        {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": "35"}},
    )

    campaign_id: Mapped[int] = mapped_column(BigKey, ForeignKey("campaign.id"))
    subscriber_id: Mapped[int] = mapped_column(BigKey, ForeignKey("subscriber.id"))
    state: Mapped[DeliveryState] = mapped_column(DeliveryStateNumber, default=DeliveryState.PLANNED)
    # The number of the newest try that came to something: outcomes name it. `sending` is never written
    # here: a delivery whose body may be under way is named in its batch.
    # Refusals are those that count against us.
    attempt: Mapped[int] = mapped_column(SmallInteger, default=0)
    refusals: Mapped[int] = mapped_column(SmallInteger, default=0)
    resends: Mapped[int] = mapped_column(SmallInteger, default=0)
    # Rows of relays stay for ever, and no foreign key says so: it would look the relay up for every answer.
    relay_id: Mapped[int | None] = mapped_column(BigKey)
    code: Mapped[int | None] = mapped_column(SmallInteger)
    detail: Mapped[str | None] = mapped_column(Text)
    # What the refusal says, in a word of `Meaning`.
    meaning: Mapped[str | None] = mapped_column(String(24))
    next_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]


class Bounce(Base):
    """A letter that came to nothing for good: kept as the proof of what followed for its reader."""

    __tablename__ = "bounce"
    __table_args__ = (UniqueConstraint("campaign_id", "subscriber_id"),)

    id: Mapped[RowId]
    campaign_id: Mapped[int] = mapped_column(BigKey, ForeignKey("campaign.id"))
    subscriber_id: Mapped[int] = mapped_column(BigKey, ForeignKey("subscriber.id"), index=True)
    relay_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("relay.id"))
    meaning: Mapped[str] = mapped_column(String(24))
    code: Mapped[int | None] = mapped_column(SmallInteger)
    detail: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
