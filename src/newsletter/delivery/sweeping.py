"""The sweeper: finds work that nobody was woken for. It needs neither Redis nor a scheduler."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.audience.forgetting import Forgetter
from newsletter.audience.suppression import Hasher
from newsletter.database import Database, clock, insert_if_absent
from newsletter.delivery.black_box import Boxes
from newsletter.delivery.bounces import file_bounces
from newsletter.delivery.brakes import look_at_campaigns
from newsletter.delivery.control import skip_cancelled
from newsletter.delivery.freezing import campaigns_to_freeze
from newsletter.delivery.heralds import Herald
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.notices import notices_wait
from newsletter.delivery.receivers import LookUp, look_up_domains
from newsletter.delivery.recovery import recover_batches, recover_notices
from newsletter.delivery.relays import all_relays_rest
from newsletter.delivery.webhook_calls import Call, make_webhook_calls
from newsletter.domain.states import BatchState, CampaignState
from newsletter.jobs import Bell, Job, Ring
from newsletter.models import Batch, Campaign, Worker

_log = structlog.get_logger(__name__)

_FORGET_WORKERS_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Sweep:
    """One look at everything that may have been left lying."""

    database: Database
    bell: Bell
    worker: str
    uncertain_grace: timedelta
    hasher: Hasher
    herald: Herald
    look_up: LookUp
    forgetter: Forgetter
    boxes: Boxes
    webhook: Call | None = None

    def run(self) -> Sequence[Ring]:
        """Recover what crashed, finish what is done, ring for what is due. Returns the rings nobody heard."""
        self._sign_of_life()
        remains = self.boxes.of_the_dead()
        recovered = recover_batches(self.database, self.uncertain_grace, remains)
        self.boxes.forget(remains)
        if recovered:
            _log.warning("batches_recovered", batches=recovered)
        recover_notices(self.database)
        skip_cancelled(self.database)
        file_bounces(self.database, self.hasher)
        look_at_campaigns(self.database, self.herald)
        with self.database.writing() as session:
            finish_campaigns(session, self.herald)
        look_up_domains(self.database, self.look_up)
        forgotten = self.forgetter.look(self.database)
        if forgotten:
            _log.info("unconfirmed_forgotten", subscribers=forgotten)
        if self.webhook is not None:
            make_webhook_calls(self.database, self.webhook)
        return [(job, ids) for job, ids in self._due() if not self.bell.ring(job, *ids)]

    def _due(self) -> list[Ring]:
        with self.database.reading() as session:
            now = clock(session)
            rings: list[Ring] = [(Job.FREEZE, (campaign_id,)) for campaign_id in campaigns_to_freeze(session)]
            if _batches_wait(session, now):
                rings.append((Job.SEND, ()))
            if notices_wait(session, now):
                rings.append((Job.NOTICES, ()))
            return rings

    def _sign_of_life(self) -> None:
        with self.database.writing() as session:
            now = clock(session)
            if not insert_if_absent(session, Worker, name=self.worker, started_at=now, seen_at=now):
                session.scalars(select(Worker).where(Worker.name == self.worker)).one().seen_at = now
            session.execute(delete(Worker).where(Worker.seen_at < now - _FORGET_WORKERS_AFTER))


def _batches_wait(session: Session, now: datetime) -> bool:
    if all_relays_rest(session, now):
        return False
    return (
        session.scalar(
            select(Batch.id)
            .join(Campaign, Campaign.id == Batch.campaign_id)
            .where(
                Campaign.state == CampaignState.SENDING,
                Batch.state == BatchState.READY,
                Batch.due_at <= now,
            )
            .limit(1)
        )
        is not None
    )
