"""The ledger: the only writer of delivery state.

A worker leases a batch and passes the gate before every body: in one transaction its lease is
renewed, the outcome of the letter before is written down, and the next letter becomes `sending`
(the intent), unless its reader left or its campaign stopped. What is not durable was not sent.

Intents are fenced by the lease's epoch. Outcomes are not: a reply that is known is never thrown away.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from newsletter.audience.segments import newest_departure, standings
from newsletter.database import Database, clock, enter_gate, rows_changed
from newsletter.delivery.moves import Move, count_moves, finish_campaigns, move, reopen_or_finish
from newsletter.delivery.relays import all_relays_rest
from newsletter.domain.eligibility import SkipReason, may_send, reason_to_skip
from newsletter.domain.outcomes import Outcome
from newsletter.domain.settlement import MAX_RESENDS, Rules, Settlement, settle
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Batch, Campaign, Delivery, Subscriber


@dataclass(frozen=True)
class Lease:
    """A worker's right to send one batch. Another epoch in the database means it was taken away."""

    batch_id: int
    campaign_id: int
    section_id: int
    low: int
    high: int
    epoch: int


@dataclass(frozen=True)
class Recipient:
    """One delivery that is due, and what its letter needs. `attempt` numbers the try to come."""

    subscriber_id: int
    attempt: int
    address: str
    name: str
    public_id: str


@dataclass(frozen=True)
class Load:
    """What a lease has to send, and the newest departure it knows of."""

    recipients: Sequence[Recipient]
    departures: int


@dataclass(frozen=True)
class Result:
    """The outcome of one try."""

    subscriber_id: int
    attempt: int
    outcome: Outcome


class Passage(Enum):
    """The gate's answer."""

    OPEN = "the intent is durable: the body may leave"
    SKIP = "this letter is not to be sent; go on with the next"
    STOP = "the campaign is paused or over: give the batch back"
    FENCED = "the lease was taken away: close the connection, send nothing more"


class Ledger:
    """Leases batches and moves deliveries."""

    def __init__(self, database: Database, lease_for: timedelta, rules: Rules) -> None:
        self._database = database
        self._lease_for = lease_for
        self._rules = rules

    def lease(self, owner: str) -> Lease | None:
        """Take a batch that is due: of the campaigns under way, the one that waits longest."""
        with self._database.writing() as session:
            now = clock(session)
            if all_relays_rest(session, now):
                return None
            due = (
                select(Batch)
                .join(Campaign, Campaign.id == Batch.campaign_id)
                .where(
                    Campaign.state == CampaignState.SENDING,
                    Batch.state == BatchState.READY,
                    Batch.due_at <= now,
                )
                .order_by(Batch.due_at, Batch.id)
                .limit(1)
                .with_for_update(skip_locked=True, of=Batch)
            )
            batch = session.scalar(due)
            if batch is None:
                return None
            section_id = session.get_one(Campaign, batch.campaign_id).section_id
            batch.state = BatchState.LEASED
            batch.owner = owner
            batch.epoch += 1
            batch.lease_count += 1
            batch.lease_until = now + self._lease_for
            return Lease(batch.id, batch.campaign_id, section_id, batch.low, batch.high, batch.epoch)

    def renew(self, lease: Lease) -> bool:
        """Keep a lease while waiting for a slow relay; False when it was taken away."""
        with self._database.writing() as session:
            return self._renewed(session, lease) is not None

    def load(self, lease: Lease) -> Load:
        """The batch's letters that are due now; whoever left since freezing is skipped here."""
        with self._database.writing() as session:
            enter_gate(session)
            batch = self._renewed(session, lease)
            if batch is None:
                return Load((), 0)
            departures = newest_departure(session)
            self._take_up_uncertain(session, lease, batch)
            rows = self._due_rows(session, lease)
            skipped = self._skip_ineligible(session, lease, [row.subscriber_id for row in rows])
            count_moves(batch, skipped)
            gone = set(skipped)
            return Load([row for row in rows if row.subscriber_id not in gone], departures)

    def pass_gate(
        self, lease: Lease, results: Sequence[Result], recipient: Recipient, departures: int
    ) -> Passage:
        """Write down results and the intent to send one letter; the body may leave only after this."""
        with self._database.writing() as session:
            enter_gate(session)
            batch = self._renewed(session, lease)
            moves = self._record(session, lease, results)
            if batch is None:
                self._count_unfenced(session, lease, moves)
                return Passage.FENCED
            count_moves(batch, moves)
            if not may_send(_campaign_state(session, lease)):
                return Passage.STOP
            if newest_departure(session) > departures:
                skipped = self._skip_ineligible(session, lease, [recipient.subscriber_id])
                if skipped:
                    count_moves(batch, skipped)
                    return Passage.SKIP
            step = self._intend(session, lease, recipient)
            if step is None:
                return Passage.SKIP
            count_moves(batch, {recipient.subscriber_id: step})
            return Passage.OPEN

    def give_back(self, lease: Lease, results: Sequence[Result], *, not_before: float = 0) -> None:
        """Write down the last results and return the batch: ready again when something is due, else done."""
        with self._database.writing() as session:
            batch = self._renewed(session, lease)
            moves = self._record(session, lease, results)
            if batch is None:
                self._count_unfenced(session, lease, moves)
                return
            count_moves(batch, moves)
            session.flush()
            self._release_intents(session, lease, batch)
            reopen_or_finish(session, batch, clock(session) + timedelta(seconds=not_before))
            if batch.state is BatchState.DONE:
                session.flush()
                finish_campaigns(session)  # two last batches at once miss each other; the sweeper does not

    def _renewed(self, session: Session, lease: Lease) -> Batch | None:
        """The batch, locked and its lease prolonged; None when the lease is no longer ours."""
        batch = session.get_one(Batch, lease.batch_id, with_for_update=True)
        now = clock(session)
        if batch.epoch != lease.epoch or batch.lease_until is None or batch.lease_until <= now:
            return None
        batch.lease_until = now + self._lease_for
        return batch

    def _due_rows(self, session: Session, lease: Lease) -> Sequence[Recipient]:
        now = clock(session)
        rows = session.execute(
            select(
                Delivery.subscriber_id,
                Delivery.attempt,
                Subscriber.address,
                Subscriber.name,
                Subscriber.public_id,
            )
            .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(
                *_in_range(lease),
                (Delivery.state == DeliveryState.PLANNED)
                | ((Delivery.state == DeliveryState.DEFERRED) & (Delivery.next_at <= now)),
            )
            .order_by(Delivery.subscriber_id)
        )
        return [Recipient(row[0], row[1] + 1, row[2] or "", row[3], row[4]) for row in rows]

    def _take_up_uncertain(self, session: Session, lease: Lease, batch: Batch) -> None:
        """Under the policy `resend`, letters in doubt are planned again once their grace is over."""
        policy = session.get_one(Campaign, lease.campaign_id).uncertain_policy
        if policy is not UncertainPolicy.RESEND:
            return
        now = clock(session)
        changed = session.execute(
            update(Delivery)
            .where(
                *_in_range(lease),
                Delivery.state == DeliveryState.UNCERTAIN,
                Delivery.next_at <= now,
                Delivery.resends < MAX_RESENDS,
            )
            .values(state=DeliveryState.PLANNED, resends=Delivery.resends + 1, next_at=None, changed_at=now)
        )
        count = rows_changed(changed)
        batch.uncertain -= count
        batch.resends += count

    def _skip_ineligible(
        self, session: Session, lease: Lease, subscriber_ids: Collection[int]
    ) -> Mapping[int, Move]:
        """Skip those who left or are suppressed by now."""
        skipped: dict[int, Move] = {}
        known = standings(session, lease.section_id, subscriber_ids)
        for subscriber_id in subscriber_ids:
            reason = reason_to_skip(known[subscriber_id]) if subscriber_id in known else SkipReason.LEFT
            if reason is not None:
                step = move(
                    session,
                    (lease.campaign_id, subscriber_id),
                    Settlement(DeliveryState.SKIPPED, detail=reason),
                    clock(session),
                )
                if step is not None:
                    skipped[subscriber_id] = step
        return skipped

    def _intend(self, session: Session, lease: Lease, recipient: Recipient) -> Move | None:
        key = (lease.campaign_id, recipient.subscriber_id)
        now = clock(session)
        return move(session, key, Settlement(DeliveryState.SENDING), now, attempt=recipient.attempt)

    def _release_intents(self, session: Session, lease: Lease, batch: Batch) -> None:
        """Intents whose body never left, because the answer to their commit was lost: planned again."""
        changed = session.execute(
            update(Delivery)
            .where(*_in_range(lease), Delivery.state == DeliveryState.SENDING)
            .values(state=DeliveryState.PLANNED, changed_at=clock(session))
            .execution_options(synchronize_session=False)
        )
        batch.sending -= rows_changed(changed)

    def _record(self, session: Session, lease: Lease, results: Sequence[Result]) -> Mapping[int, Move]:
        """Write outcomes down, by attempt and whoever holds the lease; a repeated one changes nothing."""
        moves: dict[int, Move] = {}
        now = clock(session)
        for result in results:
            key = (lease.campaign_id, result.subscriber_id)
            row = session.get_one(Delivery, key, with_for_update=True, populate_existing=True)
            if row.attempt != result.attempt:
                continue
            started = session.get_one(Campaign, lease.campaign_id).audience_frozen_at or now
            settlement = settle(result.outcome, row.refusals, started, now, self._rules)
            code = result.outcome.reply.code if result.outcome.reply else None
            step = move(session, key, settlement, now, late=True, code=code)
            if step is not None:
                moves[result.subscriber_id] = step
        return moves

    def _count_unfenced(self, session: Session, lease: Lease, moves: Mapping[int, Move]) -> None:
        """A known reply counts even when the batch is somebody else's by now, or done."""
        if not moves:
            return
        batch = session.get_one(Batch, lease.batch_id, with_for_update=True)
        count_moves(batch, moves)
        revived = {DeliveryState.PLANNED, DeliveryState.DEFERRED}
        if batch.state is not BatchState.LEASED and revived & {after for _before, after in moves.values()}:
            session.flush()
            reopen_or_finish(session, batch, clock(session))
            campaign = session.get_one(Campaign, lease.campaign_id, with_for_update=True)
            if campaign.state is CampaignState.FINISHED:
                campaign.state, campaign.finished_at = CampaignState.SENDING, None


def _in_range(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        Delivery.campaign_id == lease.campaign_id,
        Delivery.subscriber_id.between(lease.low, lease.high),
    )


def _campaign_state(session: Session, lease: Lease) -> CampaignState:
    return session.scalars(select(Campaign.state).where(Campaign.id == lease.campaign_id)).one()
