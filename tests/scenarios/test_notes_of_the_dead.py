"""A worker that is killed leaves its notes: what the relay took before is no doubt, and nobody waits."""

import os
import signal

import pytest
from sqlalchemy import text

from bench.procfs import family
from newsletter.database import GATE
from newsletter.delivery.black_box import Letter, Remains, Stage
from newsletter.delivery.posting import read_in_flight
from newsletter.domain.states import UncertainPolicy
from tests.scenarios.conftest import Build, Plant
from tests.support.black_boxes import notes_of_the_living
from tests.support.ledgers import batches_of
from tests.support.sink import Moment
from tests.support.stack import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

READERS = 200


def test_an_answer_that_was_read_and_not_written_down_is_known_after_the_kill(build: Build) -> None:
    plant = build(READERS, UncertainPolicy.HOLD)
    worker = plant.start_and_hold(Moment.DOT)

    with plant.house.database.writing() as session:
        if not plant.house.database.is_sqlite:  # there is no gate where one writer keeps all others out
            session.execute(text(f"SELECT pg_advisory_xact_lock({GATE})"))
        plant.go_on()
        wait_for(lambda: known_under_way(plant) > 0)
        for pid in family(worker.pid):
            os.kill(pid, signal.SIGKILL)
        worker.kill()
        if not plant.house.database.is_sqlite:  # PostgreSQL would still write what the dead have sent it
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    plant.start_worker()

    assert plant.wait_until_finished().is_exact


def known_under_way(plant: Plant) -> int:
    """How many letters the ledger has under way whose answers are all there; 0 while one is awaited."""
    remains = notes_of_the_living(plant.house.boxes)
    stages = [
        stage_of(remains, Letter(batch.id, batch.epoch, reader, attempt=1))
        for batch in batches_of(plant.house, plant.campaign_id)
        for reader in read_in_flight(batch.in_flight)
    ]
    return 0 if Stage.BODY_LEAVING in stages else stages.count(Stage.TAKEN)


def stage_of(remains: list[Remains], letter: Letter) -> Stage:
    return max((each.stage(letter) for each in remains), default=Stage.NOTHING_LEFT)
