"""A campaign pauses itself when its list or its reputation is at stake.

Senders look at each outcome by themselves; here, in the sweep, all of them are looked at together.
"""

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.audience.suppression import SuppressionReason
from newsletter.database import Database, close_gate
from newsletter.delivery.heralds import Herald
from newsletter.delivery.weather import HARD_SHARE, hard_limit, too_many_gone
from newsletter.domain.outcomes import Meaning
from newsletter.domain.states import CampaignState
from newsletter.models import Batch, Bounce, Campaign, Delivery, Suppression

_log = structlog.get_logger(__name__)

COMPLAINT_SHARE = 0.001
_TOO_FEW_TO_TELL = 3


def look_at_campaigns(database: Database, herald: Herald) -> None:
    """Pause the campaigns that should not go on without a person."""
    with database.reading() as session:
        campaigns = session.scalars(
            select(Campaign).where(Campaign.state == CampaignState.SENDING, ~Campaign.brake_released)
        ).all()
        reasons = {campaign.id: _reason(session, campaign) for campaign in campaigns}
    for campaign_id, reason in reasons.items():
        if reason:
            with database.writing() as session:
                pause_itself(session, herald, campaign_id, reason)


def pause_itself(session: Session, herald: Herald, campaign_id: int, reason: str) -> None:
    """Stop a campaign that is going out, and tell those whom it concerns."""
    close_gate(session)
    campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
    if campaign.state is CampaignState.SENDING:
        campaign.state, campaign.trouble = CampaignState.PAUSED, reason
        herald.campaign_paused(session, campaign)
        _log.error("campaign_paused", campaign=campaign_id, reason=reason)


def _reason(session: Session, campaign: Campaign) -> str:
    accepted, failed = session.execute(
        select(func.coalesce(func.sum(Batch.accepted), 0), func.coalesce(func.sum(Batch.failed), 0)).where(
            Batch.campaign_id == campaign.id
        )
    ).one()
    hard = session.scalar(
        select(func.count()).where(Bounce.campaign_id == campaign.id, Bounce.meaning == Meaning.NO_MAILBOX)
    )
    if hard and hard > max(hard_limit(campaign.total or 0), HARD_SHARE * (accepted + failed)):
        return too_many_gone(hard, accepted + failed)
    complaints = _complaints(session, campaign)
    if complaints >= max(_TOO_FEW_TO_TELL, COMPLAINT_SHARE * accepted):
        return f"{complaints:,} of {accepted:,} readers called it spam. Think of what they were promised."
    return ""


def _complaints(session: Session, campaign: Campaign) -> int:
    """Readers of this campaign who complained since it began."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Suppression)
            .join(Delivery, Delivery.subscriber_id == Suppression.subscriber_id)
            .where(
                Suppression.reason == SuppressionReason.COMPLAINT,
                Suppression.at >= campaign.audience_frozen_at,
                Delivery.campaign_id == campaign.id,
            )
        )
        or 0
    )
