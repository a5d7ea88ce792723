"""Talking to the database from the event loop: in a thread, so that no letter waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from newsletter.database import Database

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
_TRY_AGAIN = 0.25


class Desk:
    """One thread, so that on SQLite nobody in this process waits for the write lock of another."""

    def __init__(self, database: Database) -> None:
        self.errors = database.driver_errors
        self._thread = ThreadPoolExecutor(1, "desk")

    async def run(self, act: Callable[..., _T], *arguments: object) -> _T:
        """Do something with the database once."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, act, *arguments)

    async def surely(self, gives_up: Callable[[], bool], act: Callable[..., _T], *arguments: object) -> _T:
        """Do something with the database, again and again while it is away, until `gives_up` says so."""
        return await self.insist(gives_up, lambda: self.run(act, *arguments))

    async def insist(
        self,
        gives_up: Callable[[], bool],
        act: Callable[[], Awaitable[_T]],
        afresh: Callable[[], None] = lambda: None,
    ) -> _T:
        """Await something that needs the database until it works; `afresh` is called after each failure."""
        told = False
        while True:
            try:
                return await act()
            except self.errors as error:
                afresh()
                if gives_up():
                    raise
                if not told:
                    _log.warning("database_is_away", reason=str(error).strip().partition("\n")[0])
                    told = True
            await asyncio.sleep(_TRY_AGAIN)

    def close(self) -> None:
        """End the thread; what it was given is done first."""
        self._thread.shutdown()
