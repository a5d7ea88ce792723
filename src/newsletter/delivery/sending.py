"""Sending: what one process keeps between its tasks, and the way in from them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.outlet import RelayInUse
from newsletter.delivery.rounds import Round
from newsletter.delivery.tools import Tools
from newsletter.mail.smtp.loops import new_event_loop


@dataclass(frozen=True)
class Parts:
    """What a sender is made of; `relays` reads which there are now."""

    tools: Tools
    relays: Callable[[], Sequence[RelayInUse]]


class Sender:
    """One process's sending: an event loop, threads, and connections that outlive the single task."""

    def __init__(self, parts: Parts) -> None:
        self._runner = asyncio.Runner(loop_factory=new_event_loop)
        self._tools = parts.tools
        self._relays = parts.relays

    def send_due(self, owner: str, stop: Callable[[], bool], pass_on: Callable[[], object]) -> bool:
        """Send batches until none is due, time is up or we must stop; whether work may be left.

        `pass_on` is called once work was found, so that one more worker is woken.
        """
        return self._runner.run(self._send_due(owner, stop, pass_on))

    def send_notices(self, stop: Callable[[], bool]) -> None:
        """Send every notice that is due."""
        self._runner.run(self._send_notices(stop))

    def close(self) -> None:
        """Hang up politely."""
        self._runner.run(self._hang_up())
        self._runner.close()
        self._tools.desk.close()

    async def _send_due(self, owner: str, stop: Callable[[], bool], pass_on: Callable[[], object]) -> bool:
        await self._look_at_relays()
        this_round = Round(self._tools, owner, stop)
        commit = GroupCommit(this_round.post, this_round.fail)
        return await this_round.run(commit, pass_on)

    async def _send_notices(self, stop: Callable[[], bool]) -> None:
        await self._look_at_relays()
        await self._tools.sharing.renew(stop)  # where connections are counted, these count as well
        await self._tools.notices.drain(stop)
        await self._tools.sharing.give_up(stop)

    async def _look_at_relays(self) -> None:
        """Relays may have been added, changed or taken away since the last task."""
        self._tools.outlets.update(await self._tools.desk.run(self._relays))

    async def _hang_up(self) -> None:
        lanes = [lane for outlet in self._tools.outlets for lane in outlet.lanes]
        for lane in lanes:
            lane.quit()
        await self._tools.notices.close()
        await self._tools.desk.run(self._tools.ledger.close)
        for lane in lanes:
            lane.drop()
        self._tools.box.close()
