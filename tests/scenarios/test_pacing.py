"""Relays that take no more than so many letters a second, and limits that hold over all workers."""

from time import monotonic, sleep

import pytest
from sqlalchemy import func, select

from newsletter.models import Delivery
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


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (Moment.RCPT, "454 4.7.0 Throttling failure: Maximum sending rate exceeded."),
        (Moment.DOT, "421 4.7.0 Too many messages from you, slow down."),
    ],
)
def test_three_workers_together_find_the_pace_of_a_relay_that_throttles(
    build: Build, at: Moment, refusal: str
) -> None:
    plant = build(int(LIMIT * A_MINUTE * 2.2), pacing_beat=BEAT)
    plant.sink.play(Script((Rule(at, Do.REPLY, refusal, above=LIMIT),)))
    for _ in range(WORKERS):
        plant.start_worker()
    plant.wait_for_copies(1)
    sleep(A_MINUTE)

    assert 0.8 * LIMIT <= speed_of(plant, 6) <= LIMIT * 1.05

    plant.sink.play(Script())
    assert plant.wait_until_finished().is_exact
    with plant.house.database.reading() as session:
        assert session.scalar(select(func.sum(Delivery.refusals))) == 0, "nobody lost a try"
