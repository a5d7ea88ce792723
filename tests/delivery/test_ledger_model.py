"""Whatever happens in whatever order, the ledger does what its model does, on both databases alike."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.delivery.entries import Entry, Holding, Intent, Passage, Recipient, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.moves import finish_campaigns
from newsletter.delivery.posting import read_in_flight
from newsletter.delivery.recovery import recover_batches
from newsletter.domain.outcomes import Verdict
from newsletter.domain.retries import RetrySchedule
from newsletter.domain.settlement import Rules
from newsletter.domain.states import CampaignState, UncertainPolicy
from newsletter.models import Campaign
from newsletter.wiring import House
from tests.delivery.ledger_model import (
    REFUSED,
    WAITING,
    ModelBatch,
    ModelCampaign,
    ModelLedger,
    ModelRow,
)
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    NEVER,
    UNCERTAIN,
    UNTOUCHED,
    complain,
    expire,
    frozen,
    leave,
)
from tests.support.ledgers import assert_counts_add_up, batches_of, campaign_now, deliveries_of

AT_ONCE = timedelta(minutes=-1)
"""Whatever waits is due before it began to wait: the model knows no time."""

STEPS = 50
OUTCOMES = (ACCEPTED, ACCEPTED, LATER, NEVER, UNCERTAIN, UNTOUCHED)


@dataclass
class Hands:
    """What a worker has in its hands of one batch."""

    holding: Holding
    queue: list[Recipient] = field(default_factory=list)
    out: list[Recipient] = field(default_factory=list)
    """Their bodies left, and no reply is known yet."""
    looks_again: set[int] = field(default_factory=set)


@dataclass
class World:
    """A ledger and its model, which live through the same."""

    house: House
    ledger: Ledger
    model: ModelLedger
    random: Random
    hands: list[Hands] = field(default_factory=list)
    readers: dict[int, tuple[Holding, Recipient]] = field(default_factory=dict)
    copies: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Bodies let out, by campaign and reader, without those that were refused or never began."""

    def step(self) -> None:
        acts = [*(self.lease, self.post) * 4, *(self.post, self.look_again, self.crash) * 2]
        acts += [self.expire, self.recover, self.give_back, self.let_somebody_leave, self.stop_or_go_on]
        self.random.choice(acts)()
        self.compare()

    def lease(self) -> None:
        holding, expected = self.ledger.lease("a worker"), self.model.next_campaign()
        assert (holding.lease.campaign_id if holding else None) == expected
        if holding is None:
            return
        self.model.lease(holding.lease)
        self.ledger.load(holding)
        assert [each.subscriber_id for each in holding.recipients] == self.model.load(holding.lease)
        self.hands.append(Hands(holding, queue=list(holding.recipients)))
        for recipient in holding.recipients:
            self.readers[recipient.subscriber_id] = holding, recipient

    def post(self) -> None:
        """Some connections speak at once; sometimes the answer is lost, and all is said again."""
        entries = [entry for hands in self.hands for entry in self._said_of(hands)]
        self.random.shuffle(entries)
        expected = self.model.post(entries)
        for _time in range(self.random.choice((1, 1, 2))):
            assert self.ledger.post(entries) == expected
        for entry, answer in zip(entries, expected, strict=True):
            if entry.result is not None:
                self._close(entry.result)
            if entry.intent is not None:
                self._hear(entry.intent, answer)

    def look_again(self) -> None:
        for hands in self.hands:
            if hands.looks_again:
                waiting = hands.looks_again | {each.subscriber_id for each in hands.queue}
                expected = self.model.look_again(hands.holding.lease, waiting)
                for _time in range(self.random.choice((1, 2))):
                    assert set(self.ledger.look_again(hands.holding, waiting)) == expected
                hands.looks_again = set()

    def give_back(self) -> None:
        hands = self._pick()
        if hands is not None and not hands.out:
            self.model.give_back(hands.holding.lease)
            self.ledger.give_back(hands.holding)
            self.hands.remove(hands)

    def expire(self) -> None:
        hands = self._pick()
        if hands is not None and self.model.is_held(hands.holding.lease):
            self.model.expire(hands.holding.lease)
            expire(self.house, hands.holding)

    def crash(self) -> None:
        self.expire()
        self.recover()

    def recover(self) -> None:
        recover_batches(self.house.database, AT_ONCE)
        with self.house.database.writing() as session:
            finish_campaigns(session, self.house.herald)
        self.model.recover()

    def let_somebody_leave(self) -> None:
        present = sorted(set(self.readers).difference(self.model.left))
        if present:
            holding, recipient = self.readers[self.random.choice(present)]
            self.model.left.append(recipient.subscriber_id)
            if self.random.random() < 0.5:
                leave(self.house, holding, recipient)
            else:
                complain(self.house, recipient)

    def stop_or_go_on(self) -> None:
        """Whatever is paused goes on."""
        stopped = [key for key, each in self.model.campaigns.items() if each.state is CampaignState.PAUSED]
        if stopped:
            self._set_state(stopped[0], CampaignState.SENDING)
            return
        campaign_id, campaign = self.random.choice(list(self.model.campaigns.items()))
        if campaign.state is CampaignState.SENDING:
            self._set_state(campaign_id, CampaignState.PAUSED)

    def compare(self) -> None:
        for campaign_id, campaign in self.model.campaigns.items():
            assert campaign_now(self.house, campaign_id).state is campaign.state
            assert batches_as_seen(self.house, campaign_id) == {
                batch.low: (batch.high, batch.state, batch.epoch, batch.lost, sorted(batch.in_flight))
                for batch in campaign.batches
            }
            rows = {reader: row for batch in campaign.batches for reader, row in batch.rows.items()}
            assert rows_as_seen(self.house, campaign_id) == rows
            if self.random.random() < 0.25:  # what is counted wrongly stays so
                assert_counts_add_up(self.house, campaign_id)
            for reader, row in rows.items():
                assert self.copies[campaign_id, reader] <= 1 + row.resends

    def settle(self) -> None:
        """Nothing happens any more: workers finish what they hold, and others the rest."""
        for campaign_id, campaign in self.model.campaigns.items():
            if campaign.state is CampaignState.PAUSED:
                self._set_state(campaign_id, CampaignState.SENDING)
        for hands in self.hands:
            self.model.expire(hands.holding.lease)
            expire(self.house, hands.holding)
        self.hands = []
        self.recover()
        while self.model.next_campaign() is not None:
            self.lease()
            self._accept_all(self.hands.pop())
            self.compare()
        for campaign_id in self.model.campaigns:
            assert_counts_add_up(self.house, campaign_id)
            assert campaign_now(self.house, campaign_id).state is CampaignState.FINISHED
            assert not [row for row in deliveries_of(self.house, campaign_id) if row.state in WAITING]

    def _accept_all(self, hands: Hands) -> None:
        entries = [Entry(Result(hands.holding, each, ACCEPTED)) for each in hands.queue]
        assert self.ledger.post(entries) == self.model.post(entries)
        self.model.give_back(hands.holding.lease)
        self.ledger.give_back(hands.holding)

    def _hands_of(self, holding: Holding) -> Hands:
        return next(each for each in self.hands if each.holding is holding)

    def _set_state(self, campaign_id: int, state: CampaignState) -> None:
        self.model.campaigns[campaign_id].state = state
        with self.house.database.writing() as session:
            session.get_one(Campaign, campaign_id).state = state

    def _pick(self) -> Hands | None:
        return self.random.choice(self.hands) if self.hands else None

    def _said_of(self, hands: Hands) -> Iterator[Entry]:
        """What the connections of one batch say: replies, refusals before the body, wishes, signs of life."""
        for recipient in list(hands.out):
            if self.random.random() < 0.4:
                hands.out.remove(recipient)
                outcome = self.random.choice(OUTCOMES)
                yield Entry(Result(hands.holding, recipient, outcome), self._wish(hands))
        if hands.queue and self.random.random() < 0.2:
            refused = hands.queue.pop(self.random.randrange(len(hands.queue)))
            yield Entry(Result(hands.holding, refused, self.random.choice((LATER, NEVER))))
        if self.random.random() < 0.6:
            intent = self._wish(hands)
            yield Entry(intent=intent, renews=hands.holding if intent is None else None)

    def _wish(self, hands: Hands) -> Intent | None:
        if not hands.queue or self.random.random() < 0.3:
            return None
        return Intent(hands.holding, hands.queue.pop(0))

    def _close(self, result: Result) -> None:
        """A try that left no copy behind is no copy; one that never began may begin again."""
        verdict, recipient = result.outcome.verdict, result.recipient
        key = result.holding.lease.campaign_id, recipient.subscriber_id
        if verdict in (*REFUSED, Verdict.UNTOUCHED) and self.copies[key]:
            self.copies[key] -= 1
        if verdict is Verdict.UNTOUCHED and not result.holding.is_fenced:
            self._hands_of(result.holding).queue.append(recipient)

    def _hear(self, intent: Intent, answer: Passage) -> None:
        hands = self._hands_of(intent.holding)
        reader = intent.recipient.subscriber_id
        if answer is Passage.OPEN:
            hands.out.append(intent.recipient)
            self.copies[intent.holding.lease.campaign_id, reader] += 1
        elif answer is Passage.LOOK_AGAIN:
            hands.queue.insert(0, intent.recipient)
            hands.looks_again.add(reader)


def rows_as_seen(house: House, campaign_id: int) -> dict[int, ModelRow]:
    return {
        row.subscriber_id: ModelRow(row.state, row.attempt, row.refusals, row.resends)
        for row in deliveries_of(house, campaign_id)
    }


def batches_as_seen(house: House, campaign_id: int) -> dict[int, tuple[object, ...]]:
    return {
        batch.low: (
            batch.high,
            batch.state,
            batch.epoch,
            batch.lease_count,
            list(read_in_flight(batch.in_flight)),
        )
        for batch in batches_of(house, campaign_id)
    }


@contextmanager
def world(house: House, random: Random) -> Iterator[World]:
    """Two campaigns, one that sends letters in doubt again and one that holds them."""
    ledger = Ledger(
        house.database,
        timedelta(hours=1),
        Rules(RetrySchedule((AT_ONCE.total_seconds(),), timedelta(days=1)), AT_ONCE),
        house.herald,
    )
    campaigns = [frozen(house, policy, readers=7, batch_size=4) for policy in UncertainPolicy]
    model = ModelLedger(
        {each.id: ModelCampaign(each.uncertain_policy, model_batches(house, each)) for each in campaigns}
    )
    try:
        yield World(house, ledger, model, random)
    finally:
        ledger.close()
        with house.database.writing() as session:
            for campaign in campaigns:  # out of the way of the next world in this database
                session.get_one(Campaign, campaign.id).state = CampaignState.CANCELLED


def model_batches(house: House, campaign: Campaign) -> list[ModelBatch]:
    readers = [row.subscriber_id for row in deliveries_of(house, campaign.id)]
    return [
        ModelBatch(
            batch.low,
            batch.high,
            {reader: ModelRow() for reader in readers if batch.low <= reader <= batch.high},
        )
        for batch in batches_of(house, campaign.id)
    ]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=True))
def test_the_ledger_does_what_its_model_does(house: House, random: Random) -> None:
    with world(house, random) as both:
        for _step in range(STEPS):
            both.step()
        both.settle()
