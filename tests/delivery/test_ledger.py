"""The ledger: intents, outcomes, and how rows and counters follow."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.delivery.entries import Entry, Intent, Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.posting import read_in_flight
from newsletter.delivery.relays import ensure_relay
from newsletter.domain.outcomes import Outcome, Reply
from newsletter.domain.relays import parse_relay_url
from newsletter.domain.states import DeliveryState
from newsletter.models import Campaign, Publication
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    NEVER,
    UNCERTAIN,
    UNTOUCHED,
    batch_now,
    deferred,
    frozen,
    intend,
    row_now,
    say,
    taken,
    wish,
)
from tests.support.ledgers import (
    assert_counts_add_up,
    batches_of,
    deliveries_of,
    states,
)

D = DeliveryState


def named(value: object) -> str:
    return value.verdict.value if isinstance(value, Outcome) else getattr(value, "word", str(value))


def test_the_intent_is_durable_before_the_gate_opens(house: House, campaign: Campaign, ledger) -> None:
    holding = taken(ledger)

    recipient = intend(ledger, holding)

    batch = batch_now(house, holding)
    assert list(read_in_flight(batch.in_flight)) == [recipient.subscriber_id]
    assert batch.sending == 1
    assert set(holding.in_flight) == {recipient.subscriber_id}
    assert_counts_add_up(house, campaign.id)


def test_an_intent_leaves_the_row_as_it_was(house: House, campaign: Campaign, ledger) -> None:
    holding = taken(ledger)

    row = row_now(house, holding, intend(ledger, holding))

    assert (row.state, row.attempt, row.changed_at) == (D.PLANNED, 0, None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (ACCEPTED, D.ACCEPTED),
        (LATER, D.DEFERRED),
        (NEVER, D.FAILED),
        (UNTOUCHED, D.PLANNED),
        (UNCERTAIN, D.UNCERTAIN),
    ],
    ids=named,
)
def test_an_outcome_moves_its_delivery_and_ends_its_intent(
    house: House, campaign: Campaign, ledger: Ledger, outcome: Outcome, state: DeliveryState
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)

    say(ledger, holding, recipient, outcome)

    assert row_now(house, holding, recipient).state is state
    assert states(house, campaign.id)[D.PLANNED] == (3 if state is D.PLANNED else 2)
    assert (batch_now(house, holding).in_flight, holding.in_flight) == ("", {})
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize(
    ("outcome", "state"), [(LATER, D.DEFERRED), (NEVER, D.FAILED)], ids=["for now", "for good"]
)
def test_a_refusal_before_the_body_needs_no_intent(
    house: House, campaign: Campaign, ledger: Ledger, outcome: Outcome, state: DeliveryState
) -> None:
    holding = taken(ledger)

    say(ledger, holding, holding.recipients[1], outcome)

    row = row_now(house, holding, holding.recipients[1])
    assert (row.state, row.attempt, row.refusals) == (state, 1, 1)
    assert states(house, campaign.id) == {state: 1, D.PLANNED: 2}
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize(
    ("outcome", "state", "refusals"),
    [
        (ACCEPTED, D.ACCEPTED, 1),
        (LATER, D.DEFERRED, 2),
        (NEVER, D.FAILED, 2),
        (UNCERTAIN, D.UNCERTAIN, 1),
    ],
    ids=named,
)
def test_a_letter_that_was_deferred_moves_on(
    house: House, campaign: Campaign, ledger: Ledger, outcome: Outcome, state: DeliveryState, refusals: int
) -> None:
    holding = deferred(house, ledger)
    assert batch_now(house, holding).deferred == 3

    say(ledger, holding, holding.recipients[0], outcome)

    row = row_now(house, holding, holding.recipients[0])
    assert (row.state, row.attempt, row.refusals) == (state, 2, refusals)
    assert batch_now(house, holding).deferred == (3 if state is D.DEFERRED else 2)
    assert_counts_add_up(house, campaign.id)


def test_a_deferred_letter_that_is_under_way_is_counted_once(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = deferred(house, ledger)

    recipient = intend(ledger, holding)

    assert row_now(house, holding, recipient).state is D.DEFERRED
    assert_counts_add_up(house, campaign.id)


def test_the_reply_is_kept_word_for_word(house: House, campaign: Campaign) -> None:
    relay_id = a_relay(house, campaign)
    before = datetime.now(UTC) - timedelta(minutes=1)
    with closing(house.ledger()) as ledger:
        holding = taken(ledger)
        recipient = intend(ledger, holding)

        ledger.post([Entry(Result(holding, recipient, NEVER, relay_id))])

    row = row_now(house, holding, recipient)
    assert (row.code, row.detail, row.refusals) == (550, "550 5.1.1 no such user", 1)
    assert (row.relay_id, row.next_at, row.attempt) == (relay_id, None, 1)
    assert row.changed_at is not None
    assert row.changed_at > before


def a_relay(house: House, campaign: Campaign) -> int:
    with house.database.writing() as session:
        publication = session.get_one(Publication, campaign.publication_id)
        return ensure_relay(session, publication, parse_relay_url("smtp://localhost:25"), house.now())


@pytest.mark.parametrize("text", ["", '{"}', "a\\b, NULL", "ähm – 日本", "it's 100% $1"], ids=ascii)
def test_a_reply_may_say_anything(house: House, campaign: Campaign, ledger: Ledger, text: str) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)

    say(ledger, holding, recipient, NEVER._replace(reply=Reply(550, "5.1.1", text)))

    assert row_now(house, holding, recipient).detail == f"550 5.1.1 {text}".strip()


def test_an_outcome_without_a_reply_has_no_code(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)

    say(ledger, holding, recipient, UNCERTAIN)

    row = row_now(house, holding, recipient)
    assert row.code is None
    assert row.detail == "the relay took the letter and never answered"
    assert row.next_at is not None


def test_an_outcome_of_a_body_that_never_began_leaves_the_row_as_it_was(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = deferred(house, ledger)
    before = row_now(house, holding, holding.recipients[0])

    say(ledger, holding, intend(ledger, holding), UNTOUCHED)

    after = row_now(house, holding, holding.recipients[0])
    kept = ("state", "attempt", "refusals", "code", "detail", "next_at", "changed_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert intend(ledger, holding) is holding.recipients[0]


def test_a_result_and_the_next_intent_are_one_entry(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)
    first = intend(ledger, holding, 0)

    assert ledger.post([wish(holding, 1, after=Result(holding, first, ACCEPTED))]) == [Passage.OPEN]

    assert row_now(house, holding, first).state is D.ACCEPTED
    assert set(holding.in_flight) == {holding.recipients[1].subscriber_id}
    assert_counts_add_up(house, campaign.id)


def test_several_connections_share_a_batch(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)

    assert ledger.post([wish(holding, index) for index in range(3)]) == [Passage.OPEN] * 3
    say(ledger, holding, holding.recipients[1], ACCEPTED)

    others = [holding.recipients[index].subscriber_id for index in (0, 2)]
    assert list(read_in_flight(batch_now(house, holding).in_flight)) == others
    assert_counts_add_up(house, campaign.id)


def test_one_post_may_speak_of_several_batches_and_campaigns(house: House, ledger: Ledger) -> None:
    campaigns = [frozen(house, batch_size=2), frozen(house, batch_size=2)]
    holdings = [taken(ledger) for _ in range(4)]
    for holding in holdings:
        intend(ledger, holding)

    answers = ledger.post(
        [
            Entry(Result(holding, holding.recipients[0], outcome))
            for holding, outcome in zip(reversed(holdings), (ACCEPTED, LATER, NEVER, UNCERTAIN), strict=True)
        ]
        + [wish(holding, 1) for holding in holdings if len(holding.recipients) > 1]
        + [Entry(renews=holdings[0])]
    )

    assert answers == [Passage.NOTED] * 4 + [Passage.OPEN] * 2 + [Passage.NOTED]
    assert {holding.lease.campaign_id for holding in holdings} == {each.id for each in campaigns}
    found = states(house, campaigns[0].id) + states(house, campaigns[1].id)
    assert found == {D.PLANNED: 2, D.ACCEPTED: 1, D.DEFERRED: 1, D.FAILED: 1, D.UNCERTAIN: 1}
    for campaign in campaigns:
        assert sum(batch.sending for batch in batches_of(house, campaign.id)) == 1
        assert_counts_add_up(house, campaign.id)


def test_a_post_may_be_repeated_word_for_word(house: House, campaign: Campaign, ledger: Ledger) -> None:
    """The answer to a commit may be lost."""
    holding = deferred(house, ledger)
    for index in (0, 1):
        intend(ledger, holding, index)
    entries = [
        wish(holding, 2, after=Result(holding, holding.recipients[0], LATER)),
        Entry(Result(holding, holding.recipients[1], ACCEPTED)),
    ]

    answers = [ledger.post(entries), ledger.post(entries), ledger.post(entries)]

    assert answers == [[Passage.OPEN, Passage.NOTED]] * 3
    assert [(row.state, row.attempt, row.refusals) for row in deliveries_of(house, campaign.id)] == [
        (D.DEFERRED, 2, 2),
        (D.ACCEPTED, 2, 1),
        (D.DEFERRED, 1, 1),
    ]
    assert set(holding.in_flight) == {holding.recipients[2].subscriber_id}
    assert_counts_add_up(house, campaign.id)


def test_a_temporary_refusal_becomes_final_when_the_campaign_is_too_old(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).audience_frozen_at = house.now() - timedelta(days=400)
    holding = taken(ledger)
    recipient = intend(ledger, holding)

    say(ledger, holding, recipient, LATER)

    row = row_now(house, holding, recipient)
    assert (row.state, row.next_at) == (D.FAILED, None)
    assert (row.detail or "").startswith("gave up: 451 4.7.1")
    assert_counts_add_up(house, campaign.id)


def test_nothing_to_say_changes_nothing(house: House, campaign: Campaign, ledger: Ledger) -> None:
    assert ledger.post([]) == []
    holding = taken(ledger)

    assert ledger.post([Entry(), Entry(intent=Intent(holding, holding.recipients[0]))]) == [
        Passage.NOTED,
        Passage.OPEN,
    ]
