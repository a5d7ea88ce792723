"""Who may be mailed, and the reason when somebody may not."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.domain.states import CampaignState, SubscriberState, SubscriptionState


class SkipReason(StrEnum):
    """Why a recipient of a frozen audience gets no letter."""

    LEFT = "left"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    PAUSED = "paused"


@dataclass(frozen=True)
class Standing:
    """What is known about one subscriber at the moment of decision."""

    subscriber: SubscriberState
    subscription: SubscriptionState | None
    suppressed: bool
    paused: bool = False


def reason_to_skip(standing: Standing) -> SkipReason | None:
    """Why this subscriber must not be mailed, or None when they may be."""
    if standing.suppressed:
        return SkipReason.SUPPRESSED
    active = standing.subscriber is SubscriberState.ACTIVE
    if not active or standing.subscription is not SubscriptionState.CONFIRMED:
        return SkipReason.LEFT
    return SkipReason.PAUSED if standing.paused else None


def may_send(campaign: CampaignState) -> bool:
    """Whether a campaign in this state lets bodies out."""
    return campaign is CampaignState.SENDING
