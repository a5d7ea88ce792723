"""Sending through a real relay on loopback: every outcome ends where it should."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text

from newsletter.accounts.audit import Actor
from newsletter.delivery.control import Control
from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.sending import Sender
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Campaign, Relay, Subscriber, Suppression
from newsletter.wiring import House
from tests.support.factories import make_campaign
from tests.support.ledgers import assert_counts_add_up, state_by_address, states
from tests.support.ports import free_port
from tests.support.relay import Relay as RelayServer


@pytest.fixture
def campaign(mailing_house: House) -> Campaign:
    campaign = make_campaign(mailing_house, readers=6)
    freeze_audience(mailing_house.database, mailing_house.bell, campaign.id, 4)
    return campaign


@pytest.fixture
def sender(mailing_house: House, campaign: Campaign) -> Iterator[Sender]:
    sender = mailing_house.sender()
    yield sender
    sender.close()


def send(sender: Sender) -> None:
    sender.send_due("a worker", lambda: False, lambda: None)


def addresses(house: House) -> list[str]:
    with house.database.reading() as session:
        return [each or "" for each in session.scalars(select(Subscriber.address).order_by(Subscriber.id))]


def the_relay(house: House) -> Relay:
    with house.database.reading() as session:
        return session.scalars(select(Relay)).one()


def campaign_now(house: House, campaign: Campaign) -> Campaign:
    with house.database.reading() as session:
        return session.get_one(Campaign, campaign.id)


def test_everybody_gets_one_letter_and_the_campaign_finishes(mailing_house, campaign, sender, relay) -> None:
    send(sender)

    assert relay.copies() == dict.fromkeys(addresses(mailing_house), 1)
    assert states(mailing_house, campaign.id) == {DeliveryState.ACCEPTED: 6}
    assert campaign_now(mailing_house, campaign).state is CampaignState.FINISHED
    assert_counts_add_up(mailing_house, campaign.id)


def test_every_letter_is_addressed_to_the_one_who_gets_it(mailing_house, campaign, sender, relay) -> None:
    send(sender)

    for accepted in relay.accepted:
        message = accepted.message
        assert message["To"].addresses[0].addr_spec == accepted.recipient
        assert accepted.recipient in accepted.text
        assert accepted.recipient in accepted.html
        assert accepted.unsubscribe_url in accepted.text
        assert accepted.unsubscribe_url in accepted.html
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len({each.message["Message-ID"] for each in relay.accepted}) == 6
    assert len({each.unsubscribe_url for each in relay.accepted}) == 6


def test_refusals_end_as_they_should_and_suppress_nobody(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    gone, later, heavy, fine, *_rest = addresses(mailing_house)
    relay.on_recipient = {gone: "550 5.1.1 no such user", later: "450 4.2.1 try later"}.get
    relay.on_body = {heavy: "552 5.3.4 too big"}.get

    send(sender)

    with mailing_house.database.reading() as session:
        found = state_by_address(session, campaign.id)
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
    assert found[gone] is DeliveryState.FAILED
    assert found[later] is DeliveryState.DEFERRED
    assert found[heavy] is DeliveryState.FAILED
    assert found[fine] is DeliveryState.ACCEPTED
    assert campaign_now(mailing_house, campaign).state is CampaignState.SENDING
    assert_counts_add_up(mailing_house, campaign.id)


def test_a_relay_that_is_away_fails_nobody_and_is_named(mailing_house, campaign, relay) -> None:
    nowhere = SecretStr(f"smtp://127.0.0.1:{free_port()}")
    update = {"smtp_url": nowhere, "relay_waits": (600.0,)}  # it still rests when we look
    away = House(mailing_house.settings.model_copy(update=update), mailing_house.ring)
    send(away.sender())
    away.database.close()

    assert states(mailing_house, campaign.id) == {DeliveryState.PLANNED: 6}
    assert "does not answer" in the_relay(mailing_house).trouble
    assert the_relay(mailing_house).retry_at is not None
    assert mailing_house.ledger().lease("two") is None
    assert_counts_add_up(mailing_house, campaign.id)


def test_a_sender_who_is_refused_pauses_the_campaign_and_fails_nobody(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    relay.on_mail = lambda _address: "550 5.7.1 sender not verified"

    send(sender)

    now = campaign_now(mailing_house, campaign)
    assert now.state is CampaignState.PAUSED
    assert "sender not verified" in now.trouble
    assert states(mailing_house, campaign.id) == {DeliveryState.PLANNED: 6}


def test_a_relay_that_recovers_is_cleared(mailing_house, campaign, sender, relay) -> None:
    with mailing_house.database.writing() as session:
        row = session.scalars(select(Relay)).one()
        row.trouble, row.trouble_count = "it was ill", 3

    send(sender)

    assert (the_relay(mailing_house).trouble, the_relay(mailing_house).trouble_count) == ("", 0)


def test_stopping_gives_the_batch_back_with_nothing_in_doubt(mailing_house, campaign, sender, relay) -> None:
    sender.send_due("a worker", lambda: len(relay.accepted) >= 2, lambda: None)

    sent = len(relay.accepted)
    assert 2 <= sent < 6
    assert states(mailing_house, campaign.id) == {
        DeliveryState.ACCEPTED: sent,
        DeliveryState.PLANNED: 6 - sent,
    }
    send(sender)
    assert set(relay.copies().values()) == {1}


def test_a_policy_against_us_pauses_before_the_whole_audience_fails(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    relay.on_recipient = lambda _address: "554 5.7.1 your address is on a list"

    send(sender)

    now = campaign_now(mailing_house, campaign)
    assert now.state is CampaignState.PAUSED
    assert "refused 3 letters in a row" in now.trouble
    assert states(mailing_house, campaign.id) == {DeliveryState.FAILED: 3, DeliveryState.PLANNED: 3}
    assert_counts_add_up(mailing_house, campaign.id)


def test_a_relay_that_does_not_let_us_in_fails_nobody(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    relay.on_recipient = lambda _address: "530 5.7.0 authentication required"

    send(sender)

    assert states(mailing_house, campaign.id) == {DeliveryState.PLANNED: 6}
    assert "authentication required" in the_relay(mailing_house).trouble


def test_a_paused_campaign_goes_on_where_it_stopped(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    relay.on_mail = lambda _address: "550 5.7.1 sender not verified"
    send(sender)
    relay.on_mail = lambda _address: None

    control = Control(mailing_house.database, mailing_house.bell, campaign.id, Actor("a test"))
    assert control.resume()
    send(sender)

    assert campaign_now(mailing_house, campaign).state is CampaignState.FINISHED
    assert set(relay.copies().values()) == {1}
    assert not control.resume()


def test_trouble_that_another_process_met_is_cleared_by_the_first_letter(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    sender.send_due("a worker", lambda: len(relay.accepted) >= 1, lambda: None)
    with mailing_house.database.writing() as session:
        session.scalars(select(Relay)).one().trouble = "met by somebody else"

    send(sender)

    assert the_relay(mailing_house).trouble == ""


def test_a_reply_survives_a_database_that_drops_its_connections(
    mailing_house: House, campaign: Campaign, sender: Sender, relay: RelayServer
) -> None:
    if mailing_house.database.is_sqlite:
        pytest.skip("a file has no connections to drop")

    def break_connections(_recipient: str) -> None:
        if len(relay.accepted) == 3:
            with mailing_house.database.engine.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    relay.before_reply = break_connections

    send(sender)

    assert set(relay.copies().values()) == {1}
    assert states(mailing_house, campaign.id) == {DeliveryState.ACCEPTED: 6}
    assert_counts_add_up(mailing_house, campaign.id)
