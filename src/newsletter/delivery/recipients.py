"""Who got it: every recipient of a campaign, and what became of their letter."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from newsletter.database import Database
from newsletter.domain.outcomes import Reply, read_reply
from newsletter.domain.states import DeliveryState
from newsletter.models import Delivery, Relay, Subscriber


class RecipientRow(NamedTuple):
    """One recipient. `reply` is what the relay said last; one without a code is a word of ours."""

    subscriber_id: int
    public_id: str
    address: str
    state: DeliveryState
    attempts: int
    resends: int
    relay: str
    reply: Reply
    changed_at: datetime | None
    next_at: datetime | None


def recipients_of(
    database: Database, campaign_id: int, states: Collection[DeliveryState] = (), page: int = 5_000
) -> Iterator[RecipientRow]:
    """All recipients, or those in some states, in the order of their subscription.

    Read page by page, each in a short transaction of its own: a million of them take no more memory than
    a page, and keep nobody waiting.
    """
    after = 0
    while rows := _page(database, campaign_id, states, after, page):
        yield from rows
        after = rows[-1].subscriber_id


def _page(
    database: Database, campaign_id: int, states: Collection[DeliveryState], after: int, limit: int
) -> list[RecipientRow]:
    query = (
        select(
            Delivery.subscriber_id,
            Subscriber.public_id,
            Subscriber.address,
            Delivery.state,
            Delivery.attempt,
            Delivery.resends,
            Relay.name,
            Delivery.code,
            Delivery.detail,
            Delivery.changed_at,
            Delivery.next_at,
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .outerjoin(Relay, Relay.id == Delivery.relay_id)
        .where(Delivery.campaign_id == campaign_id, Delivery.subscriber_id > after)
        .order_by(Delivery.subscriber_id)
        .limit(limit)
    )
    if states:
        query = query.where(Delivery.state.in_(states))
    with database.reading() as session:
        return [
            RecipientRow(
                reader, public_id, address or "", state, tries, resends, relay or "", _reply(code, detail),
                changed, due,
            )
            for reader, public_id, address, state, tries, resends, relay, code, detail, changed, due
            in session.execute(query)
        ]  # fmt: skip


def _reply(code: int | None, detail: str | None) -> Reply:
    """The reply as it was written down: code, enhanced code and text behind each other."""
    return read_reply(code or 0, (detail or "").removeprefix(f"{code} "))
