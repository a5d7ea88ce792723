"""Databases that are wiped between tests: making one and dropping it takes ten times as long.

A wiped slate is compared with what it was when it was new. Is its catalog, what is known about it or a row
that a migration put there not the same again, or does anything go wrong, it is thrown away.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.support.postgres import Postgres

# A replica fires no triggers; and a crash must not bring back what was wiped.
_SETTINGS = "-c session_replication_role=replica -c synchronous_commit=on -c statement_timeout=60s"

_TABLES = "pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"

_WIPE = sql.SQL(
    "DO $$ DECLARE name text; BEGIN "
    "LOOP"
    "  PERFORM pg_stat_clear_snapshot();"
    "  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    "  AND pid <> pg_backend_pid() AND backend_type = 'client backend';"
    "  EXIT WHEN NOT FOUND;"
    "  PERFORM pg_sleep(0.001);"
    "END LOOP; "
    "FOR name IN SELECT oid::regclass FROM "
    + _TABLES
    + " AND pg_relation_size(oid) > 0 AND relname <> ALL ({kept})"
    " LOOP EXECUTE 'DELETE FROM ' || name; END LOOP; "
    "PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence; "
    "END $$"
)

# The parts of the catalog that make the shape of a database; of the large ones without what is built in.
_CATALOG = (
    "pg_attribute WHERE attrelid >= 16384",
    "pg_class WHERE oid >= 16384",
    "pg_proc WHERE oid >= 16384",
    "pg_type WHERE oid >= 16384",
    *("pg_attrdef", "pg_cast", "pg_collation WHERE oid >= 16384", "pg_constraint", "pg_db_role_setting"),
    *("pg_default_acl", "pg_enum", "pg_event_trigger", "pg_extension", "pg_index", "pg_largeobject_metadata"),
    *("pg_namespace", "pg_operator WHERE oid >= 16384", "pg_policy", "pg_publication", "pg_rewrite"),
    *(
        "pg_sequence",
        "pg_statistic_ext",
        "pg_trigger",
        "pg_ts_config",
        "pg_database WHERE datname = current_database()",
    ),
)

_STATE = sql.SQL(", ").join(
    [
        # Whatever changes the catalog leaves a row that is newer than all others, or one row less.
        *(
            sql.SQL("(SELECT (count(*), max(xmin::text::bigint))::text FROM " + part + ")")
            for part in _CATALOG
        ),
        # Only what the planner knows of a table is changed in place.
        sql.SQL("(SELECT sum(reltuples) FROM pg_class WHERE oid >= 16384)"),
        # It plans for ten pages even if there are none, and for more if a wiped table still has them.
        sql.SQL("(SELECT count(*) FROM " + _TABLES + " AND pg_relation_size(oid) > 10 * 8192)"),
        sql.SQL("(SELECT count(pg_sequence_last_value(seqrelid)) FROM pg_sequence)"),
    ]
)
_ROWS = sql.SQL("(SELECT string_agg(kept::text, ',' ORDER BY kept::text) FROM {} kept)")


class Slate:
    """One database, and a session in it that wipes."""

    def __init__(self, server: Postgres, template: str) -> None:
        self.name = server.create(template)
        self._server = server
        self._session = psycopg.connect(server.url(self.name), autocommit=True, options=_SETTINGS)
        found = self._session.execute(
            sql.SQL("SELECT relname FROM " + _TABLES + " AND pg_relation_size(oid) > 0")
        )
        kept = [name for (name,) in found]
        self._wiping = _WIPE.format(kept=sql.Literal(kept))
        rows = [_ROWS.format(sql.Identifier(name)) for name in kept]
        self._looking = sql.SQL("SELECT ") + sql.SQL(", ").join([_STATE, *rows])
        self._when_new = self._state()

    def wipe(self) -> bool:
        """Part with everybody and empty it; whether it is as it was when it was new."""
        try:
            self._session.execute(self._wiping)
            return self._state() == self._when_new
        except psycopg.Error:
            return False

    def throw_away(self) -> None:
        self._session.close()
        self._server.drop(self.name)

    def _state(self) -> tuple[object, ...] | None:
        return self._session.execute(self._looking).fetchone()


class Slates:
    """Lends databases like the template, each to one test at a time."""

    def __init__(self, server: Postgres, template: str) -> None:
        self._server = server
        self._template = template
        self._clean: list[Slate] = []

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The address of a database. It ends with the loan: who comes late finds nobody there."""
        slate = self._clean.pop() if self._clean else Slate(self._server, self._template)
        try:
            with self._server.door() as door:
                yield self._server.url(slate.name, door)
        finally:
            if slate.wipe():
                self._clean.append(slate)
            else:
                slate.throw_away()

    def close(self) -> None:
        for slate in self._clean:
            slate.throw_away()
        self._clean.clear()
