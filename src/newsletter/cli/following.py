"""Following a campaign to its end."""

from collections.abc import Callable
from time import sleep

from newsletter.cli.bars import Bars
from newsletter.delivery.progress import Counts, count_deliveries
from newsletter.domain.states import CAMPAIGN_OVER, CampaignState
from newsletter.models import Campaign
from newsletter.wiring import House


def follow(
    house: House, campaign_id: int, bars: Bars, check: Callable[[], None]
) -> tuple[CampaignState, Counts]:
    """Show a campaign's progress until it is over or paused. `check` may raise to give up."""
    freezing, sending = bars.bar("Fixing the audience"), bars.bar("Sending")
    while True:
        check()
        with house.database.reading() as session:
            campaign = session.get_one(Campaign, campaign_id)
            counts = count_deliveries(session, campaign_id)
        if campaign.total is not None:
            freezing.show(campaign.total, campaign.total)
            sending.show(counts.settled + counts.uncertain, campaign.total)
        if campaign.state is CampaignState.PAUSED or campaign.state in CAMPAIGN_OVER:
            return campaign.state, counts
        sleep(0.1)
