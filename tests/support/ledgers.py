"""Looking at the ledger: what the rows say, and whether the counters agree with them."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.due import in_range
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


class _Row(NamedTuple):
    subscriber_id: int
    state: DeliveryState
    resends: int


def assert_counts_add_up(house: House, campaign_id: int) -> None:
    """Every counter is the number of its rows, and together they are the audience.

    Batch by batch: a million rows are too many for one look.
    """
    resends = 0
    for batch in batches_of(house, campaign_id):
        rows = _rows_of(house, batch)
        _assert_batch_agrees(batch, rows)
        resends += sum(row.resends for row in rows)
    with house.database.reading() as session:
        counts = count_deliveries(session, campaign_id)
        all_rows = select(func.count()).where(Delivery.campaign_id == campaign_id)
        total = session.scalar(all_rows)
    numbers = counts.as_dict()
    assert counts.total == total
    assert counts.resends == resends
    assert all(number >= 0 for number in numbers.values()), numbers
    assert sum(numbers[state.word] for state in DeliveryState) == total


def _rows_of(house: House, batch: Batch) -> Sequence[_Row]:
    columns = (Delivery.subscriber_id, Delivery.state, Delivery.resends)
    with house.database.reading() as session:
        return [_Row(*row) for row in session.execute(select(*columns).where(*in_range(batch)))]


def _assert_batch_agrees(batch: Batch, rows: Sequence[_Row]) -> None:
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
