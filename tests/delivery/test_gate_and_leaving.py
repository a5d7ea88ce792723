"""Leaving and the gate never overlap: who asks to leave waits for decisions under way, and no longer."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from newsletter.audience.subscribing import Words, leave_section
from newsletter.database import enter_gate
from newsletter.models import Section, Subscriber
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication, make_section, make_subscriber
from tests.support.stack import wait_for


@pytest.fixture
def follower(house: House) -> tuple[Subscriber, Section]:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        return make_subscriber(session, publication, section), section


def start_leaving(house: House, follower: tuple[Subscriber, Section]) -> threading.Thread:
    def leave() -> None:
        with house.database.writing() as session:
            reader = session.get_one(Subscriber, follower[0].id)
            leave_section(session, reader, follower[1], Words("", ""), NOW)

    thread = threading.Thread(target=leave)
    thread.start()
    return thread


def somebody_waits(house: House) -> bool:
    """Whether a writer waits for a lock: PostgreSQL tells; on SQLite a second writer cannot even begin."""
    if not house.database.is_sqlite:
        with house.database.engine.connect() as connection:
            return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
    path = Path(house.database.engine.url.database or "")
    other = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
    try:
        with other.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    except Exception as error:
        return "locked" in str(error)
    finally:
        other.dispose()
    return False


def test_leaving_waits_for_a_gate_that_is_being_passed(house: House, follower) -> None:
    with house.database.writing() as session:
        enter_gate(session)
        leaving = start_leaving(house, follower)
        wait_for(lambda: somebody_waits(house) or not leaving.is_alive())

        assert leaving.is_alive()

    leaving.join(30)
    assert not leaving.is_alive()
    with house.database.reading() as session:
        assert session.get_one(Subscriber, follower[0].id).state == "left"


def test_gates_do_not_wait_for_each_other(house: House, follower) -> None:
    if house.database.is_sqlite:
        return  # writers take turns there, and one process sends
    with house.database.writing() as one, house.database.writing() as other:
        enter_gate(one)
        enter_gate(other)

        assert not somebody_waits(house)
