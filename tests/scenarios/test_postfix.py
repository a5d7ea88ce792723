"""Two thousand letters through a real Postfix, encrypted and signed in."""

from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr

from bench.stage import fill, publish
from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.wiring import House
from tests.conftest import Rings, settings_for
from tests.support.ledgers import assert_counts_add_up, campaign_now, states
from tests.support.postfix import Postfix, postfix_is_here, running_postfix
from tests.support.stack import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not postfix_is_here(), reason="Postfix is not here: run scripts/needs postfix"),
]

READERS = 2_000


def send_all(house: House, campaign_id: int) -> None:
    sender = house.sender()

    def sent() -> bool:
        sender.send_due("a worker", lambda: False, lambda: None)
        return campaign_now(house, campaign_id).state is CampaignState.FINISHED

    wait_for(sent, within=120)
    sender.close()


def assert_everybody_has_one_of_their_own(postfix: Postfix) -> None:
    letters = [
        each for each in postfix.letters() if each.recipient.startswith("reader")
    ]  # its author is told
    expected = {f"reader{number}@example.org" for number in range(1, READERS + 1)}
    assert Counter(letter.recipient for letter in letters) == dict.fromkeys(expected, 1)
    assert {letter.message["To"].addresses[0].addr_spec for letter in letters} == expected
    assert all(letter.message["To"].addresses[0].addr_spec == letter.recipient for letter in letters)
    assert len({letter.message["Message-ID"] for letter in letters}) == READERS


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_reader_has_exactly_one_letter_of_their_own(
    database_url: str, tmp_path: Path, rings: Rings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_postfix(tmp_path) as postfix:
        monkeypatch.setenv("SSL_CERT_FILE", str(postfix.certificate))
        url = SecretStr(postfix.url)
        house = House(settings_for(tmp_path, database_url=database_url, smtp_url=url, connections=4), rings)
        campaign = publish(house, fill(house, READERS, 1))
        freeze_audience(house.database, house.bell, campaign.id, 500)

        send_all(house, campaign.id)

        assert states(house, campaign.id) == {DeliveryState.ACCEPTED: READERS}
        assert_counts_add_up(house, campaign.id)
        wait_for(postfix.queue_is_empty, within=90)
        assert_everybody_has_one_of_their_own(postfix)
        house.database.close()
