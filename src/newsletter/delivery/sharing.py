"""Keeps the shares of a process's outlets fresh: every beat, and at once when a relay asks for less."""

import asyncio
from collections.abc import Callable
from time import monotonic

from newsletter.delivery.desk import Desk
from newsletter.delivery.outlets import Outlets
from newsletter.delivery.seats import SeatBook

_TICK = 0.02
_TICKS = 50
_OFTEN = 0.25  # of a beat, where there are limits: who is new waits for the others to make room


class Sharing:
    """Renews what the outlets may use, and gives it up at the end."""

    def __init__(self, outlets: Outlets, seats: SeatBook, desk: Desk) -> None:
        self._outlets = outlets
        self._seats = seats
        self._desk = desk
        self._asked_at = 0.0
        self._is_asking = False

    def is_due(self, now: float) -> bool:
        """Whether it is time to renew."""
        if self._is_asking:
            return False
        is_shared = any(each.is_limited for each in self._outlets)
        late = now - self._asked_at >= self._seats.beat * (_OFTEN if is_shared else 1)
        return late or any(each.wants_renewal for each in self._outlets)

    async def renew(self, gives_up: Callable[[], bool]) -> None:
        """Tell what happened since the last time, and take the new shares."""
        self._is_asking = True
        try:
            self._asked_at = asked_at = monotonic()
            shares = await self._desk.surely(gives_up, self._seats.renew, self._outlets.reports(asked_at))
            for outlet in self._outlets:
                outlet.renew(shares, monotonic(), asked_at)
        finally:
            self._is_asking = False

    async def give_up(self, gives_up: Callable[[], bool]) -> None:
        """Hang up where connections are counted, and leave the seats to others."""
        if not any(outlet.is_limited for outlet in self._outlets):
            return
        counting = [outlet for outlet in self._outlets if outlet.counts_connections]
        for outlet in counting:
            outlet.send_home()
        for _ in range(_TICKS):
            if any(outlet.open_lanes for outlet in counting):
                await asyncio.sleep(_TICK)  # until the relay has said goodbye as well
        await self._desk.surely(gives_up, self._seats.give_up, self._outlets.reports(monotonic()))
        for outlet in self._outlets:
            outlet.forget_shares()
