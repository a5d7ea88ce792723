"""The ledger: the only writer of delivery state.

A worker leases a batch and passes the gate before every body: in one transaction its lease is
renewed, the outcome of the letter before is written down, and the next letter is named in the batch
as in flight (the intent), unless somebody left meanwhile or the campaign stopped. What is not
durable was not sent.

Intents are fenced by the lease's epoch. Outcomes are not: a reply that is known is never thrown away.
"""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.audience.segments import newest_departure, standings
from newsletter.database import Database, clock, enter_gate, joining_in_order, rows_changed
from newsletter.delivery.desk import Desk
from newsletter.delivery.due import due_letters, given_batch, in_range, next_batch
from newsletter.delivery.entries import Entry, Holding, Lease, Passage, Result
from newsletter.delivery.heralds import Herald
from newsletter.delivery.moves import Move, count_moves, finish_campaigns, move, reopen_or_finish
from newsletter.delivery.posting import (
    Group,
    Key,
    Posting,
    Row,
    Standing,
    fold,
    is_granted,
    leaves_its_row,
    read_in_flight,
    row_of,
)
from newsletter.delivery.posting_postgresql import PostgresPosting
from newsletter.delivery.posting_sqlite import SqlitePosting
from newsletter.delivery.relays import all_relays_rest
from newsletter.domain.eligibility import SkipReason, reason_to_skip
from newsletter.domain.settlement import MAX_RESENDS, Rules, Settlement
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Batch, Campaign, Delivery


class Ledger:
    """Leases batches and moves deliveries."""

    def __init__(self, database: Database, lease_for: timedelta, rules: Rules, herald: Herald) -> None:
        self._database = database
        self._herald = herald
        self._lease_for = lease_for
        self._rules = rules
        kind = SqlitePosting if database.is_sqlite else PostgresPosting
        self._posting: Posting = kind(database, lease_for)
        self._clock_ahead: timedelta | None = None

    def lease(self, owner: str, ticket: str = "") -> Holding | None:
        """Take a batch that is due; campaigns take turns.

        Whoever asks again with the same ticket gets what they were given before: a database that goes away
        may have kept a lease whose owner never heard of it.
        """
        name = f"{owner} {ticket}".rstrip()
        with self._database.writing() as session:
            now = clock(session)
            batch = given_batch(session, name) if ticket else None
            if batch is None and not all_relays_rest(session, now):
                batch = next_batch(session, now)
            if batch is None:
                return None
            campaign = session.get_one(Campaign, batch.campaign_id)
            batch.lease_count += batch.state is not BatchState.LEASED
            batch.state = BatchState.LEASED
            batch.owner = name
            batch.epoch += 1
            batch.lease_until = now + self._lease_for
            lease = Lease(
                batch.id, batch.campaign_id, campaign.section_id, batch.low, batch.high, batch.epoch
            )
            give_up = campaign.give_up_after
            return Holding(
                lease,
                started_at=campaign.audience_frozen_at,
                give_up_after=None if give_up is None else timedelta(seconds=give_up),
                audience=campaign.total or 0,
                is_released=campaign.brake_released,
            )

    def load(self, holding: Holding) -> None:
        """Bring in the batch's letters that are due now; whoever left since freezing is skipped here."""
        lease = holding.lease
        with self._database.writing() as session:
            enter_gate(session)
            batch = self._renewed(session, lease)
            if batch is None:
                holding.is_fenced = True
                return
            holding.departures = newest_departure(session)
            if batch.uncertain:
                self._take_up_uncertain(session, lease, batch)
            with joining_in_order(session):
                due = due_letters(session, lease)
            if due.ineligible:
                self._skip_ineligible(session, lease, batch, due.ineligible)
            holding.recipients = due.recipients

    def look_again(self, holding: Holding, waiting: Collection[int]) -> Collection[int]:
        """Somebody left since the batch was loaded: skip whoever may not be mailed any more, and say who.

        Letters that passed the gate before are not waiting: their bodies may be under way.
        """
        with self._database.writing() as session:
            enter_gate(session)
            batch = self._renewed(session, holding.lease)
            if batch is None:
                holding.is_fenced = True
                return waiting
            departures = newest_departure(session)
            still_waiting = set(waiting).difference(read_in_flight(batch.in_flight))
            gone = self._skip_ineligible(session, holding.lease, batch, still_waiting)
        holding.gone |= gone  # first: whoever reads the new number must find them here
        holding.departures = departures
        return gone

    def post(self, entries: Sequence[Entry]) -> list[Passage]:
        """Make a group of entries durable in one transaction, and answer each. Safe to repeat."""
        group = self._prepare(entries)
        found = self._posting.post(group.slips, group.rows)
        self._record_late(self._settle(group, found))
        return group.answers(found)

    async def post_surely(
        self, entries: Sequence[Entry], desk: Desk, gives_up: Callable[[], bool]
    ) -> list[Passage]:
        """Post without keeping the event loop waiting, and again while the database is away.

        Raises what the database raised when `gives_up` says that it has been long enough.
        """
        if self._clock_ahead is None:
            await desk.surely(gives_up, self._now)
        group = self._prepare(entries)
        found = await desk.insist(
            gives_up, lambda: self._posting.post_soon(group.slips, group.rows, desk), self._posting.reset
        )
        late = self._settle(group, found)
        if late:
            await desk.surely(gives_up, self._record_late, late)
        return group.answers(found)

    def _prepare(self, entries: Sequence[Entry]) -> Group:
        slips, now = fold(entries), self._now()
        results = (result for slip in slips for result in slip.results)
        rows = [row_of(result, now, self._rules) for result in results if not leaves_its_row(result)]
        return Group(entries, slips, rows)

    def _settle(self, group: Group, found: Mapping[Key, Standing]) -> list[Result]:
        """Remember what the database now says of each batch. Returns what it did not take and may be late."""
        late: list[Result] = []
        for slip in group.slips:
            holding, standing = slip.holding, found.get(slip.holding.lease.key)
            if standing is None:
                holding.is_fenced = True
                late += slip.of_bodies
                continue
            self._follow_clock(standing.now)
            holding.is_fenced = not standing.is_alive
            holding.in_flight = slip.granted if is_granted(standing) else slip.kept
        return late

    def give_back(self, holding: Holding, *, not_before: float = 0) -> None:
        """Return a batch whose results are all posted: ready again when something is due, else done."""
        with self._database.writing() as session:
            batch = session.get_one(Batch, holding.lease.batch_id, with_for_update=True)
            if batch.epoch != holding.lease.epoch or batch.state is not BatchState.LEASED:
                return
            batch.lease_count = 0
            batch.in_flight, batch.sending = "", 0  # those that still stand there never had their body sent
            if not reopen_or_finish(session, batch, clock(session) + timedelta(seconds=not_before)):
                session.flush()
                finish_campaigns(
                    session, self._herald
                )  # two last batches at once miss each other; the sweeper does not

    def close(self) -> None:
        """Give the connection of the gate back."""
        self._posting.reset()

    def _now(self) -> datetime:
        """The database's clock, carried on by our own monotonic one: nobody's wall clock decides."""
        if self._clock_ahead is None:
            with self._database.reading() as session:
                self._follow_clock(clock(session))
        assert self._clock_ahead is not None
        return datetime.fromtimestamp(monotonic(), UTC) + self._clock_ahead

    def _follow_clock(self, now: datetime) -> None:
        self._clock_ahead = now - datetime.fromtimestamp(monotonic(), UTC)

    def _record_late(self, results: Sequence[Result]) -> None:
        """A known reply counts even when the batch is somebody else's by now, or done."""
        for result in results:
            with self._database.writing() as session:
                self._record_unfenced(session, row_of(result, self._now(), self._rules))

    def _record_unfenced(self, session: Session, row: Row) -> None:
        batch = _batch_of(session, row)
        step = move(
            session,
            (row.campaign_id, row.subscriber_id),
            Settlement(row.after, row.next_at, row.counts, row.detail or ""),
            clock(session),
            late=row,
        )
        if step is None:
            return
        count_moves(batch, {row.subscriber_id: step})
        session.flush()
        if batch.state is not BatchState.LEASED and reopen_or_finish(session, batch, clock(session)):
            campaign = session.get_one(Campaign, row.campaign_id, with_for_update=True)
            if campaign.state is CampaignState.FINISHED:
                campaign.state, campaign.finished_at = CampaignState.SENDING, None

    def _renewed(self, session: Session, lease: Lease) -> Batch | None:
        """The batch, locked and its lease prolonged; None when the lease is no longer ours."""
        batch = session.get_one(Batch, lease.batch_id, with_for_update=True)
        now = clock(session)
        if batch.epoch != lease.epoch or batch.lease_until is None or batch.lease_until <= now:
            return None
        batch.lease_until = now + self._lease_for
        return batch

    def _take_up_uncertain(self, session: Session, lease: Lease, batch: Batch) -> None:
        """Under the policy `resend`, letters in doubt are planned again once their grace is over."""
        policy = session.get_one(Campaign, lease.campaign_id).uncertain_policy
        if policy is not UncertainPolicy.RESEND:
            return
        now = clock(session)
        changed = session.execute(
            update(Delivery)
            .where(
                *in_range(lease),
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
        self, session: Session, lease: Lease, batch: Batch, subscriber_ids: Collection[int]
    ) -> Set[int]:
        """Skip those who left or are suppressed by now, and say who; the second time it says so again."""
        gone: set[int] = set()
        skipped: dict[int, Move] = {}
        known = standings(session, lease.section_id, subscriber_ids)
        for subscriber_id in subscriber_ids:
            reason = reason_to_skip(known[subscriber_id]) if subscriber_id in known else SkipReason.LEFT
            if reason is not None:
                gone.add(subscriber_id)
                step = move(
                    session,
                    (lease.campaign_id, subscriber_id),
                    Settlement(DeliveryState.SKIPPED, detail=reason),
                    clock(session),
                )
                if step is not None:
                    skipped[subscriber_id] = step
        count_moves(batch, skipped)
        return gone


def _batch_of(session: Session, row: Row) -> Batch:
    """The batch a delivery belongs to now: it may have been divided since."""
    its_batch = (
        select(Batch)
        .where(
            Batch.campaign_id == row.campaign_id,
            Batch.low <= row.subscriber_id,
            Batch.high >= row.subscriber_id,
        )
        .with_for_update()
    )
    # Divided while we waited for its lock, it is no longer found; its other half is found next.
    return session.scalars(its_batch).one_or_none() or session.scalars(its_batch).one()
