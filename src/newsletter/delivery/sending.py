"""Sending: lease a batch, pass the gate, hand over, write down; one letter after another."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import structlog

from newsletter.database import Database, close_gate
from newsletter.delivery.ledger import Lease, Ledger, Passage, Recipient, Result
from newsletter.delivery.notices import NoticeDesk
from newsletter.delivery.relays import let_rest, note_recovery
from newsletter.domain.errors import RelayTrouble
from newsletter.domain.links import Links
from newsletter.domain.outcomes import Blame, Outcome, Verdict
from newsletter.domain.states import CampaignState
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp import Connection
from newsletter.models import Campaign, Publication, Section
from newsletter.publishing.letters import Reader, values_for
from newsletter.rendering.plan import Plan, load_plan

_log = structlog.get_logger(__name__)

_UNTOUCHED = Outcome(Verdict.UNTOUCHED, Blame.RELAY)


@dataclass(frozen=True)
class Pace:
    """The durations of sending, in seconds."""

    lease_for: float
    send_for: float
    notices_every: float
    relay_waits: tuple[float, ...]


@dataclass(frozen=True)
class _Mailing:
    """What all letters of a campaign share."""

    plan: Plan
    section_id: str
    return_path: str
    message_id_end: str


class Sender:
    """One process's sending: one connection, one letter at a time."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        notices: NoticeDesk,
        connection: Connection,
        links: Links,
        *,
        relay_id: int,
        pace: Pace,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._notices = notices
        self._connection = connection
        self._links = links
        self._relay_id = relay_id
        self._pace = pace
        self._mailings: dict[int, _Mailing] = {}
        self._noticed_at = 0.0
        self._in_trouble = True  # until a letter goes through, so that the row is set right once

    def send_due(self, owner: str, stop: Callable[[], bool], pass_on: Callable[[], None]) -> bool:
        """Send batches until none is due, time is up or we must stop; whether work may be left.

        `pass_on` is called once work was found, so that one more worker is woken.
        """
        until = monotonic() + self._pace.send_for
        found = False
        while not stop():
            self.send_notices(stop)
            lease = self._ledger.lease(owner)
            if lease is None:
                return False
            if not found:
                found = True
                pass_on()
            self._send_batch(lease, lambda: stop() or monotonic() > until)
            if monotonic() > until:
                return True
        return True

    def send_notices(self, stop: Callable[[], bool]) -> None:
        """Send every notice that is due."""
        self._noticed_at = monotonic()
        while not stop() and self._notices.has_due():
            claimed = self._notices.claim()
            message = self._notices.write(claimed) if claimed is not None else None
            if claimed is None or message is None:
                continue
            try:
                outcome = self._connection.send(claimed.envelope, message)
            except RelayTrouble as trouble:
                self._notices.put_back(claimed, self._rest(str(trouble)))
                return
            if outcome.verdict is Verdict.UNTOUCHED:
                self._notices.put_back(claimed, self._rest(_refusal(outcome)))
                return
            self._notices.settle(claimed, outcome)
            self._note_success(outcome)

    def close(self) -> None:
        """Hang up politely."""
        self._connection.close()

    def _send_batch(self, lease: Lease, stop: Callable[[], bool]) -> None:
        load = self._ledger.load(lease)
        mailing = self._mailing(lease.campaign_id)
        results: list[Result] = []
        wait = 0.0
        with self._kept(lease):
            for recipient in load.recipients:
                if stop():
                    break
                self._look_at_notices(stop)
                passage = self._ledger.pass_gate(lease, results, recipient, load.departures)
                results = []
                if passage is Passage.FENCED:
                    self._connection.drop()
                    _log.warning("batch_fenced", batch=lease.batch_id, campaign=lease.campaign_id)
                    return
                if passage is Passage.STOP:
                    break
                if passage is Passage.SKIP:
                    continue
                outcome, wait = self._hand_over(lease, mailing, recipient)
                results = [Result(recipient.subscriber_id, recipient.attempt, outcome)]
                if outcome.verdict is Verdict.UNTOUCHED:
                    break
        self._ledger.give_back(lease, results, not_before=wait)

    def _hand_over(self, lease: Lease, mailing: _Mailing, recipient: Recipient) -> tuple[Outcome, float]:
        """Send one letter. Returns its outcome, and how long the batch should wait when the relay is ill."""
        envelope = Envelope(mailing.return_path, recipient.address)
        try:
            outcome = self._connection.send(envelope, self._letter(mailing, recipient))
        except RelayTrouble as trouble:
            return _UNTOUCHED, self._rest(str(trouble))
        if outcome.verdict is Verdict.UNTOUCHED and outcome.blame is Blame.SENDER:
            self._pause(lease.campaign_id, _refusal(outcome))
        elif outcome.verdict is Verdict.UNTOUCHED:
            return outcome, self._rest(_refusal(outcome))
        self._note_success(outcome)
        return outcome, 0.0

    def _letter(self, mailing: _Mailing, recipient: Recipient) -> bytes:
        reader = Reader(recipient.address, recipient.name, recipient.public_id)
        message_id = f"{recipient.public_id}.{mailing.message_id_end}"
        return mailing.plan.merge(
            values_for(self._links, mailing.section_id, reader, message_id, datetime.now(UTC))
        )

    def _mailing(self, campaign_id: int) -> _Mailing:
        if campaign_id not in self._mailings:
            with self._database.reading() as session:
                campaign = session.get_one(Campaign, campaign_id)
                publication = session.get_one(Publication, campaign.publication_id)
                self._mailings = {  # one is enough: batches of a campaign come in a row
                    campaign_id: _Mailing(
                        load_plan(campaign.plan),
                        session.get_one(Section, campaign.section_id).public_id,
                        publication.sender_address,
                        f"{campaign.public_id}@{publication.list_domain}",
                    )
                }
        return self._mailings[campaign_id]

    def _look_at_notices(self, stop: Callable[[], bool]) -> None:
        """Small mail overtakes big mail."""
        if monotonic() - self._noticed_at >= self._pace.notices_every:
            self.send_notices(stop)

    def _rest(self, trouble: str) -> float:
        self._in_trouble = True
        _log.warning("relay_trouble", relay=self._relay_id, trouble=trouble)
        with self._database.writing() as session:
            return let_rest(session, self._relay_id, trouble, self._pace.relay_waits)

    def _note_success(self, outcome: Outcome) -> None:
        if self._in_trouble and outcome.verdict is Verdict.ACCEPTED:
            with self._database.writing() as session:
                note_recovery(session, self._relay_id)
            self._in_trouble = False

    def _pause(self, campaign_id: int, reason: str) -> None:
        """The sender is to blame: nobody's letter fails for it, a person has to look."""
        with self._database.writing() as session:
            close_gate(session)
            campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
            if campaign.state is CampaignState.SENDING:
                campaign.state = CampaignState.PAUSED
                campaign.trouble = f"The relay does not accept our sender address: {reason}"
        _log.error("campaign_paused", campaign=campaign_id, reason=reason)

    @contextmanager
    def _kept(self, lease: Lease) -> Iterator[None]:
        """Renew the lease while this thread may be waiting for a slow relay."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._pace.lease_for / 3):
                if not self._ledger.renew(lease):
                    return

        keeper = threading.Thread(target=renew, name="lease-keeper", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()


def _refusal(outcome: Outcome) -> str:
    return f"The relay answers: {outcome.reply}" if outcome.reply else "The relay hung up."
