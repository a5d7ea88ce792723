"""The ledger without a database: what it should say and do, to compare with.

Nothing waits for its time here: whatever may be tried again is due at once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.entries import Entry, Lease, Passage, Recipient, Result
from newsletter.domain.outcomes import Verdict
from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import BatchState, CampaignState, DeliveryState, UncertainPolicy, sources_of

D = DeliveryState
WAITING = (D.PLANNED, D.DEFERRED)
AFTER = {
    Verdict.ACCEPTED: D.ACCEPTED,
    Verdict.TEMPORARY: D.DEFERRED,
    Verdict.PERMANENT: D.FAILED,
    Verdict.UNCERTAIN: D.UNCERTAIN,
    Verdict.UNTOUCHED: D.PLANNED,
}
REFUSED = (Verdict.TEMPORARY, Verdict.PERMANENT)


@dataclass
class ModelRow:
    state: DeliveryState = D.PLANNED
    attempt: int = 0
    refusals: int = 0
    resends: int = 0


@dataclass
class ModelBatch:
    low: int
    high: int
    rows: dict[int, ModelRow]
    state: BatchState = BatchState.READY
    epoch: int = 0
    is_alive: bool = False
    lost: int = 0
    in_flight: set[int] = field(default_factory=set)

    def waiting(self) -> list[int]:
        return [reader for reader, row in sorted(self.rows.items()) if row.state in WAITING]


@dataclass
class ModelCampaign:
    policy: UncertainPolicy
    batches: list[ModelBatch]
    state: CampaignState = CampaignState.SENDING

    def batch_of(self, reader: int) -> ModelBatch:
        return next(batch for batch in self.batches if batch.low <= reader <= batch.high)

    def is_sent_again(self, row: ModelRow) -> bool:
        may_be = self.policy is UncertainPolicy.RESEND and row.resends < MAX_RESENDS
        return row.state is D.UNCERTAIN and may_be

    def end_lease(self, batch: ModelBatch) -> None:
        is_open = batch.waiting() or any(map(self.is_sent_again, batch.rows.values()))
        batch.state = BatchState.READY if is_open else BatchState.DONE

    def in_hands(self) -> int:
        return sum(batch.state is BatchState.LEASED for batch in self.batches)


@dataclass
class ModelHolding:
    """What the holder of a lease knows."""

    departures: int
    in_flight: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)


@dataclass
class ModelLedger:
    campaigns: dict[int, ModelCampaign]
    left: list[int] = field(default_factory=list)
    holdings: dict[Lease, ModelHolding] = field(default_factory=dict)

    def batch_of(self, lease: Lease) -> ModelBatch:
        """Its lower end is all that never changes of a batch."""
        return next(each for each in self.campaigns[lease.campaign_id].batches if each.low == lease.low)

    def is_held(self, lease: Lease) -> bool:
        batch = self.batch_of(lease)
        return batch.state is BatchState.LEASED and batch.epoch == lease.epoch

    def next_campaign(self) -> int | None:
        """Whose turn it is."""
        ready = [
            (campaign.in_hands(), campaign_id)
            for campaign_id, campaign in self.campaigns.items()
            if campaign.state is CampaignState.SENDING
            and any(batch.state is BatchState.READY for batch in campaign.batches)
        ]
        return min(ready)[1] if ready else None

    def lease(self, lease: Lease) -> None:
        batch = self.batch_of(lease)
        assert batch.state is BatchState.READY
        batch.state, batch.is_alive = BatchState.LEASED, True
        batch.epoch += 1
        batch.lost += 1
        assert (batch.high, batch.epoch) == (lease.high, lease.epoch)

    def load(self, lease: Lease) -> list[int]:
        campaign, batch = self.campaigns[lease.campaign_id], self.batch_of(lease)
        for row in batch.rows.values():
            if campaign.is_sent_again(row):
                row.state = D.PLANNED
                row.resends += 1
        self._skip(batch, batch.waiting())
        self.holdings[lease] = ModelHolding(len(self.left))
        return batch.waiting()

    def look_again(self, lease: Lease, waiting: Collection[int]) -> set[int]:
        batch, holding = self.batch_of(lease), self.holdings[lease]
        if not (self.is_held(lease) and batch.is_alive):
            return set(waiting)
        gone = self._skip(batch, set(waiting) - batch.in_flight)
        holding.gone |= gone
        holding.departures = len(self.left)
        return gone

    def post(self, entries: Sequence[Entry]) -> list[Passage]:
        """All results first, then all intents of a lease together."""
        leases = sorted({lease for entry in entries for lease in leases_of(entry)}, key=lambda each: each.key)
        answers = {lease: self._post(lease, entries) for lease in leases}
        return [self._answer(entry, answers) for entry in entries]

    def expire(self, lease: Lease) -> None:
        if self.is_held(lease):
            self.batch_of(lease).is_alive = False

    def recover(self) -> None:
        for campaign in self.campaigns.values():
            for batch in list(campaign.batches):
                if batch.state is BatchState.LEASED and not batch.is_alive:
                    self._recover(campaign, batch)
        self.finish()

    def give_back(self, lease: Lease) -> None:
        if not self.is_held(lease):
            return
        batch = self.batch_of(lease)
        batch.lost = 0
        batch.in_flight = set()
        self.campaigns[lease.campaign_id].end_lease(batch)
        if batch.state is BatchState.DONE:
            self.finish()

    def finish(self) -> None:
        for campaign in self.campaigns.values():
            is_done = all(batch.state is BatchState.DONE for batch in campaign.batches)
            if campaign.state is CampaignState.SENDING and is_done:
                campaign.state = CampaignState.FINISHED

    def _post(self, lease: Lease, entries: Sequence[Entry]) -> Passage:
        campaign, batch, holding = (
            self.campaigns[lease.campaign_id],
            self.batch_of(lease),
            self.holdings[lease],
        )
        results = [each.result for each in entries if each.result and each.result.holding.lease == lease]
        intents = [each.intent for each in entries if each.intent and each.intent.holding.lease == lease]
        if not self.is_held(lease):
            for result in results:
                if result.recipient.subscriber_id in holding.in_flight:
                    self._take_late(campaign, result)
            return Passage.FENCED
        for result in results:
            self._take(batch.rows[result.recipient.subscriber_id], result)
        holding.in_flight -= {each.recipient.subscriber_id for each in results}
        answer = self._passage(campaign, batch, holding)
        if answer is Passage.OPEN:
            holding.in_flight |= {each.recipient.subscriber_id for each in intents} - holding.gone
        batch.in_flight = set(holding.in_flight)
        return answer

    def _passage(self, campaign: ModelCampaign, batch: ModelBatch, holding: ModelHolding) -> Passage:
        if not batch.is_alive:
            return Passage.FENCED
        if campaign.state is not CampaignState.SENDING:
            return Passage.STOP
        return Passage.OPEN if holding.departures == len(self.left) else Passage.LOOK_AGAIN

    def _answer(self, entry: Entry, answers: dict[Lease, Passage]) -> Passage:
        if entry.intent is None:
            return Passage.NOTED
        lease = entry.intent.holding.lease
        is_gone = entry.intent.recipient.subscriber_id in self.holdings[lease].gone
        return Passage.SKIP if is_gone else answers[lease]

    def _take(self, row: ModelRow, result: Result) -> None:
        verdict, recipient = result.outcome.verdict, result.recipient
        if verdict is Verdict.UNTOUCHED or (row.state, row.attempt) != before(recipient):
            return
        row.state, row.attempt = AFTER[verdict], recipient.attempt
        row.refusals += verdict in REFUSED

    def _take_late(self, campaign: ModelCampaign, result: Result) -> None:
        verdict, recipient = result.outcome.verdict, result.recipient
        batch = campaign.batch_of(recipient.subscriber_id)
        row = batch.rows[recipient.subscriber_id]
        is_in_doubt = (row.state, row.attempt) == (D.UNCERTAIN, recipient.attempt)
        if not is_in_doubt or D.UNCERTAIN not in sources_of(AFTER[verdict]):
            return
        row.state = AFTER[verdict]
        row.refusals += verdict in REFUSED
        if batch.state is not BatchState.LEASED:
            campaign.end_lease(batch)
            if batch.state is BatchState.READY and campaign.state is CampaignState.FINISHED:
                campaign.state = CampaignState.SENDING

    def _skip(self, batch: ModelBatch, readers: Iterable[int]) -> set[int]:
        gone = set(readers).intersection(self.left)
        for reader in gone:
            if batch.rows[reader].state in sources_of(D.SKIPPED):
                batch.rows[reader].state = D.SKIPPED
        return gone

    def _recover(self, campaign: ModelCampaign, batch: ModelBatch) -> None:
        batch.epoch += 1
        suspects = batch.waiting()
        for reader in batch.in_flight:
            row = batch.rows[reader]
            assert row.state in WAITING
            row.state = D.UNCERTAIN
            row.attempt += 1
        batch.in_flight = set()
        halves = [batch]
        if batch.lost >= 3:
            batch.lost = 0
            halves += self._narrow_down(campaign, batch, suspects)
        for half in halves:
            campaign.end_lease(half)

    def _narrow_down(
        self, campaign: ModelCampaign, batch: ModelBatch, suspects: list[int]
    ) -> list[ModelBatch]:
        if len(suspects) > 1:
            middle = suspects[len(suspects) // 2]
            upper = {reader: batch.rows.pop(reader) for reader in sorted(batch.rows) if reader >= middle}
            campaign.batches.append(ModelBatch(middle, batch.high, upper))
            batch.high = middle - 1
            return campaign.batches[-1:]
        for reader in suspects:
            if batch.rows[reader].state in WAITING:
                batch.rows[reader].state = D.FAILED
        return []


def before(recipient: Recipient) -> tuple[DeliveryState, int]:
    """Where its row was when the try began."""
    return recipient.state, recipient.attempt - 1


def leases_of(entry: Entry) -> list[Lease]:
    """The leases an entry speaks of."""
    holdings = (
        entry.result.holding if entry.result else None,
        entry.intent.holding if entry.intent else None,
        entry.renews,
    )
    return [holding.lease for holding in holdings if holding is not None]
