"""Promise 1: whatever is killed, every recipient ends in one state and the counts add up."""

import threading
from pathlib import Path

import pytest

from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign
from newsletter.wiring import House
from tests.scenarios.conftest import Works
from tests.support.factories import make_campaign
from tests.support.ledgers import assert_counts_add_up, state_by_address
from tests.support.relay import Relay
from tests.support.stack import environment_of, wait_for, workers

pytestmark = pytest.mark.slow

READERS = 120


def is_finished(house: House, campaign_id: int) -> bool:
    with house.database.reading() as session:
        return session.get_one(Campaign, campaign_id).state is CampaignState.FINISHED


def kill_while_a_body_is_open(works: Works, relay: Relay, campaign: Campaign) -> str:
    """Kill the whole worker when a tenth is accepted and one reply is outstanding. Returns that recipient."""
    open_body, killed = threading.Event(), threading.Event()
    held: list[str] = []

    def hold_one(recipient: str) -> None:
        if len(relay.accepted) > READERS // 10 and not held:
            held.append(recipient)
            open_body.set()
            killed.wait(30)

    relay.before_reply = hold_one
    worker = works.start_worker()
    assert open_body.wait(60)
    with works.house.database.reading() as session:
        counts = count_deliveries(session, campaign.id)
    assert counts.accepted >= READERS // 10
    assert counts.sending == 1
    worker.kill()
    killed.set()
    return held[0]


@pytest.mark.parametrize("policy", UncertainPolicy)
def test_a_killed_worker_loses_nobody(works: Works, relay: Relay, policy: UncertainPolicy) -> None:
    campaign = make_campaign(works.house, readers=READERS, policy=policy)

    in_doubt = kill_while_a_body_is_open(works, relay, campaign)
    works.start_worker()
    wait_for(lambda: is_finished(works.house, campaign.id))

    with works.house.database.reading() as session:
        found = state_by_address(session, campaign.id)
        counts = count_deliveries(session, campaign.id)
    copies = relay.copies()
    assert_counts_add_up(works.house, campaign.id)
    assert counts.total == READERS == len(copies)
    if policy is UncertainPolicy.HOLD:
        assert found.pop(in_doubt) is DeliveryState.UNCERTAIN
        assert set(copies.values()) == {1}
    else:
        assert copies.pop(in_doubt) == 2
        assert counts.resends == 1
        assert set(copies.values()) == {1}
    assert set(found.values()) == {DeliveryState.ACCEPTED}


def test_a_stopped_worker_leaves_nothing_in_doubt(works: Works, relay: Relay) -> None:
    campaign = make_campaign(works.house, readers=READERS)
    worker = works.start_worker()
    relay.wait_for(lambda relay: len(relay.accepted) > READERS // 10)

    worker.stop()

    with works.house.database.reading() as session:
        counts = count_deliveries(session, campaign.id)
    assert (counts.sending, counts.uncertain) == (0, 0)
    assert counts.accepted == len(relay.accepted)
    works.start_worker()
    wait_for(lambda: is_finished(works.house, campaign.id))
    assert set(relay.copies().values()) == {1}
    assert len(relay.copies()) == READERS


def test_a_campaign_whose_bell_was_lost_is_sent_all_the_same(works: Works, relay: Relay) -> None:
    silent = House(works.house.settings, lambda _job, _ids: None)
    campaign = make_campaign(silent, readers=10)
    silent.database.close()

    works.start_worker()

    wait_for(lambda: is_finished(works.house, campaign.id))
    assert len(relay.copies()) == 10


def test_a_campaign_is_sent_without_any_broker(works: Works, relay: Relay, tmp_path: Path) -> None:
    alone = works.house.settings.model_copy(update={"redis_url": ""})
    campaign = make_campaign(works.house, readers=10)

    with workers() as start:
        start(environment_of(alone), tmp_path / "alone.log")
        wait_for(lambda: is_finished(works.house, campaign.id))

    assert set(relay.copies().values()) == {1}
    assert len(relay.copies()) == 10
