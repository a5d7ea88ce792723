"""The one way to the database: short reading and writing transactions, on SQLite and PostgreSQL alike.

A writing transaction on SQLite takes the write lock at its start, so it never fails half-way for
want of it. A reading transaction is read-only in the eyes of the database itself: a GET that tried
to change something would be an error, not a habit.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Result,
    Select,
    create_engine,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from newsletter.domain.errors import BadSetting, DatabaseTrouble
from newsletter.models import Base
from newsletter.models.base import Moment

READ_ONLY = {"newsletter_read_only": True}
GATE = 0x6E65_7773
_SQLITE_BUSY_SECONDS = 30


class Database:
    """Hands out transactions. Safe to share between threads; make a new one after a fork.

    `writes` counts the writing transactions that were committed here.
    """

    def __init__(self, url: str, *, pooled: bool = True, stand_still: float = 60) -> None:
        self.engine = _engine(url, pooled=pooled)
        self.writes = 0
        self._counting = threading.Lock()
        if self.engine.dialect.name == "postgresql":
            event.listen(self.engine, "connect", _NoStandStill(stand_still))

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the quick start's single file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that cannot change anything."""
        with self._session(read_only=True) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that commits at the end, or leaves no trace when an exception passes."""
        with self._session(read_only=False) as session:
            yield session
            session.commit()
        with self._counting:
            self.writes += 1

    @property
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What the database's own driver raises, bare or as our sentence."""
        return (self.engine.dialect.loaded_dbapi.Error, DBAPIError, DatabaseTrouble)

    def driver_connection(self) -> Any:
        """A connection of the driver itself, prepared as all are; whoever asked for it closes it."""
        pooled = self.engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()
        if self.is_sqlite:
            assert connection is not None
            connection.execute("PRAGMA query_only = 0")  # whoever used it before may have been reading
        return connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextmanager
    def _session(self, *, read_only: bool) -> Iterator[Session]:
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                # Begin now, not at the first statement: a writer on SQLite holds the lock from here on.
                session.connection(execution_options=READ_ONLY if read_only else {})
                yield session
        except DBAPIError as error:
            raise_as_trouble(error, self.engine)
            raise


def clock(session: Session) -> datetime:
    """The database's own clock: leases and retries of all workers are measured by it alone."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    return session.scalars(_ask_the_time()).one()


@cache  # asked several times a batch, and dearer to compose than to answer
def _ask_the_time() -> Select[datetime]:
    return select(func.clock_timestamp(type_=Moment()))


def enter_gate(session: Session) -> None:
    """Begin deciding who may be mailed. Until this transaction ends nobody can leave; many may be inside."""
    _advisory_lock(session, "pg_advisory_xact_lock_shared")


def close_gate(session: Session) -> None:
    """Begin a change of who may be mailed: waits for decisions under way, later ones see the change.

    On SQLite the write lock that both sides hold does the same.
    """
    _advisory_lock(session, "pg_advisory_xact_lock")


@contextmanager
def joining_in_order(session: Session) -> Iterator[None]:
    """Queries inside walk long ranges side by side, instead of looking each row up by itself.

    PostgreSQL knows nothing of rows written just now, and expects one where there are thousands.
    """
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        session.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    if is_postgresql:
        session.execute(text("SET LOCAL enable_nestloop TO DEFAULT"))


def insert_if_absent(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless a unique key says that it is there already; whether it was inserted."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(literal(1))
    return session.scalar(statement) is not None


def rows_changed(result: Result[Any]) -> int:
    """How many rows a statement changed: every conditional update must look at this."""
    assert isinstance(result, CursorResult)
    assert result.rowcount >= 0, "this kind of statement does not tell how many rows it changed"
    return result.rowcount


def _advisory_lock(session: Session, function: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT {function}(:key)"), {"key": GATE})


def raise_as_trouble(error: DBAPIError, engine: Engine) -> None:
    """Raise DatabaseTrouble with a sentence for the causes an operator can mend; return for the others."""
    place = engine.url.render_as_string(hide_password=True)
    cause = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    known = {
        "no such table": "has no tables yet. Run `newsletter db upgrade`",
        "relation": "is not set up. Run `newsletter db upgrade`",
        "does not exist": "or its user does not exist. Make it first, or check DATABASE_URL",
        "unable to open": "cannot be opened. Check that its folder exists and may be written",
        "readonly": "cannot be written. Check the permissions of the file and its folder",
        "not a database": "is not a SQLite file. Check DATABASE_URL",
        "database is locked": "is held by another process. Stop it, or wait and try again",
        "disk is full": "has no room left. Free some space; nothing was lost",
        "idle-in-transaction": "ended a transaction that stood still. Try again",
        "connection": "does not answer. Check DATABASE_URL and that the server runs",
        "could not translate": "does not answer. Check the host in DATABASE_URL",
    }
    for sign, sentence in known.items():
        if sign in cause.lower():
            raise DatabaseTrouble(f"The database {place} {sentence}. ({cause})") from error


def _engine(url: str, *, pooled: bool) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadSetting("DATABASE_URL cannot be read. It looks like postgresql://user@host/name.") from error
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    if parsed.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _SQLITE_BUSY_SECONDS}
    elif pooled:
        options["pool_pre_ping"] = True
    try:
        engine = create_engine(parsed, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise BadSetting("DATABASE_URL must begin with sqlite:// or postgresql://.") from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgresql)
    else:
        raise BadSetting("DATABASE_URL must begin with sqlite:// or postgresql://.")
    return engine


class _NoStandStill:
    """Ends transactions that stand still: a frozen host would hold its locks, and with them everybody."""

    def __init__(self, seconds: float) -> None:
        self._milliseconds = round(seconds * 1000)

    def __call__(self, connection: Any, _record: object) -> None:
        """Called by SQLAlchemy for each new connection."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = {self._milliseconds}")
        connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("newsletter_read_only"):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _prepare_sqlite(engine: Engine) -> None:
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _begin_sqlite)
    if engine.url.database:
        make_folder(Path(engine.url.database).parent)


def make_folder(folder: Path) -> None:
    """Make a folder for data. Raises DatabaseTrouble when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseTrouble(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    read_only = bool(connection.get_execution_options().get("newsletter_read_only"))
    connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
