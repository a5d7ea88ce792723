"""Promise 3: no body is sent whose intent commits after the leave commits."""

import threading

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.posting import read_in_flight
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Batch, Campaign, Delivery, Section, Subscriber
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.factories import make_campaign
from tests.support.ledgers import assert_counts_add_up, state_by_address, states
from tests.support.relay import Relay


@pytest.fixture
def campaign(mailing_house: House) -> Campaign:
    campaign = make_campaign(mailing_house, readers=20)
    freeze_audience(mailing_house.database, mailing_house.bell, campaign.id, 100)
    return campaign


@pytest.fixture
def web(mailing_house: House) -> FlaskClient:
    return create_app(mailing_house).test_client()


def send(house: House) -> None:
    sender = house.sender()
    sender.send_due("a worker", lambda: False, lambda: None)
    sender.close()


def unsubscribe_paths(house: House, campaign: Campaign) -> dict[str, str]:
    with house.database.reading() as session:
        section = session.get_one(Campaign, campaign.id).section_id
        readers = session.scalars(select(Subscriber)).all()
        section_id = session.get_one(Section, section).public_id
    return {
        reader.address or "": house.links.unsubscribe(reader.public_id, section_id).removeprefix(
            "http://localhost"
        )
        for reader in readers
    }


def test_one_click_between_two_letters_stops_the_second(
    mailing_house: House, campaign: Campaign, web: FlaskClient, relay: Relay
) -> None:
    paths = unsubscribe_paths(mailing_house, campaign)
    left: list[str] = []

    def leave_the_last_one(_recipient: str) -> None:
        if len(relay.accepted) == 3:
            waiting = [address for address in paths if address not in relay.copies()]
            left.append(waiting[-1])
            answer = web.post(paths[waiting[-1]], data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200

    relay.before_reply = leave_the_last_one
    send(mailing_house)

    with mailing_house.database.reading() as session:
        found = state_by_address(session, campaign.id)
    assert left
    assert left[0] not in relay.copies()
    assert found.pop(left[0]) is DeliveryState.SKIPPED
    assert set(found.values()) == {DeliveryState.ACCEPTED}
    assert_counts_add_up(mailing_house, campaign.id)


def on_their_way(house: House, campaign: Campaign) -> set[str]:
    """Whose letters were accepted or may be under way, seen in one look."""
    accepted = select(Delivery.subscriber_id).where(Delivery.state == DeliveryState.ACCEPTED)
    with house.database.reading() as session:
        written = session.scalars(select(Batch.in_flight).where(Batch.campaign_id == campaign.id)).all()
        ids = {each for batch in written for each in read_in_flight(batch)} | set(session.scalars(accepted))
        return {
            address or ""
            for address in session.scalars(select(Subscriber.address).where(Subscriber.id.in_(ids)))
        }


def test_everybody_leaving_in_a_race_with_the_sender_is_mailed_only_before_leaving(
    mailing_house: House, campaign: Campaign, web: FlaskClient, relay: Relay
) -> None:
    """Whoever was told "you left" before their letter's intent was durable gets no letter afterwards."""
    paths = unsubscribe_paths(mailing_house, campaign)
    accepted_when_left: dict[str, bool] = {}

    def leave_all() -> None:
        for address, path in reversed(paths.items()):
            assert web.post(path).status_code == 200
            accepted_when_left[address] = address in on_their_way(mailing_house, campaign)

    leaving = threading.Thread(target=leave_all)
    leaving.start()
    send(mailing_house)
    leaving.join()

    got = set(relay.copies())
    for address, was_on_its_way in accepted_when_left.items():
        assert (address in got) == was_on_its_way, address
    assert_counts_add_up(mailing_house, campaign.id)


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED])
def test_pausing_and_cancelling_are_immediate_too(
    mailing_house: House, campaign: Campaign, relay: Relay, state: CampaignState
) -> None:
    def stop_after_three(_recipient: str) -> None:
        if len(relay.accepted) == 3:
            with mailing_house.database.writing() as session:
                session.get_one(Campaign, campaign.id).state = state

    relay.before_reply = stop_after_three
    send(mailing_house)

    assert len(relay.accepted) == 3
    assert states(mailing_house, campaign.id) == {DeliveryState.ACCEPTED: 3, DeliveryState.PLANNED: 17}
