"""A person stops a campaign and lets it go on, again and again: it is exact over the union."""

from collections.abc import Callable
from random import Random
from time import sleep

import pytest

from newsletter.accounts.audit import Actor, deeds_on
from newsletter.delivery.control import Control
from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import BatchState, CampaignState, DeliveryState
from newsletter.models import Campaign
from tests.scenarios.conftest import UNTIL_HELD, Build, Plant
from tests.support.checker import check
from tests.support.ledgers import assert_counts_add_up, batches_of, campaign_now, states
from tests.support.sink import Moment
from tests.support.stack import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

TIMES = {"postgresql": 100, "sqlite": 30}
READERS = {"postgresql": 2_000, "sqlite": 600}
CONNECTIONS = 4


def control_of(plant: Plant) -> Control:
    return Control(plant.house.database, plant.house.bell, plant.campaign_id, Actor("a tester"))


def state_of(plant: Plant) -> CampaignState:
    return campaign_now(plant.house, plant.campaign_id).state


def assert_nothing_leaves_without_an_intent(plant: Plant) -> None:
    """Since it was stopped no intent is granted: only those whose intent was there before get a letter."""
    with plant.house.database.reading() as session:
        counts = count_deliveries(session, plant.campaign_id)
    intended = counts.accepted + counts.sending
    in_hands = {BatchState.LEASED}
    wait_for(lambda: not in_hands & {batch.state for batch in batches_of(plant.house, plant.campaign_id)})
    assert sum(copy.recipient.startswith("reader") for copy in plant.sink.accepted()) <= intended


def test_stopped_and_resumed_again_and_again_everybody_gets_one_letter(
    build: Build, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["database_url"]
    plant = build(READERS[kind], connections=CONNECTIONS)
    control, random = control_of(plant), Random(4)
    plant.start_worker()
    plant.wait_for_copies(1)
    stops = 0
    while stops < TIMES[kind] and state_of(plant) is not CampaignState.FINISHED:
        sleep(random.random() * 0.06)
        stop: Callable[[], bool] = control.cancel if random.random() < 0.3 else control.pause
        if stop():
            stops += 1
            if stops % 10 == 0:
                assert_nothing_leaves_without_an_intent(plant)
        control.resume()

    found = plant.wait_until_finished()
    assert found.is_exact
    with plant.house.database.reading() as session:
        public_id = session.get_one(Campaign, plant.campaign_id).public_id
        assert len(deeds_on(session, f"campaign {public_id}", limit=1_000)) == 2 * TIMES[kind]


def test_cancelled_for_good_the_union_is_exact(build: Build) -> None:
    plant = build(400, connections=CONNECTIONS)
    worker = plant.start_and_hold(Moment.RCPT)

    assert control_of(plant).cancel()
    plant.go_on()
    ends = {DeliveryState.ACCEPTED, DeliveryState.SKIPPED}
    wait_for(lambda: states(plant.house, plant.campaign_id).keys() <= ends)
    worker.stop()

    found = check(plant.house, plant.campaign_id, plant.sink)
    assert_counts_add_up(plant.house, plant.campaign_id)
    assert (found.recipients, found.copies_beyond_first, found.lost) == (400, 0, 0)
    assert state_of(plant) is CampaignState.CANCELLED
    assert UNTIL_HELD * CONNECTIONS <= found.copies < 400
