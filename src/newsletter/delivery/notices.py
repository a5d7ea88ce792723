"""Single mails to single people: claimed one by one, sent at once, tried again when refused for now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from newsletter.database import Database, clock, rows_changed
from newsletter.delivery.notice_facts import Facts, facts_of
from newsletter.delivery.notice_letters import NoticePress
from newsletter.delivery.relays import all_relays_rest
from newsletter.domain.errors import BadSetting
from newsletter.domain.links import Links
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.domain.settlement import MAX_RESENDS, Age, Rules, settle
from newsletter.domain.states import FINAL_DELIVERY_STATES, DeliveryState
from newsletter.mail.envelope import Envelope
from newsletter.models import Notice, Publication

_log = structlog.get_logger(__name__)


def is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What makes a notice due; one that nobody ever answered for is not tried without end."""
    return (
        Notice.state.in_((DeliveryState.PLANNED, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN)),
        Notice.next_at <= now,
        Notice.resends < MAX_RESENDS,
    )


def notices_wait(session: Session, now: datetime) -> bool:
    """Whether a notice is due and a relay may be used."""
    if all_relays_rest(session, now):
        return False
    return session.scalar(select(Notice.id).where(*is_due(now)).limit(1)) is not None


@dataclass(frozen=True)
class ClaimedNotice:
    """A notice that is ours to send, and what its letter is made from."""

    notice: Notice
    publication: Publication
    facts: Facts
    claimed_at: datetime

    @property
    def envelope(self) -> Envelope:
        """From the publication to the one person."""
        return Envelope(self.publication.sender_address, self.facts.address)


class NoticeDesk:
    """Takes due notices and writes down what became of them."""

    def __init__(
        self, database: Database, press: NoticePress, links: Links, rules: Rules, claim_for: timedelta
    ) -> None:
        self._database = database
        self._press = press
        self._links = links
        self._rules = rules
        self._claim_for = claim_for

    def claim(self) -> ClaimedNotice | None:
        """Take the notice that waits longest; its intent to send is durable when this returns."""
        with self._database.writing() as session:
            now = clock(session)
            if all_relays_rest(session, now):
                return None
            notice = session.scalar(
                select(Notice)
                .where(*is_due(now))
                .order_by(Notice.next_at, Notice.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            return None if notice is None else self._take(session, notice, now)

    def write(self, claimed: ClaimedNotice) -> bytes | None:
        """The bytes of a claimed notice; None when its template is broken, which puts it off."""
        try:
            return self._press.print(claimed.publication, claimed.notice, claimed.facts, claimed.claimed_at)
        except BadSetting as error:
            _log.error("notice_cannot_be_written", notice=claimed.notice.id, reason=str(error))
            self.settle(claimed, Outcome(Verdict.TEMPORARY, Blame.MESSAGE, Reply(0, "", str(error))))
            return None

    def has_due(self) -> bool:
        """Whether anybody waits."""
        with self._database.reading() as session:
            return notices_wait(session, clock(session))

    def settle(self, claimed: ClaimedNotice, outcome: Outcome) -> None:
        """Write down the outcome of a claim; one that was claimed anew meanwhile is left alone."""
        with self._database.writing() as session:
            notice = session.get_one(Notice, claimed.notice.id, with_for_update=True)
            if notice.attempt != claimed.notice.attempt or notice.state is not DeliveryState.SENDING:
                return
            now = clock(session)
            settlement = settle(outcome, notice.refusals, Age(notice.created_at), now, self._rules)
            notice.state = settlement.state
            notice.next_at = settlement.next_at or now
            notice.refusals += settlement.counts
            notice.code = (outcome.reply.code or None) if outcome.reply else None
            notice.detail = settlement.detail or None
            notice.changed_at = now
            if settlement.state in FINAL_DELIVERY_STATES:
                notice.payload = {}
            _log.info("notice_settled", notice=notice.id, kind=notice.kind, state=settlement.state.word)

    def put_back(self, claimed: ClaimedNotice, wait: float) -> None:
        """Return a claim whose letter never began."""
        with self._database.writing() as session:
            changed = session.execute(
                update(Notice)
                .where(
                    Notice.id == claimed.notice.id,
                    Notice.attempt == claimed.notice.attempt,
                    Notice.state == DeliveryState.SENDING,
                )
                .values(state=DeliveryState.PLANNED, next_at=clock(session) + timedelta(seconds=wait))
            )
            if not rows_changed(changed):
                _log.warning("notice_was_taken", notice=claimed.notice.id)

    def _take(self, session: Session, notice: Notice, now: datetime) -> ClaimedNotice | None:
        facts = facts_of(session, self._links, notice, now)
        if facts is None:
            notice.state = DeliveryState.SKIPPED
            notice.detail = "its reason is gone"
            notice.changed_at = now
            return None
        if notice.state is DeliveryState.UNCERTAIN:
            notice.resends += 1
        notice.state = DeliveryState.SENDING
        notice.attempt += 1
        notice.next_at = now + self._claim_for
        notice.changed_at = now
        return ClaimedNotice(notice, session.get_one(Publication, notice.publication_id), facts, now)
