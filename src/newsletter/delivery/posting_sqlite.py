"""A group commit on SQLite: the write lock is the gate, and the commit is synced to the disk."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from newsletter.database import Database
from newsletter.delivery.desk import Desk
from newsletter.delivery.posting import (
    Key,
    Row,
    Slip,
    Standing,
    count,
    is_granted,
    write_in_flight,
)
from newsletter.domain.states import BatchState, CampaignState

_HELD = """
SELECT batch.epoch, batch.state, batch.lease_until, campaign.state,
       coalesce((SELECT max(id) FROM departure), 0)
FROM batch JOIN campaign ON campaign.id = batch.campaign_id WHERE batch.id = ?
"""
_MOVE = """
UPDATE delivery
SET state = ?, attempt = ?, refusals = refusals + ?, relay_id = ?, code = ?, detail = ?, meaning = ?,
    next_at = ?, changed_at = ?
WHERE campaign_id = ? AND subscriber_id = ? AND attempt = ? AND state = ?
"""
_RENEW = """
UPDATE batch
SET lease_until = coalesce(?, lease_until), in_flight = ?, sending = ?, accepted = accepted + ?,
    deferred = deferred + ?, failed = failed + ?, uncertain = uncertain + ?
WHERE id = ?
"""


class SqlitePosting:
    """Keeps a connection of its own; used by one thread."""

    def __init__(self, database: Database, lease_for: timedelta) -> None:
        self._database = database
        self._lease_for = lease_for
        self._connection: sqlite3.Connection | None = None

    def post(self, slips: Sequence[Slip], rows: Sequence[Row]) -> Mapping[Key, Standing]:
        """Write a group; see `Posting`."""
        connection = self._connection or self._connect()
        by_lease: dict[Key, list[Row]] = defaultdict(list)
        for row in rows:
            by_lease[row.batch_id, row.epoch].append(row)
        connection.execute("BEGIN IMMEDIATE")
        try:
            found: dict[Key, Standing] = {}
            for slip in slips:
                key, standing = slip.holding.lease.key, self._standing(connection, slip)
                if standing is not None:
                    found[key] = standing
                    self._write(connection, slip, standing, by_lease[key])
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return found

    async def post_soon(
        self, slips: Sequence[Slip], rows: Sequence[Row], desk: Desk
    ) -> Mapping[Key, Standing]:
        """Write a group in the desk's thread, where all writing of this process is done; see `Posting`."""
        return await desk.run(self.post, slips, rows)

    def reset(self) -> None:
        """Forget the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        connection = self._database.driver_connection()
        assert isinstance(connection, sqlite3.Connection)
        self._connection = connection
        return connection

    def _standing(self, connection: sqlite3.Connection, slip: Slip) -> Standing | None:
        lease, now = slip.holding.lease, datetime.now(UTC)
        row = connection.execute(_HELD, (lease.batch_id,)).fetchone()
        if row is None or row[0] != lease.epoch or row[1] != BatchState.LEASED:
            return None
        return Standing(
            row[2] > _moment(now), row[3] == CampaignState.SENDING, row[4] <= slip.departures, now
        )

    def _write(
        self, connection: sqlite3.Connection, slip: Slip, standing: Standing, rows: Sequence[Row]
    ) -> None:
        moved = [row for row in rows if self._move(connection, row, standing.now)]
        change = count((row.before, row.after) for row in moved)
        in_flight = slip.granted if is_granted(standing) else slip.kept
        connection.execute(
            _RENEW,
            (
                _moment(standing.now + self._lease_for) if standing.is_alive else None,
                write_in_flight(in_flight),
                len(in_flight),
                *(change[name] for name in ("accepted", "deferred", "failed", "uncertain")),
                slip.holding.lease.batch_id,
            ),
        )

    def _move(self, connection: sqlite3.Connection, row: Row, now: datetime) -> bool:
        moved = connection.execute(
            _MOVE,
            (
                *(int(row.after), row.attempt, int(row.counts), row.relay_id, row.code, row.detail),
                *(row.meaning, _moment(row.next_at) if row.next_at else None, _moment(now)),
                *(row.campaign_id, row.subscriber_id, row.attempt - 1, int(row.before)),
            ),
        )
        return moved.rowcount == 1


def _moment(moment: datetime) -> str:
    """A moment as SQLAlchemy writes it there: sortable text in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
