"""One round of sending: what a process does from the moment a task wakes it until it hands on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import Any

import structlog

from newsletter.delivery.entries import Entry, Holding, Passage, Recipient, Result
from newsletter.delivery.feed import Assignment, Feed, GroupOf, QueueKey, Work
from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.lanes import Lane
from newsletter.delivery.outlet import Outlet
from newsletter.delivery.tools import Tools
from newsletter.domain.errors import BrokenPromise
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.publishing.letters import Merger

_log = structlog.get_logger(__name__)

_TICK = 0.05
_BATCHES_IN_HAND = 4
_LOW_WATER = 256
_MORE_BY_GROUP = 4  # letters to a slow receiver may fill whole batches while others could go
_LOOK_FOR_WORK_EVERY = 0.25


class Round:
    """Keeps the outlets fed from leased batches; is their `Head`."""

    def __init__(self, tools: Tools, owner: str, stop: Callable[[], bool]) -> None:
        self._tools = tools
        self._timing = tools.timing
        self._outlets = tools.outlets
        self._owner = tools.box.signed(owner)
        self._stop = stop
        self._until = monotonic() + tools.timing.send_for
        self._feed = Feed(self._set_aside, tools.weathers)
        self._paused: set[int] = set()
        self._chores: set[asyncio.Future[Any]] = set()
        self._fetching: asyncio.Future[None] | None = None
        self._found_work = True
        self._looked_at = self._noticed_at = 0.0
        self._stopped_at: float | None = None
        self._winding_down = False
        self._failure: BaseException | None = None
        self._nudged = asyncio.Event()

    async def run(self, commit: GroupCommit, pass_on: Callable[[], object]) -> bool:
        """Send until no batch is due, time is up or we must stop; whether work may be left."""
        self._commit = commit
        for outlet in self._outlets:
            outlet.work_for(self)
        await self._begin_with(await self._tools.desk.run(self._tools.ledger.lease, self._owner))
        if self._found_work:
            pass_on()
        while not self._is_finished():
            self._turn(monotonic())
            await self._pause_for_a_tick()
        if self._failure is not None:
            raise self._failure
        await self._tools.sharing.give_up(self._gives_up)
        return self._winding_down and not self._outlets.wait(monotonic())

    async def post(self, entries: Sequence[Entry]) -> Sequence[Passage]:
        """Make a group durable; waits for a database that is away."""
        return await self._tools.ledger.post_surely(entries, self._tools.desk, self._gives_up)

    def fail(self, error: BaseException) -> None:
        """Nothing can be written down any more: send nothing more. The sweeper settles what is open."""
        if self._failure is None:
            self._failure = error
            self._tools.box.distrust()  # what lanes note next takes the place of what was not written down
            self._winding_down = True
            self._feed.works.clear()
            for lane in self._lanes:
                lane.abandon()
        self.nudge()

    def take(self, outlet: Outlet) -> Assignment | None:
        """See `Head`."""
        if self._winding_down or self._stop():
            return None
        now = monotonic()
        if self._outlets.is_plain:
            return self._feed.take(None) if outlet.may_take("", now) else None
        return self._feed.take(lambda key: self._outlets.may_carry(outlet, key, now))

    def nudge(self) -> None:
        """See `Head`."""
        self._nudged.set()

    def put_back(self, assignment: Assignment) -> None:
        """See `Head`."""
        self._feed.put_back(assignment)
        self.nudge()

    def has_settled(self, assignment: Assignment) -> None:
        """See `Head`."""
        work = assignment.work
        work.open_letters -= 1
        if work.is_complete:
            self.nudge()

    def submit(self, entry: Entry, answer: Callable[[Passage], None]) -> None:
        """See `Head`."""
        if self._failure is None:
            self._commit.submit(entry, answer)

    def stop_batch(self, assignment: Assignment) -> None:
        """See `Head`."""
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
        """See `Head`; one look serves all lanes that wait for it."""
        work = assignment.work
        work.looking.append((assignment.recipient.subscriber_id, then))
        if len(work.looking) == 1:
            self._chore(self._look_again(work))

    def heard(self, assignment: Assignment, outcome: Outcome) -> None:
        """See `Head`."""
        work = assignment.work
        why = work.weather.note(outcome, assignment.recipient.address.rpartition("@")[2])
        if why:
            self._pause(work.holding.lease.campaign_id, why)

    def recovered(self, outlet: Outlet) -> None:
        """See `Head`."""
        self._chore(self._surely(self._tools.trouble.note_recovery, outlet.id))

    def rest(self, outlet: Outlet, why: str) -> None:
        """See `Head`; when no relay is left that can be used, the round comes to its end."""
        self.nudge()
        if outlet.rests_until <= monotonic():
            outlet.rest_until(monotonic() + self._timing.relay_waits[0])  # until we know better
            self._chore(self._rest_now(outlet, why))

    def _turn(self, now: float) -> None:
        """Look after everything that does not move by itself."""
        if self._stop():
            self._hurry(now)
        if now > self._until or self._stop() or self._outlets.wait(now):
            self._wind_down()
        if self._wants_work(now):
            self._fetching = asyncio.ensure_future(self._fetch())
            self._chore(self._fetching)
        if now - self._noticed_at >= self._timing.notices_every and not self._stop():
            self._noticed_at = now
            self._chore(self._tools.notices.drain(self._stop))
        if self._feed.works and self._tools.sharing.is_due(now):
            self._chore(self._tools.sharing.renew(self._gives_up))
        self._renew_leases(now)
        for work in self._feed.remove_complete():
            if not work.holding.is_fenced:
                self._chore(self._surely(self._give_back, work.holding))
        self._wake_lanes(now)

    async def _pause_for_a_tick(self) -> None:
        self._nudged.clear()
        try:
            async with asyncio.timeout(_TICK):
                await self._nudged.wait()
        except TimeoutError:
            pass

    def _is_finished(self) -> bool:
        if self._failure is not None:
            return not self._chores
        is_quiet = self._commit.is_quiet and all(lane.is_quiet for lane in self._lanes)
        if self._chores or self._feed.works or not is_quiet:
            return False
        return self._winding_down or not self._found_work

    def _wants_work(self, now: float) -> bool:
        if self._winding_down or (self._fetching is not None and not self._fetching.done()):
            return False
        in_hand = _BATCHES_IN_HAND * (_MORE_BY_GROUP if self._outlets.has_groups else 1)
        if len(self._feed.works) >= in_hand:
            return False
        if self._feed.waiting(lambda key: self._outlets.is_held_up(key, now)) >= _LOW_WATER:
            return False
        return self._found_work or now - self._looked_at > _LOOK_FOR_WORK_EVERY

    async def _fetch(self) -> None:
        """Lease one more batch, and load it."""
        lease = self._tools.ledger.lease
        await self._begin_with(await self._surely(lease, self._owner, new_public_id()))

    async def _begin_with(self, holding: Holding | None) -> None:
        self._looked_at = monotonic()
        self._found_work = holding is not None
        if holding is None:
            return
        merger = await self._surely(self._open_mailing, holding)
        await self._surely(self._tools.ledger.load, holding)
        if not holding.is_fenced:
            work = self._feed.add(holding, merger, monotonic(), await self._group_of(holding))
            if merger is None or self._winding_down or holding.lease.campaign_id in self._paused:
                work.close()
        self.nudge()

    async def _group_of(self, holding: Holding) -> GroupOf | None:
        """How to tell a recipient's group, where a relay goes by them; domains unknown are noted."""
        if not self._outlets.has_groups:
            return None
        group_of: GroupOf = await self._surely(self._tools.receivers.group_of, holding)
        return group_of

    def _open_mailing(self, holding: Holding) -> Merger | None:
        """The campaign's mailing; one whose plan cannot be read is paused, and the others go on."""
        campaign_id = holding.lease.campaign_id
        try:
            return self._tools.mailings.open(campaign_id)
        except BrokenPromise as error:
            self._tools.trouble.pause(campaign_id, f"Its letter cannot be read: {error}.")
            return None

    def _wake_lanes(self, now: float) -> None:
        """As many lanes as letters wait for that may go their way."""
        for outlet in self._outlets:
            wanted = 0 if self._winding_down else self._feed.waiting(partial(self._must_wait, outlet, now))
            outlet.wake(wanted, now)

    def _must_wait(self, outlet: Outlet, now: float, key: QueueKey) -> bool:
        return not self._outlets.may_carry(outlet, key, now)

    @property
    def _lanes(self) -> Iterator[Lane]:
        return (lane for outlet in self._outlets for lane in outlet.lanes)

    def _renew_leases(self, now: float) -> None:
        """A batch whose letters wait for a slow relay still has its sign of life."""
        for work in self._feed.works:
            if now - work.renewed_at > self._timing.lease_for / 3:
                work.renewed_at = now
                self.submit(Entry(renews=work.holding), partial(self._on_renewal, work))

    def _on_renewal(self, work: Work, _passage: Passage) -> None:
        if work.holding.is_fenced and not work.is_closed:
            _log.warning("batch_stopped", batch=work.holding.lease.batch_id, fenced=True)
            work.close()

    def _give_back(self, holding: Holding) -> None:
        self._tools.ledger.give_back(holding, not_before=self._outlets.wait(monotonic()))

    async def _look_again(self, work: Work) -> None:
        await asyncio.sleep(0)  # let the other lanes of this group join in
        waiting = {*(reader for reader, _then in work.looking), *work.waiting}
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
        waited = (now - self._stopped_at) / self._timing.stop_within
        for lane in self._lanes:
            if waited > 0.3 and not lane.is_quiet and not lane.has_body_out:
                lane.drop()
            elif waited > 0.6 and not lane.is_quiet:
                lane.drop("was not answered before we had to stop")

    def _gives_up(self) -> bool:
        """Whether the database has been away for so long that we may not wait any more."""
        stopped_at = self._stopped_at
        return stopped_at is not None and monotonic() - stopped_at > self._timing.stop_within * 0.8

    async def _rest_now(self, outlet: Outlet, why: str) -> None:
        wait = await self._surely(self._tools.trouble.rest, outlet.id, why)
        outlet.rest_until(monotonic() + wait)

    def _pause(self, campaign_id: int, why: str) -> None:
        if campaign_id not in self._paused:
            self._paused.add(campaign_id)
            self._tools.weathers.forget(campaign_id)
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
        self.nudge()

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
        self.nudge()
