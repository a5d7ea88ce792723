"""What follows for readers from letters that failed: filed once each, in the sweep, batch by batch.

Only what is the recipient's own doing has consequences: a mailbox that does not exist is suppressed, and
one that took nothing for several campaigns and some time is as well. Blocks never are.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from newsletter.audience.suppression import Hasher, SuppressionReason, Why, suppress_bounced
from newsletter.database import Database, clock, insert_if_absent
from newsletter.delivery.due import in_range
from newsletter.domain.bounces import PastLetter, is_unreachable
from newsletter.domain.outcomes import Meaning
from newsletter.domain.states import DeliveryState
from newsletter.models import Batch, Bounce, Campaign, Delivery, Subscriber

_log = structlog.get_logger(__name__)

_LOOKED_BACK = 12


def file_bounces(database: Database, hasher: Hasher) -> int:
    """File what failed since the last time, and draw the consequences. Returns how many letters."""
    with database.reading() as session:
        batch_ids = session.scalars(
            select(Batch.id).where(Batch.failed != Batch.filed).order_by(Batch.id)
        ).all()
    filed = 0
    for batch_id in batch_ids:
        with database.writing() as session:
            filed += _file_batch(session, hasher, session.get_one(Batch, batch_id, with_for_update=True))
    return filed


def _file_batch(session: Session, hasher: Hasher, batch: Batch) -> int:
    campaign = session.get_one(Campaign, batch.campaign_id)
    letters = session.scalars(
        select(Delivery)
        .where(
            *in_range(batch),
            Delivery.state == DeliveryState.FAILED,
            Delivery.meaning.is_not(None),
            ~_filed().exists(),
        )
        .order_by(Delivery.subscriber_id)
    ).all()
    now = clock(session)
    for letter in letters:
        insert_if_absent(
            session,
            Bounce,
            campaign_id=letter.campaign_id,
            subscriber_id=letter.subscriber_id,
            relay_id=letter.relay_id,
            meaning=letter.meaning,
            code=letter.code,
            detail=letter.detail or "",
            at=letter.changed_at or now,
        )
    gone = [each.subscriber_id for each in letters if each.meaning == Meaning.NO_MAILBOX]
    tired = [each.subscriber_id for each in letters if _took_nothing_for_long(session, campaign, each)]
    for readers, reason in ((gone, SuppressionReason.NO_MAILBOX), (tired, SuppressionReason.UNREACHABLE)):
        if readers:
            _suppress(session, hasher, campaign, readers, reason)
    batch.filed = batch.failed
    return len(letters)


def _suppress(
    session: Session, hasher: Hasher, campaign: Campaign, readers: Sequence[int], reason: SuppressionReason
) -> None:
    rows = session.execute(
        select(Subscriber.id, Subscriber.address_key).where(
            Subscriber.id.in_(readers), Subscriber.address.is_not(None)
        )
    )
    why = Why(reason, f"campaign {campaign.public_id}", clock(session))
    suppress_bounced(session, hasher, campaign.publication_id, {row[0]: row[1] for row in rows}, why)
    _log.info("suppressed", campaign=campaign.id, readers=len(readers), reason=reason)


def _took_nothing_for_long(session: Session, campaign: Campaign, letter: Delivery) -> bool:
    """Whether this reader's mailbox refused several campaigns in a row."""
    if letter.meaning == Meaning.NO_MAILBOX:
        return False
    rows = session.execute(
        select(Delivery.state, Delivery.meaning, Campaign.audience_frozen_at)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(
            Delivery.subscriber_id == letter.subscriber_id,
            Campaign.publication_id == campaign.publication_id,
            Campaign.id <= campaign.id,
        )
        .order_by(Campaign.id.desc())
        .limit(_LOOKED_BACK)
    ).all()
    past = [PastLetter(state, Meaning(meaning) if meaning else None, at) for state, meaning, at in rows if at]
    return is_unreachable(past)


def _filed() -> Select[int]:
    return select(Bounce.id).where(
        Bounce.campaign_id == Delivery.campaign_id, Bounce.subscriber_id == Delivery.subscriber_id
    )
