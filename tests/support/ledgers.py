"""Looking at the ledger: what the rows say, and whether the counters agree with them."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.posting import COUNTED, read_in_flight
from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import DeliveryState
from newsletter.models import Batch, Campaign, Delivery, Subscriber
from newsletter.wiring import House


def states(house: House, campaign_id: int) -> Counter[DeliveryState]:
    with house.database.reading() as session:
        return Counter(session.scalars(select(Delivery.state).where(Delivery.campaign_id == campaign_id)))


def state_by_address(session: Session, campaign_id: int) -> dict[str, DeliveryState]:
    rows = session.execute(
        select(Subscriber.address, Delivery.state)
        .join(Delivery, Delivery.subscriber_id == Subscriber.id)
        .where(Delivery.campaign_id == campaign_id)
    )
    return {address or "": state for address, state in rows}


def campaign_now(house: House, campaign_id: int) -> Campaign:
    with house.database.reading() as session:
        return session.get_one(Campaign, campaign_id)


def batches_of(house: House, campaign_id: int) -> Sequence[Batch]:
    with house.database.reading() as session:
        return session.scalars(
            select(Batch).where(Batch.campaign_id == campaign_id).order_by(Batch.low)
        ).all()


def deliveries_of(house: House, campaign_id: int) -> Sequence[Delivery]:
    with house.database.reading() as session:
        return session.scalars(
            select(Delivery).where(Delivery.campaign_id == campaign_id).order_by(Delivery.subscriber_id)
        ).all()


def assert_counts_add_up(house: House, campaign_id: int) -> None:
    """Every counter is the number of its rows, and together they are the audience."""
    rows = deliveries_of(house, campaign_id)
    batches = batches_of(house, campaign_id)
    for batch in batches:
        _assert_batch_agrees(batch, [row for row in rows if batch.low <= row.subscriber_id <= batch.high])
    with house.database.reading() as session:
        counts = count_deliveries(session, campaign_id)
    numbers = counts.as_dict()
    assert counts.total == len(rows)
    assert counts.resends == sum(row.resends for row in rows)
    assert all(number >= 0 for number in numbers.values()), numbers
    assert sum(numbers[state.word] for state in DeliveryState) == len(rows)


def _assert_batch_agrees(batch: Batch, rows: Sequence[Delivery]) -> None:
    found = Counter(row.state for row in rows)
    counted = {name: getattr(batch, name) for name in ("total", "resends", *COUNTED.values())}
    assert counted == {
        "total": len(rows),
        "resends": sum(row.resends for row in rows),
        **{name: found[state] for state, name in COUNTED.items()},
    }
    in_flight = read_in_flight(batch.in_flight)
    assert batch.sending == len(in_flight)
    # A letter that may be under way waits in its own row, and is named in its batch.
    waiting = (DeliveryState.PLANNED, DeliveryState.DEFERRED)
    assert {row.subscriber_id for row in rows if row.state in waiting}.issuperset(in_flight)
