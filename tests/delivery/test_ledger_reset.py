"""A database that dies with our words unread resets the connection, and that is noticed as well."""

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import psycopg
import pytest

from newsletter.database import Database
from newsletter.delivery.desk import Desk
from newsletter.delivery.posting import fold
from newsletter.delivery.posting_postgresql import PostgresPosting
from newsletter.domain.errors import DatabaseTrouble
from newsletter.mail.smtp.loops import new_event_loop
from newsletter.wiring import House
from tests.delivery.worker import frozen, taken, wish
from tests.support.postgres import Postgres
from tests.support.postgres_proxy import running_proxy

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.mark.parametrize("loop", [new_event_loop, asyncio.new_event_loop], ids=["our loop", "asyncio's"])
def test_a_group_whose_connection_is_reset_in_mid_answer_is_told(
    house: House, postgres: Postgres, loop
) -> None:
    frozen(house)
    ledger = house.ledger()
    holding = taken(ledger)
    slips = fold([wish(holding)])
    with TemporaryDirectory(prefix="nl-") as folder, running_proxy(postgres.folder, Path(folder)) as proxy:
        address = house.settings.sqlalchemy_url.partition("?")[0]
        behind = Database(f"{address}?host={folder}", pooled=False)
        posting = PostgresPosting(behind, timedelta(seconds=20))
        desk = Desk(behind)

        async def post() -> None:
            await posting.post_soon(slips, [], desk)
            proxy.hold_back()
            under_way = asyncio.create_task(posting.post_soon(slips, [], desk))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            proxy.fall_shut()  # while the loop is kept waiting: it finds all of it at once
            with pytest.raises(psycopg.OperationalError):
                await asyncio.wait_for(under_way, 20)

        try:
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(post())
        finally:
            posting.reset()
            desk.close()
            behind.close()
    ledger.close()


class Ended:
    """A connection that is over, as libpq shows it: never busy, and without any result."""

    def consume_input(self) -> None:
        pass

    def is_busy(self) -> bool:
        return False

    def get_result(self) -> None:
        return None


def test_a_connection_that_is_over_is_not_asked_for_ever(house: House) -> None:
    posting = PostgresPosting(house.database, timedelta(seconds=20))

    with pytest.raises(DatabaseTrouble, match="ended in mid answer"):
        posting._receive(cast("Any", Ended()))
