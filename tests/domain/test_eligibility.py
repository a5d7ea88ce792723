"""Who may be mailed: the whole table of standings."""

from itertools import product, starmap

import pytest

from newsletter.domain.eligibility import SkipReason, Standing, may_send, reason_to_skip
from newsletter.domain.states import CampaignState, SubscriberState, SubscriptionState

SUBSCRIPTIONS = [*SubscriptionState, None]


def test_one_standing_alone_is_mailed() -> None:
    table = product(SubscriberState, SUBSCRIPTIONS, [False, True], [False, True])
    mailed = [each for each in starmap(Standing, table) if reason_to_skip(each) is None]

    assert mailed == [
        Standing(SubscriberState.ACTIVE, SubscriptionState.CONFIRMED, suppressed=False, paused=False)
    ]


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS, ids=str)
@pytest.mark.parametrize("subscriber", SubscriberState)
def test_suppression_is_the_reason_before_any_other(
    subscriber: SubscriberState, subscription: SubscriptionState | None
) -> None:
    standing = Standing(subscriber, subscription, suppressed=True)

    assert reason_to_skip(standing) is SkipReason.SUPPRESSED


@pytest.mark.parametrize(
    ("subscriber", "subscription"),
    [
        (SubscriberState.PENDING, SubscriptionState.CONFIRMED),
        (SubscriberState.LEFT, SubscriptionState.CONFIRMED),
        (SubscriberState.ERASED, SubscriptionState.CONFIRMED),
        (SubscriberState.ACTIVE, SubscriptionState.PENDING),
        (SubscriberState.ACTIVE, SubscriptionState.ENDED),
        (SubscriberState.ACTIVE, None),
    ],
    ids=["pending person", "left", "erased", "pending section", "ended section", "never in the section"],
)
def test_whoever_does_not_follow_the_section_is_not_mailed(
    subscriber: SubscriberState, subscription: SubscriptionState | None
) -> None:
    standing = Standing(subscriber, subscription, suppressed=False)

    assert reason_to_skip(standing) is SkipReason.LEFT


def test_whoever_wants_a_pause_is_not_mailed() -> None:
    standing = Standing(SubscriberState.ACTIVE, SubscriptionState.CONFIRMED, suppressed=False, paused=True)

    assert reason_to_skip(standing) is SkipReason.PAUSED


@pytest.mark.parametrize("state", CampaignState)
def test_only_a_sending_campaign_lets_bodies_out(state: CampaignState) -> None:
    assert may_send(state) is (state is CampaignState.SENDING)


def test_the_reasons_in_the_database_never_change() -> None:
    assert set(SkipReason) == {"left", "suppressed", "cancelled", "paused"}
