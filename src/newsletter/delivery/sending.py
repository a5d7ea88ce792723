"""Sending: what one process keeps between its tasks, and the way in from them."""

import asyncio
from collections.abc import Callable

from newsletter.delivery.desk import Desk
from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.lanes import Lane
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.mailings import Mailings
from newsletter.delivery.notice_lane import NoticeLane
from newsletter.delivery.rounds import Pace, Round, Tools
from newsletter.delivery.trouble import TroubleBook
from newsletter.mail.smtp.connection import Route
from newsletter.mail.smtp.loops import new_event_loop


class Sender:
    """One process's sending: an event loop, threads, and connections that outlive the single task."""

    def __init__(
        self,
        ledger: Ledger,
        mailings: Mailings,
        notices: NoticeLane,
        route: Route,
        *,
        desk: Desk,
        trouble: TroubleBook,
        pace: Pace,
    ) -> None:
        self._runner = asyncio.Runner(loop_factory=new_event_loop)
        self._ledger = ledger
        self._desk = desk
        self._notices = notices
        lanes = [Lane(route) for _ in range(pace.connections)]
        self._tools = Tools(ledger, mailings, notices, desk, trouble, lanes, pace)

    def send_due(self, owner: str, stop: Callable[[], bool], pass_on: Callable[[], object]) -> bool:
        """Send batches until none is due, time is up or we must stop; whether work may be left.

        `pass_on` is called once work was found, so that one more worker is woken.
        """
        return self._runner.run(self._send_due(owner, stop, pass_on))

    def send_notices(self, stop: Callable[[], bool]) -> None:
        """Send every notice that is due."""
        self._runner.run(self._notices.drain(stop))

    def close(self) -> None:
        """Hang up politely."""
        self._runner.run(self._hang_up())
        self._runner.close()
        self._desk.close()

    async def _send_due(self, owner: str, stop: Callable[[], bool], pass_on: Callable[[], object]) -> bool:
        this_round = Round(self._tools, owner, stop)
        commit = GroupCommit(this_round.post, this_round.fail)
        return await this_round.run(commit, pass_on)

    async def _hang_up(self) -> None:
        for lane in self._tools.lanes:
            lane.quit()
        await self._notices.close()
        await self._desk.run(self._ledger.close)
        for lane in self._tools.lanes:
            lane.drop()
