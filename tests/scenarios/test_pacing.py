"""Relays that take no more than so many letters a second, and limits that hold over all workers."""

from time import monotonic, sleep

import pytest
from sqlalchemy import func, select, update

from newsletter.delivery.relay_book import set_limits
from newsletter.domain.pacing import Limits
from newsletter.models import Delivery, Relay
from tests.scenarios.conftest import Build, Plant
from tests.support.sink import Do, Moment, Rule, Script

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

BEAT = 0.2
A_MINUTE = 60 * BEAT
"""Of scripted time: pacing counts in beats, which are seconds outside of tests."""
LIMIT = 80.0
WORKERS = 3


def speed_of(plant: Plant, seconds: float, domain: str = "") -> float:
    """Letters accepted a second, for so long from now."""
    before, since = count(plant, domain), monotonic()
    sleep(seconds)
    return (count(plant, domain) - before) / (monotonic() - since)


def count(plant: Plant, domain: str) -> int:
    return sum(each.recipient.endswith(domain) for each in plant.sink.accepted())


def begin_to_send(plant: Plant, script: Script) -> None:
    plant.sink.play(script)
    for _ in range(WORKERS):
        plant.start_worker()
    plant.wait_for_copies(1)


@pytest.mark.long
def test_three_workers_together_find_the_pace_of_a_relay_that_throttles(build: Build) -> None:
    plant = build(int(LIMIT * A_MINUTE * 1.7), pacing_beat=BEAT)
    refusal = "454 4.7.0 Throttling failure: Maximum sending rate exceeded."
    begin_to_send(plant, Script((Rule(Moment.RCPT, Do.REPLY, refusal, above=LIMIT),)))
    sleep(A_MINUTE)

    assert 0.8 * LIMIT <= speed_of(plant, 6) <= LIMIT * 1.05

    plant.sink.play(Script())
    assert plant.wait_until_finished().is_exact
    assert refusals(plant) == 0


@pytest.mark.long
def test_three_workers_together_find_the_pace_of_one_group_of_receivers(build: Build) -> None:
    domains = ("gmail.com", "example.org")
    plant = build(int(LIMIT * A_MINUTE * 3.4), domains=domains, pacing_beat=BEAT, batch_size=400)
    plant.house.follow_smtp_url()
    with plant.house.database.writing() as session:
        session.execute(update(Relay).values(is_direct=True))
    refusal = "421 4.7.28 Our system has detected an unusual rate of mail from you."
    begin_to_send(plant, Script((Rule(Moment.DOT, Do.REPLY, refusal, address="@gmail", above=LIMIT),)))
    sleep(A_MINUTE)

    assert count(plant, "@gmail.com") < 0.9 * count(plant, "@example.org"), "the others need not wait"
    assert 0.8 * LIMIT <= speed_of(plant, 6, "@gmail.com") <= LIMIT * 1.05

    plant.sink.play(Script())
    assert plant.wait_until_finished().is_exact
    assert refusals(plant) == 0


@pytest.mark.long
def test_a_limit_of_letters_a_second_holds_over_all_workers(build: Build) -> None:
    plant = build(400, pacing_beat=BEAT)
    plant.house.follow_smtp_url()
    with plant.house.database.writing() as session:
        set_limits(session, session.scalars(select(Relay)).one(), "", Limits(rate=LIMIT / 2, connections=4))
    begin_to_send(plant, Script(dot_latency=0.01))

    assert 0.8 * LIMIT / 2 <= speed_of(plant, 4) <= LIMIT / 2 * 1.15
    assert plant.wait_until_finished().is_exact
    assert plant.sink.stats().connections_most <= 4


def refusals(plant: Plant) -> int | None:
    """Tries that were lost."""
    with plant.house.database.reading() as session:
        return session.scalar(select(func.sum(Delivery.refusals)))
