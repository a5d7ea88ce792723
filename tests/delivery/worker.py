"""What a worker does with the ledger, step by step, and what may happen to it meanwhile."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from newsletter.audience.consents import Words
from newsletter.audience.pausing import pause
from newsletter.audience.subscribing import leave_section
from newsletter.audience.suppression import suppress
from newsletter.database import clock
from newsletter.delivery.entries import Entry, Holding, Intent, Passage, Recipient, Result
from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.recovery import recover_batches
from newsletter.domain.addresses import parse_address
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.domain.states import DeliveryState, UncertainPolicy
from newsletter.models import Batch, Campaign, Delivery, Section, Subscriber
from newsletter.wiring import House
from tests.support.factories import NOW, make_campaign

ACCEPTED = Outcome(Verdict.ACCEPTED, reply=Reply(250, "2.0.0", "taken"))
LATER = Outcome(Verdict.TEMPORARY, Blame.RECIPIENT, Reply(451, "4.7.1", "greylisted"))
NEVER = Outcome(Verdict.PERMANENT, Blame.RECIPIENT, Reply(550, "5.1.1", "no such user"))
UNTOUCHED = Outcome(Verdict.UNTOUCHED, Blame.RELAY)
UNCERTAIN = Outcome(Verdict.UNCERTAIN)

LONG_AGO = NOW - timedelta(days=1)


def frozen(
    house: House,
    policy: UncertainPolicy = UncertainPolicy.RESEND,
    *,
    readers: int = 3,
    batch_size: int = 100,
) -> Campaign:
    """A campaign that may be sent."""
    campaign = make_campaign(house, readers=readers, policy=policy)
    freeze_audience(house.database, house.bell, campaign.id, batch_size)
    return campaign


def taken(ledger: Ledger, owner: str = "one") -> Holding:
    """A batch in a worker's hands, loaded."""
    holding = ledger.lease(owner)
    assert holding is not None
    ledger.load(holding)
    return holding


def wish(holding: Holding, index: int = 0, *, after: Result | None = None) -> Entry:
    """Let the body of one recipient leave."""
    return Entry(after, Intent(holding, holding.recipients[index]))


def intend(ledger: Ledger, holding: Holding, index: int = 0) -> Recipient:
    """The body of one recipient leaves."""
    assert ledger.post([wish(holding, index)]) == [Passage.OPEN]
    return holding.recipients[index]


def say(ledger: Ledger, holding: Holding, recipient: Recipient, outcome: Outcome) -> None:
    """An outcome is made durable by itself."""
    assert ledger.post([Entry(Result(holding, recipient, outcome))]) == [Passage.NOTED]


def batch_now(house: House, holding: Holding) -> Batch:
    with house.database.reading() as session:
        return session.get_one(Batch, holding.lease.batch_id)


def row_now(house: House, holding: Holding, recipient: Recipient) -> Delivery:
    with house.database.reading() as session:
        return session.get_one(Delivery, (holding.lease.campaign_id, recipient.subscriber_id))


def expire(house: House, holding: Holding) -> None:
    """The worker sleeps for longer than its lease."""
    with house.database.writing() as session:
        session.execute(update(Batch).where(Batch.id == holding.lease.batch_id).values(lease_until=LONG_AGO))


def lose(house: House, holding: Holding, grace: timedelta = timedelta(0)) -> None:
    """The worker is taken for dead, and its batch from it."""
    expire(house, holding)
    assert recover_batches(house.database, grace) == [holding.lease.batch_id]


def rest(house: House, who: Recipient) -> None:
    """A reader wants no letters for a while."""
    with house.database.writing() as session:
        now = clock(session)
        reader = session.get_one(Subscriber, who.subscriber_id)
        pause(session, reader, now + timedelta(days=30), Words("Pause", "account page"), now)


def leave(house: House, holding: Holding, recipient: Recipient) -> None:
    """A reader presses the button in an older letter."""
    with house.database.writing() as session:
        subscriber = session.get_one(Subscriber, recipient.subscriber_id)
        section = session.get_one(Section, holding.lease.section_id)
        leave_section(session, subscriber, section, Words("", ""), NOW)


def complain(house: House, recipient: Recipient) -> None:
    """A reader's address is suppressed."""
    with house.database.writing() as session:
        subscriber = session.get_one(Subscriber, recipient.subscriber_id)
        address = parse_address(recipient.address)
        suppress(session, house.hasher, subscriber.publication_id, address, reason="complaint", now=NOW)


def let_time_pass(house: House) -> None:
    """Whatever waits for its time is due."""
    with house.database.writing() as session:
        session.execute(update(Delivery).where(Delivery.next_at.is_not(None)).values(next_at=LONG_AGO))
        session.execute(update(Batch).values(due_at=LONG_AGO))


def put_off(house: House) -> datetime:
    """Whatever waits for its time waits for an hour, and so for longer than the slowest machine."""
    in_an_hour = house.now() + timedelta(hours=1)
    with house.database.writing() as session:
        session.execute(update(Delivery).where(Delivery.next_at.is_not(None)).values(next_at=in_an_hour))
    return in_an_hour


def deferred(house: House, ledger: Ledger) -> Holding:
    """A batch in hands whose letters have all been refused for now once before."""
    first = taken(ledger)
    ledger.post([Entry(Result(first, recipient, LATER)) for recipient in first.recipients])
    ledger.give_back(first)
    let_time_pass(house)
    again = taken(ledger)
    assert {each.state for each in again.recipients} == {DeliveryState.DEFERRED}
    return again


def all_readers(house: House, campaign: Campaign) -> list[int]:
    with house.database.reading() as session:
        return list(
            session.scalars(
                select(Delivery.subscriber_id)
                .where(Delivery.campaign_id == campaign.id)
                .order_by(Delivery.subscriber_id)
            )
        )
