"""One round of sending: what a process does from the moment a task wakes it until it hands on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import structlog

from newsletter.delivery.desk import Desk
from newsletter.delivery.entries import Entry, Holding, Passage, Recipient, Result
from newsletter.delivery.feed import Assignment, Feed, Work
from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.lanes import Lane
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.mailings import Mailing, Mailings
from newsletter.delivery.notice_lane import NoticeLane
from newsletter.delivery.trouble import TroubleBook
from newsletter.delivery.weather import Consequence, Weather
from newsletter.domain.errors import BrokenPromise
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict

_log = structlog.get_logger(__name__)

_TICK = 0.05
_BATCHES_IN_HAND = 4
_LOW_WATER = 256
_LOOK_FOR_WORK_EVERY = 0.25


@dataclass(frozen=True)
class Pace:
    """How fast and how long: connections of this process, and durations in seconds."""

    connections: int
    lease_for: float
    send_for: float
    stop_within: float
    notices_every: float
    relay_waits: tuple[float, ...]


@dataclass(frozen=True)
class Tools:
    """What a round works with."""

    ledger: Ledger
    mailings: Mailings
    notices: NoticeLane
    desk: Desk
    trouble: TroubleBook
    lanes: Sequence[Lane]
    pace: Pace


class Round:
    """Keeps the lanes fed from leased batches; is the lanes' `Office`."""

    def __init__(self, tools: Tools, owner: str, stop: Callable[[], bool]) -> None:
        self._tools = tools
        self._pace = tools.pace
        self._owner = owner
        self._stop = stop
        self._until = monotonic() + tools.pace.send_for
        self._feed = Feed(self._set_aside)
        self._weather = Weather()
        self._in_trouble = True  # until a letter goes through, so that the relay's row is set right
        self._backing_off: dict[Lane, float] = {}
        self._paused: set[int] = set()
        self._chores: set[asyncio.Future[Any]] = set()
        self._fetching: asyncio.Future[None] | None = None
        self._found_work = True
        self._looked_at = self._noticed_at = 0.0
        self._stopped_at: float | None = None
        self._winding_down = False
        self._wait = 0.0
        self._failure: BaseException | None = None
        self._nudge = asyncio.Event()

    async def run(self, commit: GroupCommit, pass_on: Callable[[], object]) -> bool:
        """Send until no batch is due, time is up or we must stop; whether work may be left."""
        self._commit = commit
        for lane in self._tools.lanes:
            lane.office = self
        await self._begin_with(await self._tools.desk.run(self._tools.ledger.lease, self._owner))
        if self._found_work:
            pass_on()
        while not self._is_finished():
            self._turn(monotonic())
            await self._pause_for_a_tick()
        if self._failure is not None:
            raise self._failure
        return self._winding_down and not self._wait

    async def post(self, entries: Sequence[Entry]) -> Sequence[Passage]:
        """Make a group durable; waits for a database that is away."""
        return await self._tools.ledger.post_surely(entries, self._tools.desk, self._gives_up)

    def fail(self, error: BaseException) -> None:
        """Nothing can be written down any more: send nothing more. The sweeper settles what is open."""
        if self._failure is None:
            self._failure = error
            self._winding_down = True
            self._feed.works.clear()
            for lane in self._tools.lanes:
                lane.abandon()
        self._nudge.set()

    def take(self) -> Assignment | None:
        """The next letter; see `Office`."""
        return None if self._winding_down or self._stop() else self._feed.take()

    def put_back(self, assignment: Assignment) -> None:
        """See `Office`."""
        self._feed.put_back(assignment)
        self._nudge.set()

    def has_settled(self, assignment: Assignment) -> None:
        """See `Office`."""
        work = assignment.work
        work.open_letters -= 1
        if work.is_complete:
            self._nudge.set()

    def submit(self, entry: Entry, answer: Callable[[Passage], None]) -> None:
        """See `Office`."""
        if self._failure is None:
            self._commit.submit(entry, answer)

    def stop_batch(self, assignment: Assignment) -> None:
        """See `Office`."""
        work = assignment.work
        if not work.is_closed:
            lease = work.holding.lease
            _log.warning(
                "batch_stopped",
                batch=lease.batch_id,
                campaign=lease.campaign_id,
                fenced=work.holding.is_fenced,
            )
            work.close()

    def look_again(self, assignment: Assignment, then: Callable[[Passage], None]) -> None:
        """See `Office`; one look serves all lanes that wait for it."""
        work = assignment.work
        work.looking.append((assignment.recipient.subscriber_id, then))
        if len(work.looking) == 1:
            self._chore(self._look_again(work))

    def heard(self, assignment: Assignment, outcome: Outcome) -> None:
        """See `Office`."""
        consequence, why = self._weather.note(outcome)
        if consequence is not Consequence.NOTHING:
            self._act_on(consequence, why, assignment)
        if self._in_trouble and outcome.verdict is Verdict.ACCEPTED and not self._wait:
            self._in_trouble = False
            self._chore(self._surely(self._tools.trouble.note_recovery))

    def not_let_in(self, lane: Lane, trouble: str) -> None:
        """See `Office`: one lane alone waits a while; when none is let in, the relay rests."""
        self._nudge.set()
        if any(each.is_open or each.is_opening for each in self._tools.lanes):
            self._backing_off[lane] = monotonic() + self._pace.relay_waits[0]
        else:
            self._rest(trouble)

    def lane_ended(self, lane: Lane, trouble: str) -> None:
        """See `Office`."""
        self._nudge.set()
        consequence, why = self._weather.note_end(lane.letters, trouble)
        if consequence is Consequence.REST:
            self._rest(why)

    def _turn(self, now: float) -> None:
        """Look after everything that does not move by itself."""
        if self._stop():
            self._hurry(now)
        if now > self._until or self._stop():
            self._wind_down()
        if self._wants_work(now):
            self._fetching = asyncio.ensure_future(self._fetch())
            self._chore(self._fetching)
        if now - self._noticed_at >= self._pace.notices_every and not self._stop():
            self._noticed_at = now
            self._chore(self._tools.notices.drain(self._stop))
        self._renew_leases(now)
        for work in self._feed.remove_complete():
            if not work.holding.is_fenced:
                self._chore(self._surely(self._give_back, work.holding))
        self._wake_lanes(now)

    async def _pause_for_a_tick(self) -> None:
        self._nudge.clear()
        try:
            async with asyncio.timeout(_TICK):
                await self._nudge.wait()
        except TimeoutError:
            pass

    def _is_finished(self) -> bool:
        if self._failure is not None:
            return not self._chores
        is_quiet = self._commit.is_quiet and all(lane.is_quiet for lane in self._tools.lanes)
        if self._chores or self._feed.works or not is_quiet:
            return False
        return self._winding_down or not self._found_work

    def _wants_work(self, now: float) -> bool:
        if self._winding_down or (self._fetching is not None and not self._fetching.done()):
            return False
        if len(self._feed.works) >= _BATCHES_IN_HAND or self._feed.waiting >= _LOW_WATER:
            return False
        return self._found_work or now - self._looked_at > _LOOK_FOR_WORK_EVERY

    async def _fetch(self) -> None:
        """Lease one more batch, and load it."""
        await self._begin_with(await self._surely(self._tools.ledger.lease, self._owner))

    async def _begin_with(self, holding: Holding | None) -> None:
        self._looked_at = monotonic()
        self._found_work = holding is not None
        if holding is None:
            return
        mailing = await self._surely(self._open_mailing, holding)
        await self._surely(self._tools.ledger.load, holding)
        if not holding.is_fenced:
            work = self._feed.add(holding, mailing, monotonic())
            if mailing is None or self._winding_down or holding.lease.campaign_id in self._paused:
                work.close()
        self._nudge.set()

    def _open_mailing(self, holding: Holding) -> Mailing | None:
        """The campaign's mailing; one whose plan cannot be read is paused, and the others go on."""
        campaign_id = holding.lease.campaign_id
        try:
            return self._tools.mailings.open(campaign_id)
        except BrokenPromise as error:
            self._tools.trouble.pause(campaign_id, f"Its letter cannot be read: {error}.")
            return None

    def _wake_lanes(self, now: float) -> None:
        """As many lanes as letters wait for, up to the limit."""
        wanted = 0 if self._winding_down else self._feed.waiting
        for lane in self._tools.lanes:
            if wanted > 0 and lane.is_quiet and self._backing_off.get(lane, 0) <= now:
                wanted -= 1
                lane.wake()

    def _renew_leases(self, now: float) -> None:
        """A batch whose letters wait for a slow relay still has its sign of life."""
        for work in self._feed.works:
            if now - work.renewed_at > self._pace.lease_for / 3:
                work.renewed_at = now
                self.submit(Entry(renews=work.holding), partial(self._on_renewal, work))

    def _on_renewal(self, work: Work, _passage: Passage) -> None:
        if work.holding.is_fenced and not work.is_closed:
            _log.warning("batch_stopped", batch=work.holding.lease.batch_id, fenced=True)
            work.close()

    def _give_back(self, holding: Holding) -> None:
        self._tools.ledger.give_back(holding, not_before=self._wait)

    async def _look_again(self, work: Work) -> None:
        await asyncio.sleep(0)  # let the other lanes of this group join in
        waiting = {*(reader for reader, _then in work.looking), *(each.subscriber_id for each in work.queue)}
        gone = await self._surely(self._tools.ledger.look_again, work.holding, waiting)
        looking, work.looking = work.looking, []
        work.remove(gone)
        for reader, then in looking:
            then(Passage.SKIP if reader in gone else Passage.NOTED)

    def _wind_down(self) -> None:
        """Take no more letters; what is under way comes to its end."""
        if not self._winding_down:
            self._winding_down = True
            for work in self._feed.works:
                work.close()

    def _hurry(self, now: float) -> None:
        """We were asked to stop: wait for the bodies that left, but not for ever."""
        self._stopped_at = self._stopped_at or now
        waited = (now - self._stopped_at) / self._pace.stop_within
        for lane in self._tools.lanes:
            if waited > 0.3 and not lane.is_quiet and not lane.has_body_out:
                lane.drop()
            elif waited > 0.6 and not lane.is_quiet:
                lane.drop("was not answered before we had to stop")

    def _gives_up(self) -> bool:
        """Whether the database has been away for so long that we may not wait any more."""
        stopped_at = self._stopped_at
        return stopped_at is not None and monotonic() - stopped_at > self._pace.stop_within * 0.8

    def _rest(self, why: str) -> None:
        if not self._wait:
            self._wait = self._pace.relay_waits[0]  # until we know better
            self._wind_down()
            self._chore(self._rest_now(why))

    async def _rest_now(self, why: str) -> None:
        self._wait = await self._surely(self._tools.trouble.rest, why)

    def _act_on(self, consequence: Consequence, why: str, assignment: Assignment) -> None:
        if consequence is Consequence.PAUSE:
            self._pause(assignment.work.holding.lease.campaign_id, why)
        else:
            self._rest(why)

    def _pause(self, campaign_id: int, why: str) -> None:
        if campaign_id not in self._paused:
            self._paused.add(campaign_id)
            for work in self._feed.works:
                if work.holding.lease.campaign_id == campaign_id:
                    work.close()
            self._chore(self._surely(self._tools.trouble.pause, campaign_id, why))

    def _set_aside(self, work: Work, recipient: Recipient, why: str) -> None:
        """A letter that cannot be made fails by itself; the others go on."""
        lease = work.holding.lease
        _log.error(
            "letter_set_aside", campaign=lease.campaign_id, subscriber=recipient.subscriber_id, reason=why
        )
        work.open_letters += 1
        outcome = Outcome(Verdict.PERMANENT, Blame.MESSAGE, Reply(0, "", f"set aside: {why}"))
        self.submit(Entry(Result(work.holding, recipient, outcome)), partial(self._on_set_aside, work))

    def _on_set_aside(self, work: Work, _passage: Passage) -> None:
        work.open_letters -= 1
        self._nudge.set()

    def _surely(self, act: Callable[..., Any], *arguments: object) -> Awaitable[Any]:
        return self._tools.desk.surely(self._gives_up, act, *arguments)

    def _chore(self, work: Awaitable[Any]) -> None:
        """Something that goes on beside the letters, and is waited for at the end."""
        chore = asyncio.ensure_future(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chore_done)

    def _chore_done(self, chore: asyncio.Future[Any]) -> None:
        self._chores.discard(chore)
        error = None if chore.cancelled() else chore.exception()
        if error is not None:
            self.fail(error)
        self._nudge.set()
