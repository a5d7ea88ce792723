"""Looking at the ledger: what the rows say, and whether the counters agree with them."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import DeliveryState
from newsletter.models import Delivery, Subscriber
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


def assert_counts_add_up(house: House, campaign_id: int) -> None:
    """Every counter is the number of its rows, and together they are the audience."""
    found = states(house, campaign_id)
    with house.database.reading() as session:
        counts = count_deliveries(session, campaign_id)
    assert counts.total == found.total()
    assert counts.as_dict() == {
        "audience": found.total(),
        **{state.word: found[state] for state in DeliveryState},
        "resends": counts.resends,
    }
