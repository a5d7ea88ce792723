"""Asking whether anything readers see has changed, before every page that is kept: as cheap as can be.

An answer counts for a few milliseconds, unless this process has written something since. One question is
under way at a time, and whoever comes meanwhile shares the next one: the more readers, the more of them one
answer serves.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import event

from newsletter.database import Database
from newsletter.domain.errors import DatabaseTrouble

_QUESTION = "SELECT number FROM content_version WHERE scope = 'everything'"
# Seconds. A page takes longer than that to reach its reader.
COUNTS_FOR = 0.005


@dataclass(frozen=True)
class _Answer:
    """None as its number says that the database did not answer."""

    number: int | None
    asked_at: float
    writes: int


class NewestVersion:
    """Asks over a connection of the driver's own, without a transaction around it. For many threads."""

    def __init__(self, database: Database, seconds: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._seconds = seconds
        self._connection: Any = None
        self._turn = threading.Lock()
        self._answer = _Answer(None, 0.0, -1)
        event.listen(database.engine, "engine_disposed", self._close)

    def __call__(self) -> int:
        """The number that grows with every change; 0 before the first. Raises DatabaseTrouble."""
        came_at = self._seconds()
        if not self._counts(came_at):
            with self._turn:
                if not self._counts(came_at):
                    self._answer = self._ask()
        number = self._answer.number
        if number is None:
            raise DatabaseTrouble("The database does not answer.")
        return number

    def _counts(self, came_at: float) -> bool:
        answer = self._answer
        return answer.writes == self._database.writes and answer.asked_at > came_at - COUNTS_FOR

    def _ask(self) -> _Answer:
        asked_at, writes = self._seconds(), self._database.writes
        return _Answer(self._look(), asked_at, writes)

    def _look(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            row = self._connection.execute(_QUESTION).fetchone()
        except self._database.driver_errors:
            self._close()  # a server that went away is found again by the next question
            return None
        return int(row[0]) if row else 0

    def _connect(self) -> Any:
        connection = self._database.driver_connection()
        if not self._database.is_sqlite:
            connection.autocommit = True
            connection.prepare_threshold = 0
        return connection

    def _close(self, *_engine: object) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
