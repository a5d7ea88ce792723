"""Letters in doubt: their bodies left and no answer came. Who they are, and settling them by hand.

A person decides where the policy does not, and may decide sooner: no number of resends binds a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, func, literal, select, update
from sqlalchemy.orm import Session

from newsletter.database import clock, rows_changed
from newsletter.delivery.moves import reopen_or_finish
from newsletter.delivery.posting import COUNTED
from newsletter.domain.errors import Conflict, NotFound
from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy
from newsletter.jobs import Bell, Job
from newsletter.models import Batch, Campaign, Delivery, Subscriber

_BY_HAND = "settled by hand: "


@dataclass(frozen=True)
class Doubt:
    """One letter in doubt. Without `due_at` it waits for a person."""

    public_id: str
    address: str
    attempt: int
    since: datetime | None
    detail: str
    due_at: datetime | None


@dataclass(frozen=True)
class Scope:
    """What a person decides about: all letters of a campaign that are in doubt, or one reader's."""

    campaign_id: int
    subscriber_id: int | None = None


def find_letter(session: Session, campaign_id: int, public_id: str) -> Delivery:
    """A campaign's letter to the subscriber with this id. Raises NotFound."""
    letter = session.scalar(
        select(Delivery)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.campaign_id == campaign_id, Subscriber.public_id == public_id)
    )
    if letter is None:
        raise NotFound(f"This campaign has no letter to a subscriber {public_id}.")
    return letter


def letters_in_doubt(session: Session, campaign: Campaign, limit: int | None) -> Sequence[Doubt]:
    """A campaign's letters in doubt, in the order of its ledger."""
    rows = session.execute(
        select(Delivery, Subscriber.public_id, Subscriber.address)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        # Only the slices that count one are read: the state itself has no index.
        .join(Batch, (Batch.campaign_id == Delivery.campaign_id) & _covers(Delivery.subscriber_id))
        .where(*_in_doubt(Scope(campaign.id)), Batch.uncertain > 0)
        .order_by(Delivery.subscriber_id)
        .limit(limit)
    )
    return [
        Doubt(
            public_id,
            address or "",
            letter.attempt,
            letter.changed_at,
            letter.detail or "",
            letter.next_at if _goes_out_by_itself(campaign, letter) else None,
        )
        for letter, public_id, address in rows
    ]


def count_in_doubt(session: Session, scope: Scope) -> int:
    """How many letters there are to decide about."""
    return session.scalar(select(func.count()).select_from(Delivery).where(*_in_doubt(scope))) or 0


def settle_by_hand(session: Session, scope: Scope, end: DeliveryState) -> int:
    """Settle letters in doubt as accepted or failed, and say how many; the second time it is none."""
    assert end in (DeliveryState.ACCEPTED, DeliveryState.FAILED)
    detail = literal(_BY_HAND) + func.coalesce(Delivery.detail, end.word)
    settled = 0
    for batch in _batches_in_doubt(session, scope):
        moved = _leave_doubt(session, scope, batch, {"state": end, "detail": detail})
        setattr(batch, COUNTED[end], getattr(batch, COUNTED[end]) + moved)
        settled += moved
        _let_go(session, batch)
    return settled


def send_again(session: Session, bell: Bell, scope: Scope) -> int:
    """Plan letters in doubt anew, ring the bell, and say how many; the second time it is none.

    Raises Conflict when the campaign was cancelled.
    """
    planned = 0
    for batch in _batches_in_doubt(session, scope):
        values = {"state": DeliveryState.PLANNED, "resends": Delivery.resends + 1}
        moved = _leave_doubt(session, scope, batch, values)
        batch.resends += moved
        planned += moved
        _let_go(session, batch)
    if planned:
        _set_going(session, bell, scope.campaign_id)
    return planned


def _batches_in_doubt(session: Session, scope: Scope) -> Iterator[Batch]:
    """The batches that hold such letters, each locked; in the order of ids, as all transactions lock.

    Looked for one by one: a batch that was divided while we waited for its lock has its other half
    further on.
    """
    last = 0
    while True:
        found = select(func.min(Batch.id)).where(
            Batch.campaign_id == scope.campaign_id, Batch.id > last, Batch.uncertain > 0
        )
        if scope.subscriber_id is not None:
            found = found.where(_covers(literal(scope.subscriber_id)))
        batch_id = session.scalar(found)
        if batch_id is None:
            return
        yield session.get_one(Batch, batch_id, with_for_update=True)
        last = batch_id


def _leave_doubt(session: Session, scope: Scope, batch: Batch, values: dict[str, object]) -> int:
    """One conditional update of a locked batch's letters; how many were still in doubt."""
    changed = session.execute(
        update(Delivery)
        .where(*_in_doubt(scope), Delivery.subscriber_id.between(batch.low, batch.high))
        .values(next_at=None, changed_at=clock(session), **values)
        .execution_options(synchronize_session=False)
    )
    moved = rows_changed(changed)
    batch.uncertain -= moved
    return moved


def _let_go(session: Session, batch: Batch) -> None:
    """What is planned is due now. Whoever holds a leased batch does not see it, and gives it back ready."""
    if batch.state is not BatchState.LEASED:
        reopen_or_finish(session, batch, clock(session))
    session.flush()


def _set_going(session: Session, bell: Bell, campaign_id: int) -> None:
    campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
    if campaign.state is CampaignState.CANCELLED:
        raise Conflict(
            "The campaign was cancelled, so nothing is sent again. Settle its letters as accepted or failed."
        )
    if campaign.state is CampaignState.FINISHED:
        campaign.state, campaign.finished_at = CampaignState.SENDING, None
    if campaign.state is CampaignState.SENDING:
        bell.ring_after_commit(session, Job.SEND)


def _in_doubt(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    found = (Delivery.campaign_id == scope.campaign_id, Delivery.state == DeliveryState.UNCERTAIN)
    if scope.subscriber_id is None:
        return found
    return (*found, Delivery.subscriber_id == scope.subscriber_id)


def _covers(subscriber_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    return (Batch.low <= subscriber_id) & (Batch.high >= subscriber_id)


def _goes_out_by_itself(campaign: Campaign, letter: Delivery) -> bool:
    return (
        campaign.uncertain_policy is UncertainPolicy.RESEND
        and campaign.state is not CampaignState.CANCELLED
        and letter.resends < MAX_RESENDS
    )
