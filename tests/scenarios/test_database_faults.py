"""A database that crashes, is away, forgets, is held by others, or has no room left."""

import os
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.domain.states import CampaignState, DeliveryState
from tests.scenarios.conftest import Build, Plant
from tests.support.ledgers import assert_counts_add_up, campaign_now, states
from tests.support.postgres import Postgres, running_postgres
from tests.support.sink import Moment
from tests.support.stack import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    # PostgreSQL is one of their own where it is to crash.
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

READERS = 400
FORGETS = "-c synchronous_commit=off -c wal_writer_delay=10s -c wal_writer_flush_after=1GB"


@contextmanager
def plant_on_postgres(build: Build, server: Postgres) -> Iterator[Plant]:
    plant = build(READERS, database_url=server.url(server.create()))
    yield plant
    plant.house.database.close()


def test_a_database_that_crashes_in_the_middle_costs_no_letter(build: Build) -> None:
    with running_postgres(durable=True) as server, plant_on_postgres(build, server) as plant:
        worker = plant.start_worker()
        for moment in (READERS // 5, READERS // 2):
            plant.wait_for_copies(moment)
            server.restart()

        assert plant.wait_until_finished().is_exact
        assert worker.stop(within=30) == 0


def test_while_the_database_is_away_nothing_is_sent_and_nothing_fails(build: Build) -> None:
    with running_postgres(durable=True) as server, plant_on_postgres(build, server) as plant:
        plant.start_and_hold(Moment.RCPT)
        server.crash()
        plant.go_on()
        connections = plant.house.settings.connections * (os.cpu_count() or 1)
        before = len(plant.sink.accepted())
        wait_for(lambda: says(plant, "database_is_away"))

        # Bodies whose intent was durable before the crash may still leave; then nothing more.
        assert len(plant.sink.accepted()) <= before + connections
        server.start()

        found = plant.wait_until_finished()
        assert found.is_exact
        assert states(plant.house, plant.campaign_id) == {DeliveryState.ACCEPTED: READERS}


def test_a_database_that_lost_its_last_commits_loses_nobody(build: Build) -> None:
    """The one case in which copies go out unknown: bounded by what the database had not kept."""
    with running_postgres(more=FORGETS) as server, plant_on_postgres(build, server) as plant:
        plant.start_worker()
        plant.wait_for_copies(READERS // 3)
        before = len(plant.sink.accepted())
        server.restart()
        wait_for(lambda: campaign_now(plant.house, plant.campaign_id).state is CampaignState.FINISHED)

        copies = Counter(
            copy.recipient for copy in plant.sink.accepted() if copy.recipient.startswith("reader")
        )
        assert len(copies) == READERS
        assert copies.total() - READERS <= before + plant.house.settings.connections * (os.cpu_count() or 1)
        assert_counts_add_up(plant.house, plant.campaign_id)


def test_a_file_that_others_keep_locking_is_written_all_the_same(build: Build) -> None:
    plant = build(READERS)
    over = threading.Event()
    taken = 0

    def storm() -> None:
        nonlocal taken
        with sqlite3.connect(file_of(plant), timeout=30, isolation_level=None) as other:
            while not over.is_set():
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
                taken += 1

    others = threading.Thread(target=storm)
    others.start()
    plant.start_worker()
    try:
        assert plant.wait_until_finished().is_exact
    finally:
        over.set()
        others.join()
    assert taken > READERS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_holds_letters_up_and_loses_none(build: Build, small_disk: Path) -> None:
    plant = build(READERS, database_url=f"sqlite:///{small_disk / 'newsletter.sqlite3'}")
    filler = small_disk / "filler"
    plant.start_worker()
    plant.wait_for_copies(READERS // 5)
    fill_up(filler)
    wait_for(lambda: says(plant, "database_is_away") or says(plant, "no room left"))
    filler.unlink()

    found = plant.wait_until_finished()
    assert found.copies_beyond_first == found.recorded_resends
    assert found.lost == 0
    plant.house.database.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def file_of(plant: Plant) -> str:
    return plant.house.settings.sqlalchemy_url.removeprefix("sqlite:///")


def says(plant: Plant, words: str) -> bool:
    return words in plant.log.read_text("utf-8", "replace")
