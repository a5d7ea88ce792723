"""How far a campaign is: numbers that add up."""

from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.models import Batch, Bounce


@dataclass(frozen=True)
class Counts:
    """The deliveries of a campaign by state."""

    total: int
    sending: int
    accepted: int
    deferred: int
    failed: int
    skipped: int
    uncertain: int
    resends: int

    @property
    def planned(self) -> int:
        """Those nobody has touched yet."""
        moved = self.sending + self.accepted + self.deferred + self.failed + self.skipped + self.uncertain
        return self.total - moved

    @property
    def settled(self) -> int:
        """Those that have come to an end."""
        return self.accepted + self.failed + self.skipped

    def as_dict(self) -> dict[str, int]:
        """The numbers by name."""
        return {
            "audience": self.total,
            "planned": self.planned,
            "sending": self.sending,
            "accepted": self.accepted,
            "deferred": self.deferred,
            "failed": self.failed,
            "skipped": self.skipped,
            "uncertain": self.uncertain,
            "resends": self.resends,
        }


def why_failed(session: Session, campaign_id: int) -> dict[str, int]:
    """What the refusals of failed letters say, the most frequent first; as far as they are filed."""
    number = func.count()
    rows = session.execute(
        select(Bounce.meaning, number)
        .where(Bounce.campaign_id == campaign_id)
        .group_by(Bounce.meaning)
        .order_by(number.desc(), Bounce.meaning)
    )
    return {row[0]: row[1] for row in rows}


def count_deliveries(session: Session, campaign_id: int) -> Counts:
    """The counts of a campaign, summed over its batches."""
    columns = (
        Batch.total,
        Batch.sending,
        Batch.accepted,
        Batch.deferred,
        Batch.failed,
        Batch.skipped,
        Batch.uncertain,
        Batch.resends,
    )
    sums = session.execute(
        select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(
            Batch.campaign_id == campaign_id
        )
    ).one()
    counts = Counts(*(int(number) for number in sums))
    # A letter that was deferred and is under way again stands in both columns: it is under way.
    return replace(counts, deferred=counts.deferred + min(0, counts.planned))
