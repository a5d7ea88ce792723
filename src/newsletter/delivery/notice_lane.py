"""The lane of single mails: a connection of its own, so that small mail overtakes big mail."""

import asyncio
from collections.abc import Callable
from time import monotonic

import structlog

from newsletter.delivery.desk import Desk
from newsletter.delivery.notices import ClaimedNotice, NoticeDesk
from newsletter.delivery.outlet import Outlet
from newsletter.delivery.outlets import Outlets
from newsletter.delivery.trouble import TroubleBook
from newsletter.delivery.weather import words
from newsletter.domain.errors import BadAddress, RelayTrouble
from newsletter.domain.outcomes import Blame, Meaning, Outcome, Reply, Verdict

_log = structlog.get_logger(__name__)

_TICK = 0.02
_PATIENCE = 100


class NoticeLane:
    """Sends notices one after another."""

    def __init__(self, notices: NoticeDesk, outlets: Outlets, desk: Desk, trouble: TroubleBook) -> None:
        self._notices = notices
        self._outlets = outlets
        self._desk = desk
        self._trouble = trouble
        self._is_draining = False

    async def drain(self, stop: Callable[[], bool]) -> None:
        """Send every notice that is due; a database that is away is left to the next time."""
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while not stop() and await self._desk.run(self._notices.has_due):
                if not await self._send_one():
                    break
            await self._make_room_again()
        except self._desk.errors as error:
            _log.warning("notices_wait", reason=str(error).strip().partition("\n")[0])
        finally:
            self._is_draining = False

    async def close(self) -> None:
        """Hang up politely."""
        for outlet in self._outlets:
            await outlet.client.close()

    async def _send_one(self) -> bool:
        """Send the notice that waits longest; False when the relay cannot be used now."""
        outlet = self._outlets.first_usable(monotonic())
        if outlet is None or not await self._get_in(outlet):
            return False
        claimed = await self._desk.run(self._notices.claim)
        message = await self._desk.run(self._notices.write, claimed) if claimed is not None else None
        if claimed is None or message is None:
            return True
        try:
            outcome = await outlet.client.send(claimed.envelope, message)
        except BadAddress as error:
            outcome = Outcome(Verdict.PERMANENT, Blame.MESSAGE, Reply(0, "", str(error)))
        except RelayTrouble as trouble:
            return await self._put_back(outlet, claimed, str(trouble))
        if outcome.verdict is Verdict.UNTOUCHED:
            return await self._take_back(outlet, claimed, outcome)
        await self._desk.run(self._notices.settle, claimed, outcome)
        return True

    async def _get_in(self, outlet: Outlet) -> bool:
        """Where connections are counted, wait until a lane has gone home; False when none did."""
        if outlet.client.is_open:
            return True
        outlet.expect_guest(comes=True)
        for _ in range(_PATIENCE):
            if outlet.has_room_for_a_guest:
                return True
            await asyncio.sleep(_TICK)
        return False

    async def _make_room_again(self) -> None:
        """Nobody waits any more: lanes may have the place."""
        for outlet in self._outlets:
            if outlet.counts_connections:
                await outlet.client.close()
            outlet.expect_guest(comes=False)

    async def _take_back(self, outlet: Outlet, claimed: ClaimedNotice, outcome: Outcome) -> bool:
        """Nobody took it. Where the relay is not to blame, or only for now, it is no reason to rest."""
        if outcome.blame is Blame.SENDER or outcome.meaning is Meaning.THROTTLED:
            await self._desk.run(self._notices.put_back, claimed, self._trouble.waits[0])
            return True
        return await self._put_back(outlet, claimed, words(outcome))

    async def _put_back(self, outlet: Outlet, claimed: ClaimedNotice, trouble: str) -> bool:
        """The relay rests; whether another may be used now."""
        wait = await self._desk.run(self._trouble.rest, outlet.id, trouble)
        outlet.rest_until(monotonic() + wait)
        another = self._outlets.first_usable(monotonic())
        await self._desk.run(self._notices.put_back, claimed, 0.0 if another else wait)
        return another is not None
