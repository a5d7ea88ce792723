"""Sending: lease a batch, pass the gate, hand over, write down; one letter after another."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, sleep

import structlog
from sqlalchemy.exc import DBAPIError

from newsletter.database import Database, close_gate
from newsletter.delivery.ledger import Lease, Ledger, Passage, Recipient, Result
from newsletter.delivery.notices import NoticeDesk
from newsletter.delivery.relays import let_rest, note_recovery
from newsletter.domain.errors import NewsletterError, RelayTrouble
from newsletter.domain.links import Links
from newsletter.domain.outcomes import Blame, Outcome, Verdict, nobody_knows
from newsletter.domain.states import CampaignState
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp import Connection
from newsletter.models import Campaign, Publication, Section
from newsletter.publishing.letters import Reader, values_for
from newsletter.rendering.plan import Plan, load_plan

_log = structlog.get_logger(__name__)

_UNTOUCHED = Outcome(Verdict.UNTOUCHED, Blame.RELAY)
_IN_A_ROW = 3
_WRITE_DOWN_WITHIN = 60.0
_WRITE_DOWN_AGAIN = 0.25


@dataclass(frozen=True)
class Pace:
    """The durations of sending, in seconds."""

    lease_for: float
    send_for: float
    notices_every: float
    relay_waits: tuple[float, ...]


@dataclass
class _Streaks:
    """Bad outcomes in a row: single ones happen, several say that something is wrong with all."""

    unwanted: int = 0
    unanswered: int = 0

    def note(self, outcome: Outcome) -> None:
        """Count one more outcome."""
        unwanted = outcome.verdict is Verdict.PERMANENT and outcome.blame is not Blame.RECIPIENT
        self.unwanted = self.unwanted + 1 if unwanted else 0
        self.unanswered = self.unanswered + 1 if outcome.verdict is Verdict.UNCERTAIN else 0


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
        self._streaks = _Streaks()
        self._in_trouble = True  # until a letter goes through, so that the row is set right

    def send_due(self, owner: str, stop: Callable[[], bool], pass_on: Callable[[], None]) -> bool:
        """Send batches until none is due, time is up or we must stop; whether work may be left.

        `pass_on` is called once work was found, so that one more worker is woken.
        """
        until = monotonic() + self._pace.send_for
        found = False
        self._in_trouble = True  # another process may have met some since
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
                self._notices.put_back(claimed, self._rest(_words(outcome)))
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
        try:
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
                    results = [_result(recipient, nobody_knows())]  # until we know better
                    outcome, trouble = self._hand_over(mailing, recipient)
                    results = [_result(recipient, outcome)]
                    wait = self._react(lease, outcome, trouble)
                    if wait or outcome.verdict is Verdict.UNTOUCHED:
                        break
        finally:
            self._write_down(lease, results, wait)

    def _write_down(self, lease: Lease, results: Sequence[Result], wait: float) -> None:
        """Give the batch back with what is known, also when the database is away for a moment."""
        until = monotonic() + _WRITE_DOWN_WITHIN
        while True:
            try:
                self._ledger.give_back(lease, results, not_before=wait)
            except (NewsletterError, DBAPIError):
                if monotonic() > until:
                    raise
                sleep(_WRITE_DOWN_AGAIN)
            else:
                return

    def _hand_over(self, mailing: _Mailing, recipient: Recipient) -> tuple[Outcome, str]:
        """Send one letter. Returns its outcome and what is wrong with the relay, if something is."""
        envelope = Envelope(mailing.return_path, recipient.address)
        letter = self._letter(mailing, recipient)
        try:
            outcome = self._connection.send(envelope, letter)
        except RelayTrouble as trouble:
            return _UNTOUCHED, str(trouble)
        if outcome.verdict is Verdict.UNTOUCHED and outcome.blame is not Blame.SENDER:
            return outcome, _words(outcome)
        return outcome, ""

    def _react(self, lease: Lease, outcome: Outcome, trouble: str) -> float:
        """Draw the consequences beyond the one letter. Returns how long the batch should wait."""
        self._streaks.note(outcome)
        if trouble:
            return self._rest(trouble)
        if self._streaks.unanswered >= _IN_A_ROW:
            return self._rest("The relay takes letters and never answers.")
        if outcome.verdict is Verdict.UNTOUCHED:
            self._pause(lease.campaign_id, f"The relay does not accept our sender address. {_words(outcome)}")
        elif self._streaks.unwanted >= _IN_A_ROW:
            self._pause(lease.campaign_id, f"The relay refused several letters in a row. {_words(outcome)}")
        self._note_success(outcome)
        return 0.0

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
        """The sender or the message is to blame: a person has to look before more letters go out."""
        with self._database.writing() as session:
            close_gate(session)
            campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
            if campaign.state is CampaignState.SENDING:
                campaign.state = CampaignState.PAUSED
                campaign.trouble = reason
        _log.error("campaign_paused", campaign=campaign_id, reason=reason)

    @contextmanager
    def _kept(self, lease: Lease) -> Iterator[None]:
        """Renew the lease while this thread may be waiting for a slow relay."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._pace.lease_for / 3):
                try:
                    if not self._ledger.renew(lease):
                        return
                except (NewsletterError, DBAPIError):
                    continue  # the database is away; the gate will tell when the lease is lost

        keeper = threading.Thread(target=renew, name="lease-keeper", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()


def _result(recipient: Recipient, outcome: Outcome) -> Result:
    return Result(recipient.subscriber_id, recipient.attempt, outcome)


def _words(outcome: Outcome) -> str:
    return f"It answers: {outcome.reply}." if outcome.reply else "The relay hung up."
