"""What a person does with a campaign under way: pause, resume, cancel, try again, top up.

Each is safe to repeat, takes effect at the gate at once, and is written down with who did it. What has
to be done to many rows is done batch by batch, each in a transaction of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Delete, delete, func, insert, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.audit import Actor, record
from newsletter.audience.segments import eligible_followers
from newsletter.database import Database, clock, close_gate, rows_changed
from newsletter.delivery.due import in_range
from newsletter.delivery.freezing import delivery_columns, planned_rows
from newsletter.delivery.moves import recount, reopen_or_finish
from newsletter.domain.eligibility import SkipReason
from newsletter.domain.errors import Conflict
from newsletter.domain.outcomes import Meaning
from newsletter.domain.states import BatchState, CampaignState, DeliveryState
from newsletter.jobs import Bell, Job
from newsletter.models import Batch, Bounce, Campaign, Delivery, Subscriber, Suppression

_PAUSED_BY_HAND = "Paused by a person."


@dataclass(frozen=True)
class Control:
    """The controls of one campaign, in one person's hands."""

    database: Database
    bell: Bell
    campaign_id: int
    actor: Actor

    def pause(self) -> bool:
        """Stop it; no body leaves after this commits. False when it was not going out."""
        with self.database.writing() as session:
            campaign = self._take(session)
            if campaign.state is not CampaignState.SENDING:
                return False
            campaign.state, campaign.trouble = CampaignState.PAUSED, _PAUSED_BY_HAND
            self._record(session, campaign, "pause")
            return True

    def cancel(self) -> bool:
        """End it; no body leaves after this commits, and who has no letter yet gets none. False when over."""
        with self.database.writing() as session:
            campaign = self._take(session)
            if campaign.state in {CampaignState.CANCELLED, CampaignState.FINISHED}:
                return False
            campaign.state, campaign.trouble = CampaignState.CANCELLED, ""
            self._record(session, campaign, "cancel")
            return True

    def resume(self) -> bool:
        """Let it go on where it stopped, also after it was cancelled. False when it was not stopped."""
        with self.database.writing() as session:
            campaign = self._take(session)
            if campaign.state not in {CampaignState.PAUSED, CampaignState.CANCELLED}:
                return False
            if campaign.state is CampaignState.CANCELLED and campaign.audience_frozen_at is None:
                raise Conflict("It was cancelled before its audience was fixed. Publish the post again.")
            # Not yet going out: first everybody who was left out by cancelling is planned again.
            campaign.state, campaign.finished_at = CampaignState.PAUSED, None
        self._each_batch(Batch.skipped > 0, _plan_cancelled)
        with self.database.writing() as session:
            campaign = self._take(session)
            if campaign.state is CampaignState.PAUSED:
                campaign.state, campaign.trouble, campaign.brake_released = CampaignState.SENDING, "", True
                self._record(session, campaign, "resume")
                self.bell.ring_after_commit(session, Job.SEND)
        return True

    def try_again(self, within: float) -> int:
        """Plan the letters that failed anew, except to addresses that must not be mailed. Returns how many.

        Their campaign is young again: it gives up after `within` seconds from now. Raises Conflict when it
        was cancelled.
        """
        with self.database.writing() as session:
            campaign = self._take(session)
            _require_not_cancelled(campaign)
            if campaign.audience_frozen_at is not None:
                age = (clock(session) - campaign.audience_frozen_at).total_seconds()
                campaign.give_up_after = int(age + within)
        count = self._each_batch(Batch.failed > 0, _plan_failed)
        self._go_on(count, "try again")
        return count

    def top_up(self) -> int:
        """Send it to those as well who came since. Returns how many they are.

        Raises Conflict while it is paused, and when it was cancelled or corrects another.
        """
        with self.database.writing() as session:
            campaign = self._take(session)
            _require_not_cancelled(campaign)
            if campaign.corrects_id is not None:
                raise Conflict("A correction goes to those who got the letter, and to nobody else.")
            if campaign.state is CampaignState.PAUSED:
                raise Conflict("It is paused. Resume it first.")
            if campaign.state is CampaignState.FREEZING:
                return 0
            section_id = campaign.section_id
        count = self._each_batch(Batch.id > 0, partial(_add_missing, section_id))
        with self.database.writing() as session:
            campaign = self._take(session)
            newer = _newer_followers(session, campaign)
            if newer and campaign.state in {CampaignState.SENDING, CampaignState.FINISHED}:
                campaign.audience_through = session.scalar(select(func.max(Subscriber.id)))
                campaign.state, campaign.finished_at = CampaignState.FREEZING, None
                self.bell.ring_after_commit(session, Job.FREEZE, campaign.id)
                self._record(session, campaign, "top up", letters=count + newer)
                return count + newer
        self._go_on(count, "top up")
        return count

    def _take(self, session: Session) -> Campaign:
        close_gate(session)
        return session.get_one(Campaign, self.campaign_id, with_for_update=True, populate_existing=True)

    def _record(self, session: Session, campaign: Campaign, action: str, **detail: int) -> None:
        record(
            session, campaign.publication_id, self.actor, action, f"campaign {campaign.public_id}", **detail
        )

    def _each_batch(self, which: ColumnElement[bool], act: Callable[[Session, Batch], int]) -> int:
        """Do something to every batch of a kind, locked; how many letters that was."""
        return sum(self._each(which, act))

    def _each(self, which: ColumnElement[bool], act: Callable[[Session, Batch], int]) -> Iterator[int]:
        last = 0
        while True:
            with self.database.writing() as session:
                batch_id = session.scalar(
                    select(func.min(Batch.id)).where(
                        Batch.campaign_id == self.campaign_id, Batch.id > last, which
                    )
                )
                if batch_id is None:
                    return
                last = batch_id
                batch = session.get_one(Batch, batch_id, with_for_update=True)
                count = act(session, batch)
                if count:
                    recount(session, batch)
                    if batch.state is not BatchState.LEASED:
                        reopen_or_finish(session, batch, clock(session))
            yield count

    def _go_on(self, count: int, action: str) -> None:
        """Let it send what was planned; also what an earlier try planned that was killed before this."""
        with self.database.writing() as session:
            campaign = self._take(session)
            if campaign.state is CampaignState.FINISHED and self._has_open_batches(session):
                campaign.state, campaign.finished_at = CampaignState.SENDING, None
                self.bell.ring_after_commit(session, Job.SEND)
            if not count:
                return
            campaign.total = session.scalar(
                select(func.sum(Batch.total)).where(Batch.campaign_id == campaign.id)
            )
            self._record(session, campaign, action, letters=count)
            self.bell.ring_after_commit(session, Job.SEND)

    def _has_open_batches(self, session: Session) -> bool:
        still_open = (Batch.campaign_id == self.campaign_id, Batch.state != BatchState.DONE)
        return session.scalar(select(Batch.id).where(*still_open).limit(1)) is not None


def skip_cancelled(database: Database) -> int:
    """Close the books of cancelled campaigns: whoever got no letter is skipped. Returns how many."""
    with database.reading() as session:
        batch_ids = session.scalars(
            select(Batch.id)
            .join(Campaign, Campaign.id == Batch.campaign_id)
            .where(Campaign.state == CampaignState.CANCELLED, Batch.state == BatchState.READY)
            .order_by(Batch.id)
        ).all()
    skipped = 0
    for batch_id in batch_ids:
        with database.writing() as session:
            skipped += _skip_batch(session, session.get_one(Batch, batch_id, with_for_update=True))
    return skipped


def _skip_batch(session: Session, batch: Batch) -> int:
    campaign = session.get_one(Campaign, batch.campaign_id, populate_existing=True)
    if campaign.state is not CampaignState.CANCELLED or batch.state is not BatchState.READY:
        return 0
    changed = session.execute(
        update(Delivery)
        .where(*in_range(batch), Delivery.state.in_((DeliveryState.PLANNED, DeliveryState.DEFERRED)))
        .values(
            state=DeliveryState.SKIPPED, detail=SkipReason.CANCELLED, next_at=None, changed_at=clock(session)
        )
        .execution_options(synchronize_session=False)
    )
    recount(session, batch)
    batch.state, batch.lease_until = BatchState.DONE, None
    return rows_changed(changed)


def _plan_cancelled(session: Session, batch: Batch) -> int:
    changed = session.execute(
        update(Delivery)
        .where(
            *in_range(batch),
            Delivery.state == DeliveryState.SKIPPED,
            Delivery.detail == SkipReason.CANCELLED,
        )
        .values(state=DeliveryState.PLANNED, detail=None, changed_at=clock(session))
        .execution_options(synchronize_session=False)
    )
    return rows_changed(changed)


def _plan_failed(session: Session, batch: Batch) -> int:
    suppressed = select(Suppression.id).where(Suppression.subscriber_id == Delivery.subscriber_id)
    again = (
        *in_range(batch),
        Delivery.state == DeliveryState.FAILED,
        func.coalesce(Delivery.meaning, "") != Meaning.NO_MAILBOX,
        ~suppressed.exists(),
    )
    readers = session.scalars(select(Delivery.subscriber_id).where(*again)).all()
    session.execute(_bounces_of(batch, readers))
    session.execute(
        update(Delivery)
        .where(*in_range(batch), Delivery.subscriber_id.in_(readers), Delivery.state == DeliveryState.FAILED)
        .values(state=DeliveryState.PLANNED, refusals=0, next_at=None, changed_at=clock(session))
        .execution_options(synchronize_session=False)
    )
    batch.filed = -1 if readers else batch.filed  # those that stay failed may not have been filed yet
    return len(readers)


def _bounces_of(batch: Batch, readers: Sequence[int]) -> Delete:
    return delete(Bounce).where(Bounce.campaign_id == batch.campaign_id, Bounce.subscriber_id.in_(readers))


def _add_missing(section_id: int, session: Session, batch: Batch) -> int:
    """Followers of this range who have no letter yet: they came, or came back, since."""
    has_letter = select(Delivery.subscriber_id).where(
        Delivery.campaign_id == batch.campaign_id, Delivery.subscriber_id == Subscriber.id
    )
    missing = planned_rows(
        eligible_followers(section_id, (batch.low, batch.high)).where(~has_letter.exists()), batch.campaign_id
    )
    inserted = session.execute(
        insert(Delivery).from_select(delivery_columns(), missing),
        execution_options={"preserve_rowcount": True},
    )
    return rows_changed(inserted)


def _newer_followers(session: Session, campaign: Campaign) -> int:
    newer = eligible_followers(campaign.section_id).where(Subscriber.id > (campaign.audience_through or 0))
    return session.scalar(select(func.count()).select_from(newer.subquery())) or 0


def _require_not_cancelled(campaign: Campaign) -> None:
    if campaign.state is CampaignState.CANCELLED:
        raise Conflict("It was cancelled. To let it go on: newsletter campaign resume")
