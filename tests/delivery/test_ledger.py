"""The ledger and its gate: leases, fences, intents and outcomes."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.audience.subscribing import Words, leave_section
from newsletter.audience.suppression import suppress
from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.ledger import Lease, Ledger, Load, Passage, Recipient, Result
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.recovery import recover_batches
from newsletter.domain.addresses import parse_address
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import (
    BatchState,
    CampaignState,
    DeliveryState,
    UncertainPolicy,
)
from newsletter.models import Batch, Campaign, Delivery, Relay, Section, Subscriber
from newsletter.wiring import House
from tests.support.factories import NOW, make_campaign
from tests.support.ledgers import assert_counts_add_up, states

ACCEPTED = Outcome(Verdict.ACCEPTED, reply=Reply(250, "2.0.0", "taken"))
LATER = Outcome(Verdict.TEMPORARY, Blame.RECIPIENT, Reply(451, "4.7.1", "greylisted"))
NEVER = Outcome(Verdict.PERMANENT, Blame.RECIPIENT, Reply(550, "5.1.1", "no such user"))
UNTOUCHED = Outcome(Verdict.UNTOUCHED, Blame.RELAY)
UNCERTAIN = Outcome(Verdict.UNCERTAIN)


@pytest.fixture
def campaign(house: House) -> Campaign:
    return frozen(house)


def frozen(house: House, policy: UncertainPolicy = UncertainPolicy.RESEND, readers: int = 3) -> Campaign:
    campaign = make_campaign(house, readers=readers, policy=policy)
    freeze_audience(house.database, house.bell, campaign.id, 100)
    return campaign


def leased(house: House, owner: str = "one") -> tuple[Lease, Load]:
    lease = house.ledger.lease(owner)
    assert lease is not None
    return lease, house.ledger.load(lease)


def intend(house: House, lease: Lease, load: Load, index: int = 0) -> Recipient:
    recipient = load.recipients[index]
    assert house.ledger.pass_gate(lease, [], recipient, load.departures) is Passage.OPEN
    return recipient


def result(recipient: Recipient, outcome: Outcome) -> Result:
    return Result(recipient.subscriber_id, recipient.attempt, outcome)


def expire(house: House, lease: Lease) -> None:
    with house.database.writing() as session:
        session.execute(
            update(Batch).where(Batch.id == lease.batch_id).values(lease_until=NOW - timedelta(days=1))
        )


def batch_of(house: House, lease: Lease) -> Batch:
    with house.database.reading() as session:
        return session.get_one(Batch, lease.batch_id)


def test_a_batch_is_leased_to_one_worker_at_a_time(house: House, campaign: Campaign) -> None:
    first = house.ledger.lease("one")
    second = house.ledger.lease("two")

    assert first is not None
    assert second is None
    assert batch_of(house, first).owner == "one"


def test_the_intent_is_durable_before_the_gate_opens(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)

    recipient = intend(house, lease, load)

    with house.database.reading() as session:
        row = session.get_one(Delivery, (campaign.id, recipient.subscriber_id))
    assert (row.state, row.attempt) == (DeliveryState.SENDING, 1)
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (ACCEPTED, DeliveryState.ACCEPTED),
        (LATER, DeliveryState.DEFERRED),
        (NEVER, DeliveryState.FAILED),
        (UNTOUCHED, DeliveryState.PLANNED),
        (UNCERTAIN, DeliveryState.UNCERTAIN),
    ],
    ids=lambda value: value.verdict.value if isinstance(value, Outcome) else value.word,
)
def test_an_outcome_moves_its_delivery(
    house: House, campaign: Campaign, outcome: Outcome, state: DeliveryState
) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)

    house.ledger.give_back(lease, [result(recipient, outcome)])

    assert (
        states(house, campaign.id) == {state: 3}
        if state is DeliveryState.PLANNED
        else {
            state: 1,
            DeliveryState.PLANNED: 2,
        }
    )
    assert_counts_add_up(house, campaign.id)


def test_the_reply_is_kept_word_for_word(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)

    house.ledger.give_back(lease, [result(recipient, NEVER)])

    with house.database.reading() as session:
        row = session.get_one(Delivery, (campaign.id, recipient.subscriber_id))
    assert (row.code, row.detail, row.refusals) == (550, "550 5.1.1 no such user", 1)


def test_an_outcome_said_twice_counts_once(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)

    house.ledger.give_back(lease, [result(recipient, ACCEPTED)])
    house.ledger.give_back(lease, [result(recipient, ACCEPTED)])

    assert states(house, campaign.id)[DeliveryState.ACCEPTED] == 1
    assert_counts_add_up(house, campaign.id)


def test_a_worker_that_lost_its_lease_is_fenced(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    expire(house, lease)

    passage = house.ledger.pass_gate(lease, [], load.recipients[0], load.departures)

    assert passage is Passage.FENCED
    assert states(house, campaign.id) == {DeliveryState.PLANNED: 3}
    assert not house.ledger.renew(lease)


def test_an_expired_lease_goes_to_another_worker_and_what_was_under_way_is_uncertain(
    house: House, campaign: Campaign
) -> None:
    lease, load = leased(house)
    intend(house, lease, load)
    expire(house, lease)

    assert recover_batches(house.database, timedelta(hours=1)) == [lease.batch_id]

    again = house.ledger.lease("two")
    assert again is not None
    assert again.epoch > lease.epoch
    assert states(house, campaign.id) == {DeliveryState.UNCERTAIN: 1, DeliveryState.PLANNED: 2}
    assert_counts_add_up(house, campaign.id)


def test_a_known_reply_counts_even_after_the_lease_is_lost(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)
    expire(house, lease)
    recover_batches(house.database, timedelta(hours=1))
    house.ledger.lease("two")

    passage = house.ledger.pass_gate(
        lease, [result(recipient, ACCEPTED)], load.recipients[1], load.departures
    )

    assert passage is Passage.FENCED
    assert states(house, campaign.id) == {DeliveryState.ACCEPTED: 1, DeliveryState.PLANNED: 2}
    assert_counts_add_up(house, campaign.id)


def test_the_reply_of_an_older_try_says_nothing_of_a_newer_one(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)
    expire(house, lease)
    recover_batches(house.database, timedelta(0))
    again, load_again = leased(house, "two")
    newer = next(each for each in load_again.recipients if each.subscriber_id == recipient.subscriber_id)
    assert house.ledger.pass_gate(again, [], newer, load_again.departures) is Passage.OPEN

    house.ledger.give_back(lease, [result(recipient, NEVER)])

    assert newer.attempt == recipient.attempt + 1
    assert states(house, campaign.id)[DeliveryState.SENDING] == 1
    assert_counts_add_up(house, campaign.id)


def test_in_doubt_under_resend_is_sent_again_and_the_copy_is_recorded(
    house: House, campaign: Campaign
) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)
    house.ledger.give_back(lease, [result(recipient, UNCERTAIN)])

    again, load_again = leased(house, "two")

    assert recipient.subscriber_id in {each.subscriber_id for each in load_again.recipients}
    assert batch_of(house, again).resends == 1
    with house.database.reading() as session:
        assert session.get_one(Delivery, (campaign.id, recipient.subscriber_id)).resends == 1
    assert_counts_add_up(house, campaign.id)


def test_in_doubt_under_hold_stays_and_does_not_keep_the_batch_open(house: House) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    lease, load = leased(house)
    recipient = intend(house, lease, load)

    house.ledger.give_back(lease, [result(recipient, UNCERTAIN)])

    assert batch_of(house, lease).state is BatchState.DONE
    assert states(house, campaign.id) == {DeliveryState.UNCERTAIN: 1}


def test_nobody_is_sent_to_after_leaving(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    leaver = load.recipients[0]
    with house.database.writing() as session:
        subscriber = session.get_one(Subscriber, leaver.subscriber_id)
        leave_section(session, subscriber, session.get_one(Section, lease.section_id), Words("", ""), NOW)

    passage = house.ledger.pass_gate(lease, [], leaver, load.departures)

    assert passage is Passage.SKIP
    with house.database.reading() as session:
        row = session.get_one(Delivery, (campaign.id, leaver.subscriber_id))
    assert (row.state, row.detail) == (DeliveryState.SKIPPED, "left")
    assert_counts_add_up(house, campaign.id)


def test_nobody_is_sent_to_after_suppression(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    with house.database.writing() as session:
        address = parse_address(load.recipients[0].address)
        suppress(session, house.hasher, campaign.publication_id, address, reason="complaint", now=NOW)

    passage = house.ledger.pass_gate(lease, [], load.recipients[0], load.departures)

    assert passage is Passage.SKIP
    assert states(house, campaign.id)[DeliveryState.SKIPPED] == 1


def test_somebody_else_leaving_stops_nobody(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    with house.database.writing() as session:
        subscriber = session.get_one(Subscriber, load.recipients[1].subscriber_id)
        leave_section(session, subscriber, session.get_one(Section, lease.section_id), Words("", ""), NOW)

    assert house.ledger.pass_gate(lease, [], load.recipients[0], load.departures) is Passage.OPEN


def test_who_left_before_the_batch_is_loaded_is_skipped_there(house: House, campaign: Campaign) -> None:
    with house.database.writing() as session:
        subscriber = session.scalars(select(Subscriber).order_by(Subscriber.id)).first()
        assert subscriber is not None
        section = session.get_one(Section, campaign.section_id)
        leave_section(session, subscriber, section, Words("", ""), NOW)

    _lease, load = leased(house)

    assert subscriber.id not in {each.subscriber_id for each in load.recipients}
    assert states(house, campaign.id) == {DeliveryState.SKIPPED: 1, DeliveryState.PLANNED: 2}
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED])
def test_a_stopped_campaign_lets_no_body_out(house: House, campaign: Campaign, state: CampaignState) -> None:
    lease, load = leased(house)
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).state = state

    assert house.ledger.pass_gate(lease, [], load.recipients[0], load.departures) is Passage.STOP
    house.ledger.give_back(lease, [])
    assert house.ledger.lease("two") is None


def test_a_batch_with_something_deferred_waits_for_it(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    results = [
        result(intend(house, lease, load, index), outcome)
        for index, outcome in enumerate((ACCEPTED, LATER, NEVER))
    ]

    house.ledger.give_back(lease, results)

    batch = batch_of(house, lease)
    with house.database.reading() as session:
        due = session.scalars(select(Delivery.next_at).where(Delivery.state == DeliveryState.DEFERRED)).one()
    assert (batch.state, batch.due_at) == (BatchState.READY, due)
    assert house.ledger.lease("two") is None


def test_a_temporary_refusal_becomes_final_when_the_campaign_is_too_old(
    house: House, campaign: Campaign
) -> None:
    lease, load = leased(house)
    recipient = intend(house, lease, load)
    with house.database.writing() as session:
        session.get_one(Campaign, campaign.id).audience_frozen_at = NOW - timedelta(days=400)

    house.ledger.give_back(lease, [result(recipient, LATER)])

    with house.database.reading() as session:
        row = session.get_one(Delivery, (campaign.id, recipient.subscriber_id))
    assert row.state is DeliveryState.FAILED
    assert (row.detail or "").startswith("gave up: 451 4.7.1")


def test_nothing_is_leased_while_the_only_relay_rests(house: House, campaign: Campaign) -> None:
    with house.database.writing() as session:
        session.add(
            Relay(
                publication_id=campaign.publication_id,
                name="default",
                host="localhost",
                port=25,
                security="plain",
                created_at=NOW,
                retry_at=house.now() + timedelta(hours=1),
            )
        )

    assert house.ledger.lease("one") is None


def test_a_lease_is_measured_on_the_database_clock(house: House, campaign: Campaign) -> None:
    brief = Ledger(house.database, timedelta(seconds=-1), house.rules)

    lease = brief.lease("one")

    assert lease is not None
    assert brief.load(lease).recipients == ()


def test_letters_in_doubt_are_not_repeated_without_end(house: House) -> None:
    frozen(house, readers=1)
    for _time in range(MAX_RESENDS + 1):
        lease, load = leased(house)
        house.ledger.give_back(lease, [result(intend(house, lease, load), UNCERTAIN)])

    assert house.ledger.lease("one") is None
    with house.database.reading() as session:
        row = session.scalars(select(Delivery)).one()
    assert (row.state, row.resends) == (DeliveryState.UNCERTAIN, MAX_RESENDS)


@pytest.mark.parametrize("late", [LATER, UNTOUCHED], ids=["refused for now", "never began"])
def test_a_late_refusal_opens_a_batch_that_seemed_done(house: House, late: Outcome) -> None:
    campaign = frozen(house, UncertainPolicy.HOLD, readers=1)
    lease, load = leased(house)
    recipient = intend(house, lease, load)
    expire(house, lease)
    recover_batches(house.database, timedelta(0))
    with house.database.writing() as session:
        finish_campaigns(session)

    house.ledger.give_back(lease, [result(recipient, late)])

    assert batch_of(house, lease).state is BatchState.READY
    with house.database.reading() as session:
        assert session.get_one(Campaign, campaign.id).state is CampaignState.SENDING
    assert_counts_add_up(house, campaign.id)


def test_an_intent_whose_body_never_left_is_planned_again(house: House, campaign: Campaign) -> None:
    lease, load = leased(house)
    intend(house, lease, load)

    house.ledger.give_back(lease, [])

    assert states(house, campaign.id) == {DeliveryState.PLANNED: 3}
    assert_counts_add_up(house, campaign.id)
