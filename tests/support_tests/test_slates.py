"""A database that is lent again is like one that nobody had."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from newsletter.wiring import House
from tests.conftest import Rings, settings_for
from tests.support.factories import make_campaign
from tests.support.postgres import Postgres
from tests.support.slates import Slates

WORKER = "INSERT INTO worker (name, started_at, seen_at) SELECT gen_random_uuid(), now(), now() RETURNING id"
MANY = WORKER.replace("RETURNING id", "FROM generate_series(1, 2000)")


@pytest.fixture
def slates(postgres: Postgres, postgres_template: str) -> Iterator[Slates]:
    slates = Slates(postgres, postgres_template)
    yield slates
    slates.close()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as session:
        row = session.execute(question).fetchone()
        assert row is not None
        return row[0]


def name_after(slates: Slates, *statements: str) -> tuple[object, object]:
    """The database that a test had that said this, and the one that the next test gets."""
    with slates.lend() as url:
        before = ask(url, "SELECT current_database()")
        with psycopg.connect(url, autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())
    with slates.lend() as url:
        return before, ask(url, "SELECT current_database()")


def test_rows_are_gone_and_numbers_begin_anew(slates: Slates) -> None:
    with slates.lend() as url:
        revision = ask(url, "SELECT version_num FROM alembic_version")
        assert [ask(url, WORKER) for _ in range(3)] == [1, 2, 3]

    with slates.lend() as url:
        assert ask(url, "SELECT count(*) FROM worker") == 0
        assert ask(url, WORKER) == 1
        assert ask(url, "SELECT version_num FROM alembic_version") == revision


def test_rows_that_refer_to_each_other_are_wiped_without_a_new_database(
    slates: Slates, rings: Rings, tmp_path: Path
) -> None:
    with slates.lend() as url:
        before = ask(url, "SELECT current_database()")
        house = House(settings_for(tmp_path, database_url=url), rings)
        make_campaign(house)
        house.database.close()

    with slates.lend() as url:
        assert ask(url, "SELECT current_database()") == before
        assert ask(url, "SELECT count(*) FROM publication") == 0


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE another (id int)",),
        ("ALTER TABLE worker ADD COLUMN age int",),
        ("ALTER TABLE worker RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO worker"),
        ("ALTER TABLE worker ALTER COLUMN name SET DEFAULT 'x'",),
        ("ALTER TABLE worker DROP CONSTRAINT pk_worker",),
        ("ALTER SEQUENCE worker_id_seq INCREMENT 2",),
        ("CREATE INDEX another ON worker (name)",),
        ("DROP TRIGGER search_entry_words ON search_entry",),
        ("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",),
        ("CREATE SCHEMA another",),
        ("DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET work_mem = 64'; END $$",),
        ("UPDATE alembic_version SET version_num = 'older'",),
        ("DELETE FROM alembic_version",),
        ("ANALYZE worker",),
        (MANY,),
    ],
)
def test_a_database_that_cannot_be_wiped_clean_is_not_lent_again(
    slates: Slates, statements: tuple[str, ...]
) -> None:
    before, after = name_after(slates, *statements)

    assert after != before


def test_a_transaction_left_open_is_ended_and_hinders_nobody(slates: Slates) -> None:
    with slates.lend() as url:
        left = psycopg.connect(url)
        left.execute(WORKER)
        left.execute("LOCK TABLE worker")

    with slates.lend() as url:
        assert ask(url, WORKER) == 1
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


def test_an_address_ends_with_its_loan(slates: Slates) -> None:
    with slates.lend() as former:
        pass

    with slates.lend(), pytest.raises(psycopg.OperationalError):
        psycopg.connect(former)


def test_who_asks_for_two_gets_two(slates: Slates) -> None:
    with slates.lend() as one, slates.lend() as other:
        assert ask(one, WORKER) == 1
        assert ask(other, "SELECT count(*) FROM worker") == 0


def test_a_database_whose_session_was_ended_is_not_lent_again(slates: Slates) -> None:
    before, after = name_after(
        slates,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )

    assert after != before
