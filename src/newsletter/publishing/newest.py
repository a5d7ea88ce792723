"""Asking whether anything readers see has changed, before every page that is kept: as cheap as can be.

One question at a time, and whoever comes while it is under way shares the next one: the more readers there
are, the more of them one answer serves. An answer counts only for those who came before it was asked for.
"""

import threading
from typing import Any

from sqlalchemy import event

from newsletter.database import Database
from newsletter.domain.errors import DatabaseTrouble

_QUESTION = "SELECT number FROM content_version WHERE scope = 'everything'"


class NewestVersion:
    """Asks over a connection of the driver's own, without a transaction around it. For many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._turn = threading.Condition()
        self._asking = False
        self._asked = self._answered = 0
        self._answer: int | None = None
        event.listen(database.engine, "engine_disposed", self._close)

    def __call__(self) -> int:
        """The number that grows with every change; 0 before the first. Raises DatabaseTrouble."""
        with self._turn:
            mine = self._asked + 1
            while self._asking and self._answered < mine:
                self._turn.wait()
            if self._answered >= mine:
                return self._given()
            self._asking = True
            self._asked = mine = self._asked + 1
        answer = self._ask()
        with self._turn:
            self._answer, self._answered, self._asking = answer, mine, False
            self._turn.notify_all()
            return self._given()

    def _given(self) -> int:
        if self._answer is None:
            raise DatabaseTrouble("The database does not answer.")
        return self._answer

    def _ask(self) -> int | None:
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
