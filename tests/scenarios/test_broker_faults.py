"""Bells that are lost, rung twice, or have nobody to carry them: the ledger decides, not the queue."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from newsletter.domain.states import CampaignState
from newsletter.jobs import Job
from tests.scenarios.conftest import Build, Plant
from tests.support.broker import Broker
from tests.support.ledgers import campaign_now
from tests.support.sink import Moment
from tests.support.stack import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

READERS = 300


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """One that only this test shoots at."""
    with TemporaryDirectory(prefix="nl-") as folder:
        broker = Broker(Path(folder))
        yield broker
        broker.kill()


def is_finished(plant: Plant) -> bool:
    return campaign_now(plant.house, plant.campaign_id).state is CampaignState.FINISHED


def test_a_campaign_whose_bells_are_all_flushed_is_found_by_the_sweeper(
    build: Build, own_broker: Broker
) -> None:
    plant = build(READERS, redis_url=own_broker.url)
    own_broker.flush()
    plant.start_worker()
    for moment in range(1, READERS, READERS // 5):
        plant.wait_for_copies(moment)
        own_broker.flush()

    assert plant.wait_until_finished().is_exact


def test_a_campaign_outlives_its_broker(build: Build, own_broker: Broker) -> None:
    plant = build(READERS, redis_url=own_broker.url)
    worker = plant.start_worker()
    plant.wait_for_copies(READERS // 5)
    own_broker.kill()
    plant.wait_for_copies(READERS // 3)  # what is under way needs no broker
    own_broker.start()
    alive = [worker]

    def finished() -> bool:
        if not alive[-1].is_alive:  # kombu may stumble over a lost broker: a service manager starts it again
            alive.append(plant.start_worker())
        return is_finished(plant)

    wait_for(finished)
    assert plant.wait_until_finished().is_exact


def test_a_broker_that_takes_connections_and_says_nothing_holds_up_no_letter(
    build: Build, own_broker: Broker
) -> None:
    plant = build(READERS, redis_url=own_broker.url)
    plant.start_worker()
    plant.wait_for_copies(READERS // 5)
    own_broker.freeze()
    plant.wait_for_copies(READERS // 2)
    own_broker.thaw()

    assert plant.wait_until_finished().is_exact


@pytest.mark.long
def test_a_campaign_needs_no_broker_at_all(build: Build, own_broker: Broker) -> None:
    plant = build(READERS, redis_url=own_broker.url)
    own_broker.kill()
    worker = plant.start_worker()

    assert plant.wait_until_finished().is_exact
    assert worker.stop(within=30) == 0


def test_a_worker_that_starts_before_its_broker_finds_the_work(build: Build, own_broker: Broker) -> None:
    plant = build(READERS, redis_url=own_broker.url)
    own_broker.kill()
    plant.start_worker()
    own_broker.start()

    assert plant.wait_until_finished().is_exact


@pytest.mark.long
def test_bells_rung_again_and_again_send_nothing_twice(build: Build) -> None:
    plant = build(READERS)
    plant.start_worker()
    plant.start_worker()

    def ring_twice() -> bool:
        for job, ids in ((Job.FREEZE, (plant.campaign_id,)), (Job.SEND, ()), (Job.NOTICES, ())) * 2:
            plant.house.ring(job, ids)
        return is_finished(plant)

    wait_for(ring_twice)
    assert plant.wait_until_finished().is_exact


def test_bells_for_campaigns_that_do_not_exist_disturb_nobody(build: Build) -> None:
    plant = build(READERS)
    plant.start_worker()
    for campaign_id in (0, -1, 10**9):
        plant.house.ring(Job.FREEZE, (campaign_id,))

    assert plant.wait_until_finished().is_exact


@pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # one process takes one task at a time
def test_a_task_that_is_given_out_again_while_it_is_done_sends_nothing_twice(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = tmp_path / "received.log"
    received.touch()
    monkeypatch.setenv("APP", "tests.support.impatient")
    monkeypatch.setenv("IMPATIENT_LOG", str(received))
    plant = build(READERS, connections=2, batch_size=READERS)  # so that a child is left to take it once more
    plant.start_and_hold(Moment.RCPT)

    def came_again() -> bool:
        tasks = received.read_text().splitlines()
        return len(tasks) > len(set(tasks))

    wait_for(came_again)
    plant.go_on()

    assert plant.wait_until_finished().is_exact
