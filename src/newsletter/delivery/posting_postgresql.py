"""A group commit on PostgreSQL: two prepared statements and a sync, one round trip, on libpq itself.

In pipeline mode everything up to the sync is one transaction, so nobody has to say BEGIN and COMMIT.
"""

import asyncio
import os
import select
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from newsletter.database import GATE, Database
from newsletter.delivery.desk import Desk
from newsletter.delivery.posting import Key, Row, Slip, Standing, write_in_flight
from newsletter.domain.errors import DatabaseTrouble

_NULL = "NULL"
_LOOK_ANYWAY = 1.0
"""Seconds. uvloop tells once of a socket that has failed, and not again when what it had to say was read."""

# Its own statement: the next one must look at the database after the lock was granted, not before.
_ENTER_GATE = b"SELECT pg_advisory_xact_lock_shared(%d)" % GATE

_POST = b"""
WITH held AS MATERIALIZED (
    SELECT batch.id, batch.epoch, batch.lease_until > clock_timestamp() AS alive,
           campaign.state = 'sending' AS running,
           coalesce((SELECT max(id) FROM departure), 0) <= slip.departures AS current,
           slip.granted, slip.granted_count, slip.kept, slip.kept_count
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::integer[], $6::text[],
                $7::integer[])
         AS slip (id, epoch, departures, granted, granted_count, kept, kept_count)
    JOIN batch ON batch.id = slip.id AND batch.epoch = slip.epoch AND batch.state = 'leased'
    JOIN campaign ON campaign.id = batch.campaign_id
    ORDER BY batch.id
    FOR NO KEY UPDATE OF batch
), moved AS (
    UPDATE delivery
    SET state = line.after, attempt = line.attempt, refusals = delivery.refusals + line.counts,
        code = line.code, detail = line.detail, next_at = line.next_at, relay_id = line.relay_id,
        meaning = line.meaning, changed_at = clock_timestamp()
    FROM unnest($8::bigint[], $9::integer[], $10::bigint[], $11::bigint[], $12::smallint[], $13::smallint[],
                $14::smallint[], $15::smallint[], $16::bigint[], $17::smallint[], $18::text[], $19::text[],
                $20::timestamptz[])
         AS line (batch_id, epoch, campaign_id, subscriber_id, attempt, before, after, counts, relay_id, code,
                  detail, meaning, next_at)
    JOIN held ON held.id = line.batch_id AND held.epoch = line.epoch
    WHERE delivery.campaign_id = line.campaign_id AND delivery.subscriber_id = line.subscriber_id
      AND delivery.attempt = line.attempt - 1 AND delivery.state = line.before
    RETURNING line.batch_id, line.before, line.after
), counted AS (
    SELECT batch_id,
           count(*) FILTER (WHERE after = 2) AS accepted,
           count(*) FILTER (WHERE after = 3) - count(*) FILTER (WHERE before = 3) AS deferred,
           count(*) FILTER (WHERE after = 4) AS failed,
           count(*) FILTER (WHERE after = 6) AS uncertain
    FROM moved GROUP BY batch_id
), renewed AS (
    UPDATE batch
    SET lease_until = CASE WHEN held.alive THEN clock_timestamp() + $21::interval ELSE batch.lease_until END,
        in_flight = CASE WHEN held.alive AND held.running AND held.current
                         THEN held.granted ELSE held.kept END,
        sending = CASE WHEN held.alive AND held.running AND held.current
                       THEN held.granted_count ELSE held.kept_count END,
        accepted = batch.accepted + coalesce(counted.accepted, 0),
        deferred = batch.deferred + coalesce(counted.deferred, 0),
        failed = batch.failed + coalesce(counted.failed, 0),
        uncertain = batch.uncertain + coalesce(counted.uncertain, 0)
    FROM held LEFT JOIN counted ON counted.batch_id = held.id
    WHERE batch.id = held.id
)
SELECT id, epoch, alive, running, current, extract(epoch FROM clock_timestamp()) FROM held
"""


class PostgresPosting:
    """Keeps a connection of its own; one group at a time is under way."""

    def __init__(self, database: Database, lease_for: timedelta) -> None:
        self._database = database
        self._lease_for = b"%f seconds" % lease_for.total_seconds()
        self._connection: psycopg.Connection | None = None
        # The connection's socket under a number of our own: libpq closes its own as soon as the server is
        # gone, and an event loop that still watches a number which means something else by then goes astray.
        self._ear = -1
        self._results: list[PGresult] = []

    def post(self, slips: Sequence[Slip], rows: Sequence[Row]) -> Mapping[Key, Standing]:
        """Write a group, and wait for it; see `Posting`."""
        connection = self._send(slips, rows)
        while connection.flush():
            select.select([], [self._ear], [])
        while not self._receive(connection):
            select.select([self._ear], [], [])
        return self._standings()

    async def post_soon(
        self, slips: Sequence[Slip], rows: Sequence[Row], desk: Desk
    ) -> Mapping[Key, Standing]:
        """Write a group while the event loop goes on; see `Posting`."""
        loop = asyncio.get_running_loop()
        if self._connection is None:
            await desk.run(self._connect)
        connection = self._send(slips, rows)
        done: asyncio.Future[None] = loop.create_future()

        def on_ready() -> None:
            if done.done():
                return
            try:
                if not connection.flush():
                    loop.remove_writer(self._ear)
                if self._receive(connection):
                    done.set_result(None)
            except (psycopg.Error, DatabaseTrouble) as error:
                done.set_exception(error)

        loop.add_reader(self._ear, on_ready)
        try:
            if connection.flush():  # more than the socket takes at once
                loop.add_writer(self._ear, on_ready)
            while not (await asyncio.wait([done], timeout=_LOOK_ANYWAY))[0]:
                on_ready()
            done.result()
        finally:
            loop.remove_reader(self._ear)
            loop.remove_writer(self._ear)
        return self._standings()

    def reset(self) -> None:
        """Forget the connection."""
        if self._ear >= 0:
            os.close(self._ear)
            self._ear = -1
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection:
        connection = self._database.driver_connection()
        assert isinstance(connection, psycopg.Connection)
        self._connection = connection  # whatever goes wrong from here on, `reset` closes it
        # The planner knows nothing of a ledger written just now, and would make a bitmap for each row.
        _require(connection.pgconn.exec_(b"SET enable_bitmapscan = off"), ExecStatus.COMMAND_OK)
        for name, statement in ((b"enter_gate", _ENTER_GATE), (b"post", _POST)):
            _require(connection.pgconn.prepare(name, statement), ExecStatus.COMMAND_OK)
        connection.pgconn.enter_pipeline_mode()
        self._ear = os.dup(connection.pgconn.socket)
        return connection

    def _send(self, slips: Sequence[Slip], rows: Sequence[Row]) -> PGconn:
        connection = (self._connection or self._connect()).pgconn
        self._results = []
        connection.send_query_prepared(b"enter_gate", None)
        connection.send_query_prepared(b"post", [*slip_columns(slips), *row_columns(rows), self._lease_for])
        connection.pipeline_sync()
        return connection

    def _receive(self, connection: PGconn) -> bool:
        """Take in what has arrived; whether the transaction is over."""
        connection.consume_input()
        ended = False
        while not connection.is_busy():
            result = connection.get_result()
            if result is None and ended:
                raise DatabaseTrouble("The ledger cannot be written: the connection ended in mid answer.")
            ended = result is None
            if result is None:
                continue  # the end of one statement's results
            if result.status == ExecStatus.PIPELINE_SYNC:
                return True
            self._results.append(result)
        return False

    def _standings(self) -> Mapping[Key, Standing]:
        for result in self._results:
            _require(result, ExecStatus.TUPLES_OK)
        found = self._results[1]
        return {
            (int(_value(found, row, 0)), int(_value(found, row, 1))): Standing(
                _value(found, row, 2) == b"t",
                _value(found, row, 3) == b"t",
                _value(found, row, 4) == b"t",
                datetime.fromtimestamp(float(_value(found, row, 5)), UTC),
            )
            for row in range(found.ntuples)
        }


def _require(result: PGresult, status: ExecStatus) -> None:
    if result.status != status:
        message = result.error_message.decode("utf-8", "replace").strip()
        raise DatabaseTrouble(f"The ledger cannot be written: {message or ExecStatus(result.status).name}.")


def _value(result: PGresult, row: int, column: int) -> bytes:
    value = result.get_value(row, column)
    assert value is not None
    return value


def slip_columns(slips: Sequence[Slip]) -> list[bytes]:
    """What a group says of its batches, as the statement takes it."""
    granted, kept = [slip.granted for slip in slips], [slip.kept for slip in slips]
    return [
        _numbers(slip.holding.lease.batch_id for slip in slips),
        _numbers(slip.holding.lease.epoch for slip in slips),
        _numbers(slip.departures for slip in slips),
        _texts(write_in_flight(ids) for ids in granted),
        _numbers(len(ids) for ids in granted),
        _texts(write_in_flight(ids) for ids in kept),
        _numbers(len(ids) for ids in kept),
    ]


def row_columns(rows: Sequence[Row]) -> list[bytes]:
    """What a group says of its deliveries, as the statement takes it."""
    *numbers, relays, codes, details, meanings, moments = (
        zip(*rows, strict=True) if rows else [()] * len(Row._fields)
    )
    return [
        *map(_numbers, numbers),
        _optional_numbers(relays),
        _optional_numbers(codes),
        _texts(details),
        _texts(meanings),
        _texts(moment.isoformat() if moment else None for moment in moments),
    ]


def _numbers(values: Iterable[int]) -> bytes:
    return _array(map(int.__repr__, values))  # states and truth values are numbers too


def _optional_numbers(values: Iterable[int | None]) -> bytes:
    return _array(_NULL if value is None else str(value) for value in values)


def _texts(values: Iterable[str | None]) -> bytes:
    """Texts, quoted, so that none can be taken for anything else."""
    return _array(_NULL if value is None else _quoted(value) for value in values)


def _array(values: Iterable[str]) -> bytes:
    """An array as PostgreSQL reads it."""
    return f"{{{','.join(values)}}}".encode("utf-8", "replace")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\0", " ") + '"'
