"""How many statements something sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from newsletter.wiring import House


@dataclass
class Counter:
    """The statements there were."""

    statements: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        return len(self.statements)


@contextmanager
def counting_queries(house: House) -> Iterator[Counter]:
    """Count what is asked of the house's database meanwhile; the frame of transactions is not counted."""
    counter = Counter()

    def remember(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET TRANSACTION")):
            counter.statements.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", remember)
    try:
        yield counter
    finally:
        event.remove(house.database.engine, "before_cursor_execute", remember)
