"""Stopping a campaign that goes out, and letting it go on."""

from newsletter.delivery.entries import Passage
from newsletter.domain.states import CampaignState
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.delivery.worker import frozen, taken, wish
from tests.support.ledgers import campaign_now


def test_a_campaign_is_paused_and_goes_on_by_command(on_database: Run, house: House) -> None:
    campaign = frozen(house)
    pause, resume = (("campaign", verb, campaign.public_id) for verb in ("pause", "resume"))

    assert on_database(*pause).output == "It is paused.\n"
    assert campaign_now(house, campaign.id).state is CampaignState.PAUSED
    assert campaign_now(house, campaign.id).trouble == "Paused by a person."
    assert on_database(*pause).output == "It is not going out; nothing was changed.\n"

    assert on_database(*resume).output == "It goes on.\n"
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING
    assert campaign_now(house, campaign.id).trouble == ""


def test_no_body_passes_the_gate_of_a_campaign_that_was_paused_by_command(
    on_database: Run, house: House
) -> None:
    campaign, ledger = frozen(house), house.ledger()
    holding = taken(ledger)

    on_database("campaign", "pause", campaign.public_id)

    assert ledger.post([wish(holding, 0)]) == [Passage.STOP]
    ledger.close()
