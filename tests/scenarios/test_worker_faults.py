"""Workers that are killed, stopped, put to sleep or joined by others."""

import os
import random
import re
import signal
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bench.procfs import family
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Subscriber
from tests.scenarios.conftest import UNTIL_HELD, Build, Plant
from tests.support.checker import Findings, check
from tests.support.ledgers import batches_of, campaign_now, deliveries_of, states
from tests.support.sink import Do, Moment, Rule, Script
from tests.support.stack import Worker, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

POLICIES = [UncertainPolicy.RESEND, pytest.param(UncertainPolicy.HOLD, marks=pytest.mark.long)]

READERS = 400


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def children(worker: Worker) -> list[int]:
    return list(family(worker.pid))[1:]


def kill_a_child(_plant: Plant, worker: Worker) -> Worker:
    wait_for(lambda: bool(children(worker)))
    os.kill(random.choice(children(worker)), signal.SIGKILL)
    return worker


def kill_the_group(plant: Plant, worker: Worker) -> Worker:
    worker.kill()
    return plant.start_worker()


@pytest.mark.long
@pytest.mark.parametrize("policy", POLICIES)
def test_kills_at_any_moment_lose_nobody_and_repeat_nobody_unrecorded(
    build: Build, policy: UncertainPolicy
) -> None:
    plant = build(READERS, policy)
    worker = plant.start_worker()

    for number, kill in enumerate([kill_a_child, kill_the_group, kill_a_child]):
        moment = number * READERS // 4 + random.randrange(5, 60)
        plant.sink.wait_for(lambda moment=moment: len(plant.sink.copies()) >= moment)  # type: ignore[misc]
        worker = kill(plant, worker)

    found = plant.wait_until_finished()
    if policy is UncertainPolicy.HOLD:
        assert found.copies_beyond_first == found.recorded_resends == 0
    else:
        assert found.uncertain == 0
        assert states(plant.house, plant.campaign_id) == {DeliveryState.ACCEPTED: READERS}


def test_a_worker_asked_to_stop_under_load_leaves_exact_books(build: Build) -> None:
    plant = build(READERS, stop_within=4.0)
    worker = plant.start_and_hold(Moment.RCPT)

    assert worker.stop(within=30) == 0

    found = check(plant.house, plant.campaign_id, plant.sink)
    assert UNTIL_HELD * plant.house.settings.connections <= found.copies < READERS
    assert found == Findings(READERS, found.copies, 0, 0, 0, 0)
    assert states(plant.house, plant.campaign_id)[DeliveryState.ACCEPTED] == found.copies
    plant.go_on()
    plant.start_worker()
    assert plant.wait_until_finished().is_exact


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file has one worker
def test_a_worker_that_slept_past_its_leases_sends_nothing_more(
    build: Build, policy: UncertainPolicy
) -> None:
    plant = build(READERS, policy, lease_for=2.0)
    sleeper = plant.start_and_hold(Moment.DOT)
    asleep = list(family(sleeper.pid))
    signal_all(asleep, signal.SIGSTOP)
    plant.go_on()
    epochs = {batch.id: batch.epoch for batch in batches_of(plant.house, plant.campaign_id)}

    plant.start_worker()
    before = plant.wait_until_finished()
    signal_all(asleep, signal.SIGCONT)

    assert sleeper.stop(within=30) == 0
    after = check(plant.house, plant.campaign_id, plant.sink)
    now = {batch.id: batch.epoch for batch in batches_of(plant.house, plant.campaign_id)}
    assert any(now[batch] > epochs[batch] + 1 for batch in epochs), "its leases were taken away"
    # A body whose intent was durable when it fell asleep may still leave: one a connection at most.
    assert after.copies - before.copies <= len(asleep) * plant.house.settings.connections
    if policy is UncertainPolicy.HOLD:
        assert after.copies_beyond_first == after.recorded_resends == 0


def test_a_worker_that_slept_alone_past_its_leases_wakes_up_fenced(build: Build) -> None:
    plant = build(READERS, UncertainPolicy.HOLD, lease_for=2.0)
    sleeper = plant.start_and_hold(Moment.DOT)
    asleep = list(family(sleeper.pid))
    signal_all(asleep, signal.SIGSTOP)
    plant.go_on()
    leases = [batch.lease_until for batch in batches_of(plant.house, plant.campaign_id)]
    newest = max(filter(None, leases))
    wait_for(lambda: datetime.now(UTC) > newest)
    signal_all(asleep, signal.SIGCONT)

    found = plant.wait_until_finished()

    assert found.copies_beyond_first == found.recorded_resends == 0
    assert found.uncertain <= len(asleep) * plant.house.settings.connections
    assert sleeper.stop(within=30) == 0


def test_two_workers_at_once_share_the_letters(build: Build) -> None:
    plant = build(READERS, batch_size=5)  # far more batches than all children take at once
    plant.sink.play(Script((Rule(Moment.DOT, Do.HOLD),)))
    workers = [plant.start_worker(), plant.start_worker()]

    wait_for(lambda: all(children(worker) for worker in workers))
    plant.sink.wait_for(lambda: plant.sink.stats().held == most_at_once(plant, workers))
    plant.go_on()

    assert plant.wait_until_finished().is_exact


def test_a_letter_that_kills_every_worker_is_set_aside_and_all_others_are_sent(build: Build) -> None:
    plant = build(40, batch_size=40, connections=2, uncertain_grace=0.0)
    plant.sink.play(Script((Rule(Moment.RCPT, Do.HOLD, address=f"^{re.escape(a_reader(plant))}$"),)))
    worker = plant.start_worker()

    while kill_who_writes_to_the_poisoned_one(plant, worker):
        pass

    assert plant.wait_until_finished().lost == 0
    assert states(plant.house, plant.campaign_id) == {DeliveryState.ACCEPTED: 39, DeliveryState.FAILED: 1}
    (row,) = (
        row for row in deliveries_of(plant.house, plant.campaign_id) if row.state is DeliveryState.FAILED
    )
    assert row.detail == "set aside: the worker stopped 3 times in a row at this letter"
    assert worker.stop() == 0


def most_at_once(plant: Plant, workers: Sequence[Worker]) -> int:
    """The letters in flight when every child of every worker uses all its connections."""
    return plant.house.settings.connections * sum(len(children(worker)) for worker in workers)


def a_reader(plant: Plant) -> str:
    with plant.house.database.reading() as session:
        return session.scalars(select(Subscriber.address).order_by(Subscriber.id).offset(16)).first() or ""


def kill_who_writes_to_the_poisoned_one(plant: Plant, worker: Worker) -> bool:
    """As the letter itself would; false when all is done."""

    def is_held() -> bool:
        return plant.sink.stats().held > 0

    def is_finished() -> bool:
        return campaign_now(plant.house, plant.campaign_id).state is CampaignState.FINISHED

    def has_let_go() -> bool:  # or even another child came already, and is held in its turn
        stats = plant.sink.stats()
        return stats.held == 0 or stats.connections_ever > before

    wait_for(lambda: is_held() or is_finished())
    if not is_held():
        return False
    before = plant.sink.stats().connections_ever
    signal_all(children(worker), signal.SIGKILL)
    plant.sink.wait_for(has_let_go)
    return True


def test_an_audience_whose_freezing_is_killed_again_and_again_is_whole(build: Build) -> None:
    plant = build(400, batch_size=4)
    for part in range(1, 4):
        worker = plant.start_worker()
        wait_for(lambda part=part: frozen(plant) >= part * 100)  # type: ignore[misc]
        worker.kill()
    assert plant.sink.copies().total() == 0 or frozen(plant) == 400

    plant.start_worker()

    found = plant.wait_until_finished()
    assert found.recipients == 400
    assert found.lost == found.uncertain == 0


def frozen(plant: Plant) -> int:
    return sum(batch.total for batch in batches_of(plant.house, plant.campaign_id))
