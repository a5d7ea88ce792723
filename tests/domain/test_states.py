"""Which moves there are, one by one, and that there are no others."""

from enum import StrEnum
from itertools import product

import pytest

from newsletter.domain.states import (
    CAMPAIGN_MOVES,
    CAMPAIGN_OVER,
    DELIVERY_MOVES,
    DELIVERY_MOVES_BY_HAND,
    FINAL_DELIVERY_STATES,
    BatchState,
    CampaignState,
    ConsentKind,
    DeliveryState,
    PostAccess,
    PostState,
    SubscriberState,
    SubscriptionState,
    UncertainPolicy,
    sources_of,
)

D = DeliveryState
C = CampaignState

DELIVERY_ALLOWED = [
    (D.PLANNED, D.SENDING),
    (D.PLANNED, D.DEFERRED),
    (D.PLANNED, D.FAILED),
    (D.PLANNED, D.SKIPPED),
    (D.SENDING, D.PLANNED),
    (D.SENDING, D.ACCEPTED),
    (D.SENDING, D.DEFERRED),
    (D.SENDING, D.FAILED),
    (D.SENDING, D.UNCERTAIN),
    (D.DEFERRED, D.SENDING),
    (D.DEFERRED, D.DEFERRED),
    (D.DEFERRED, D.FAILED),
    (D.DEFERRED, D.SKIPPED),
    (D.UNCERTAIN, D.PLANNED),
    (D.UNCERTAIN, D.ACCEPTED),
    (D.UNCERTAIN, D.DEFERRED),
    (D.UNCERTAIN, D.FAILED),
    (D.UNCERTAIN, D.SKIPPED),
]
DELIVERY_OTHERS = [move for move in product(D, D) if move not in DELIVERY_ALLOWED]

CAMPAIGN_ALLOWED = [
    (C.FINISHED, C.SENDING),
    (C.FINISHED, C.FREEZING),
    (C.SENDING, C.FREEZING),
    (C.CANCELLED, C.PAUSED),
    (C.FREEZING, C.SENDING),
    (C.FREEZING, C.CANCELLED),
    (C.SENDING, C.PAUSED),
    (C.SENDING, C.CANCELLED),
    (C.SENDING, C.FINISHED),
    (C.PAUSED, C.SENDING),
    (C.PAUSED, C.CANCELLED),
]
CAMPAIGN_OTHERS = [move for move in product(C, C) if move not in CAMPAIGN_ALLOWED]


def named(state: object) -> str:
    return state.name if isinstance(state, DeliveryState | CampaignState) else str(state)


@pytest.mark.parametrize(("source", "target"), DELIVERY_ALLOWED, ids=named)
def test_a_delivery_may_move(source: DeliveryState, target: DeliveryState) -> None:
    assert target in DELIVERY_MOVES[source]


@pytest.mark.parametrize(("source", "target"), DELIVERY_OTHERS, ids=named)
def test_a_delivery_never_moves_otherwise(source: DeliveryState, target: DeliveryState) -> None:
    assert target not in DELIVERY_MOVES[source]


@pytest.mark.parametrize(("source", "target"), CAMPAIGN_ALLOWED, ids=named)
def test_a_campaign_may_move(source: CampaignState, target: CampaignState) -> None:
    assert target in CAMPAIGN_MOVES[source]


@pytest.mark.parametrize(("source", "target"), CAMPAIGN_OTHERS, ids=named)
def test_a_campaign_never_moves_otherwise(source: CampaignState, target: CampaignState) -> None:
    assert target not in CAMPAIGN_MOVES[source]


def test_accepted_failed_and_skipped_are_the_end() -> None:
    assert {D.ACCEPTED, D.FAILED, D.SKIPPED} == FINAL_DELIVERY_STATES


def test_a_campaign_ends_finished_or_cancelled() -> None:
    assert {C.FINISHED, C.CANCELLED} == CAMPAIGN_OVER
    assert CAMPAIGN_MOVES[C.CANCELLED] == {C.PAUSED}, "by a person, who lets it go on after all"


def test_only_a_person_plans_again_what_had_come_to_an_end() -> None:
    assert {D.FAILED: {D.PLANNED}, D.SKIPPED: {D.PLANNED}} == DELIVERY_MOVES_BY_HAND


@pytest.mark.parametrize(
    ("target", "sources"),
    [
        (D.PLANNED, {D.SENDING, D.UNCERTAIN}),
        (D.SENDING, {D.PLANNED, D.DEFERRED}),
        (D.ACCEPTED, {D.SENDING, D.UNCERTAIN}),
        (D.DEFERRED, {D.PLANNED, D.SENDING, D.DEFERRED, D.UNCERTAIN}),
        (D.FAILED, {D.PLANNED, D.SENDING, D.DEFERRED, D.UNCERTAIN}),
        (D.SKIPPED, {D.PLANNED, D.DEFERRED, D.UNCERTAIN}),
        (D.UNCERTAIN, {D.SENDING}),
    ],
    ids=named,
)
def test_the_sources_of_a_state_are_those_that_may_move_there(
    target: DeliveryState, sources: set[DeliveryState]
) -> None:
    assert sources_of(target) == sources


def test_the_numbers_in_the_database_never_change() -> None:
    assert {state.name: state.value for state in D} == {
        "PLANNED": 0,
        "SENDING": 1,
        "ACCEPTED": 2,
        "DEFERRED": 3,
        "FAILED": 4,
        "SKIPPED": 5,
        "UNCERTAIN": 6,
    }


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (SubscriberState, "pending active left erased"),
        (SubscriptionState, "pending confirmed ended"),
        (ConsentKind, "asked confirmed changed withdrawn"),
        (PostState, "draft published"),
        (PostAccess, "public subscribers unlisted email_only"),
        (CampaignState, "freezing sending paused cancelled finished"),
        (BatchState, "ready leased done"),
        (UncertainPolicy, "resend hold"),
    ],
)
def test_the_words_in_the_database_never_change(states: type[StrEnum], words: str) -> None:
    assert " ".join(states) == words


def test_a_delivery_state_has_a_word_for_people() -> None:
    words = " ".join(state.word for state in D)

    assert words == "planned sending accepted deferred failed skipped uncertain"
