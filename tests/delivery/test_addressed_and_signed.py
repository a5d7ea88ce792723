"""Every letter that leaves says where it comes back to, and is signed where there is a key."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.errors import BadSetting
from newsletter.domain.verp import Arrival
from newsletter.mail.dkim.key_folder import write_key
from newsletter.mail.dkim.keys import DkimKey, KeyKind, new_key
from newsletter.models import Publication, Subscriber
from newsletter.wiring import House
from tests.conftest import Rings
from tests.mail.dkim_receiver import verdicts
from tests.support.factories import make_campaign
from tests.support.relay import Accepted, Relay


def mailed(house: House, relay: Relay) -> Sequence[Accepted]:
    campaign = make_campaign(house, readers=3)
    freeze_audience(house.database, house.bell, campaign.id, 10)
    sender = house.sender()
    sender.send_due("a worker", lambda: False, lambda: None)
    sender.close()
    return relay.accepted


def with_settings(house: House, **settings: object) -> House:
    return House(house.settings.model_copy(update=settings), Rings())


def test_a_letter_comes_back_to_an_address_of_its_own(mailing_house: House, relay: Relay) -> None:
    house = with_settings(mailing_house, inbound_address="letters@in.example.org")
    inbound = house.links.inbound
    assert inbound is not None

    letters = mailed(house, relay)

    with house.database.reading() as session:
        readers = {each.address: each.public_id for each in session.scalars(select(Subscriber))}
    for letter in letters:
        https, mailto = str(letter.message["List-Unsubscribe"]).split(",")
        address = mailto.strip(" <>").removeprefix("mailto:").partition("?")[0]
        assert inbound.open(letter.return_path) == Arrival(readers[letter.recipient])
        assert inbound.open(address).subscriber_id == readers[letter.recipient]
        assert "/u/" in https
    house.database.close()


def test_without_a_mailbox_a_letter_comes_back_to_its_sender(mailing_house: House, relay: Relay) -> None:
    letters = mailed(mailing_house, relay)

    assert {letter.return_path for letter in letters} == {"letters@example.org"}
    assert all("mailto" not in letter.message["List-Unsubscribe"] for letter in letters)


@pytest.fixture
def keys(mailing_house: House) -> Sequence[DkimKey]:
    keys = [new_key("example.org", "n1", KeyKind.RSA), new_key("example.org", "e1", KeyKind.ED25519)]
    for key in keys:
        write_key(mailing_house.settings.dkim_folder, key)
    return keys


def test_letters_are_signed_by_all_keys_of_their_senders_domain(
    mailing_house: House, relay: Relay, keys: Sequence[DkimKey]
) -> None:
    letters = mailed(mailing_house, relay)

    assert len(letters) == 3
    assert all(verdicts(letter.raw, keys) == [True, True] for letter in letters)


def test_single_mails_are_signed_too(mailing_house: House, relay: Relay, keys: Sequence[DkimKey]) -> None:
    mailed(mailing_house, relay)
    sender = mailing_house.sender()
    sender.send_notices(lambda: False)
    sender.close()

    assert relay.alerts
    assert all(verdicts(letter.raw, keys) == [True, True] for letter in relay.alerts)


def test_keys_of_other_domains_sign_nothing(mailing_house: House, relay: Relay) -> None:
    write_key(mailing_house.settings.dkim_folder, new_key("example.net", "n1", KeyKind.RSA))

    letters = mailed(mailing_house, relay)

    assert all(letter.message["DKIM-Signature"] is None for letter in letters)


def test_a_key_of_the_domain_above_signs_too(mailing_house: House, relay: Relay) -> None:
    key = new_key("example.org", "n1", KeyKind.RSA)
    write_key(mailing_house.settings.dkim_folder, key)

    assert mailing_house.signers.of("letters@news.example.org") is not None
    assert mailing_house.signers.of("letters@notexample.org") is None


def test_a_folder_of_keys_that_is_not_there_is_told(mailing_house: House, tmp_path: Path) -> None:
    house = with_settings(mailing_house, dkim_keys=tmp_path / "typo")

    with pytest.raises(BadSetting, match=r"NEWSLETTER_DKIM_KEYS names .* no such folder"):
        house.sender()
    house.database.close()


def test_a_campaign_keeps_the_sender_it_was_frozen_with(
    mailing_house: House, relay: Relay, keys: Sequence[DkimKey]
) -> None:
    campaign = make_campaign(mailing_house, readers=2)
    freeze_audience(mailing_house.database, mailing_house.bell, campaign.id, 10)
    with mailing_house.database.writing() as session:
        session.execute(update(Publication).values(sender_address="other@example.com"))

    sender = mailing_house.sender()
    sender.send_due("a worker", lambda: False, lambda: None)
    sender.close()

    for letter in relay.accepted:
        assert letter.return_path == "letters@example.org"
        assert "letters@example.org" in letter.message["From"]
        assert verdicts(letter.raw, keys) == [True, True]
