"""One group commit, prepared: what a group of entries means for each of its batches.

The intents of a batch are one list in its row, `in_flight`: the subscribers whose bodies may be under
way, by relay. So a letter costs one update of its own row, and an intent costs a few bytes in a row that
every commit renews anyway.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Protocol

from newsletter.delivery.desk import Desk
from newsletter.delivery.entries import Entry, Holding, Intent, Passage, Result
from newsletter.domain.outcomes import Verdict
from newsletter.domain.settlement import Age, Rules, settle
from newsletter.domain.states import DeliveryState

# Names of their own: Python 3.11 is slow to find a member by its class.
_UNTOUCHED, _OPEN = Verdict.UNTOUCHED, Passage.OPEN


@dataclass
class Slip:
    """What one group says about one lease."""

    holding: Holding
    departures: int
    results: list[Result] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)

    def intend(self, intent: Intent) -> None:
        """Note an intent, unless its reader is known to be gone."""
        if intent.recipient.subscriber_id not in self.holding.gone:
            self.intents.append(intent)

    @property
    def of_bodies(self) -> list[Result]:
        """The results of bodies that left under this lease; a refusal before the body settles no doubt."""
        return [each for each in self.results if each.recipient.subscriber_id in self.holding.in_flight]

    @cached_property
    def kept(self) -> dict[int, int]:
        """Who is still in flight when no intent is granted."""
        kept = dict(self.holding.in_flight)
        for each in self.results:
            kept.pop(each.recipient.subscriber_id, None)
        return kept

    @cached_property
    def granted(self) -> dict[int, int]:
        """Who is in flight when every intent is granted."""
        return self.kept | {each.recipient.subscriber_id: each.relay_id for each in self.intents}


class Row(NamedTuple):
    """A delivery as a result leaves it, if it still is where the try began."""

    batch_id: int
    epoch: int
    campaign_id: int
    subscriber_id: int
    attempt: int
    before: DeliveryState
    after: DeliveryState
    counts: bool
    relay_id: int | None
    code: int | None
    detail: str | None
    meaning: str | None
    next_at: datetime | None


class Standing(NamedTuple):
    """What the database says of a batch while it is locked by us."""

    is_alive: bool
    is_running: bool
    is_current: bool
    now: datetime


Key = tuple[int, int]
"""A batch and the epoch of its lease."""


@dataclass(frozen=True)
class Group:
    """Entries that are committed together."""

    entries: Sequence[Entry]
    slips: Sequence[Slip]
    rows: Sequence[Row]

    def answers(self, found: Mapping[Key, Standing]) -> list[Passage]:
        """The gate's answer to each entry."""
        passages = {slip.holding.lease.key: passage(found.get(slip.holding.lease.key)) for slip in self.slips}
        return [_answer(entry.intent, passages) for entry in self.entries]


class Posting(Protocol):
    """Writes a group in one transaction, on one kind of database."""

    def post(self, slips: Sequence[Slip], rows: Sequence[Row]) -> Mapping[Key, Standing]:
        """Renew, record and intend; the standings of those batches whose epoch is still ours.

        Intents are granted to a batch that is alive, running and current; results are taken either way.
        Repeating a group that was committed already changes nothing.
        """
        ...

    async def post_soon(
        self, slips: Sequence[Slip], rows: Sequence[Row], desk: Desk
    ) -> Mapping[Key, Standing]:
        """The same, without keeping the event loop waiting."""
        ...

    def reset(self) -> None:
        """Forget the connection; the next group opens another."""
        ...


def fold(entries: Iterable[Entry]) -> list[Slip]:
    """Sort entries by lease, in the order of ids in which all transactions lock."""
    slips: dict[Key, Slip] = {}

    def slip(holding: Holding) -> Slip:
        known = slips.get(holding.lease.key)
        if known is None:
            # The number of departures is read before anybody is looked up among those who are gone.
            known = slips[holding.lease.key] = Slip(holding, holding.departures)
        return known

    for entry in entries:
        if entry.result is not None:
            slip(entry.result.holding).results.append(entry.result)
        if entry.intent is not None:
            slip(entry.intent.holding).intend(entry.intent)
        if entry.renews is not None:
            slip(entry.renews)
    return [slips[key] for key in sorted(slips)]


def leaves_its_row(result: Result) -> bool:
    """Whether a result changes nothing but the list of letters in flight."""
    return result.outcome.verdict is _UNTOUCHED


def row_of(result: Result, now: datetime, rules: Rules) -> Row:
    """The row a result leaves behind."""
    holding, recipient, outcome = result.holding, result.recipient, result.outcome
    age = Age(holding.started_at or now, holding.give_up_after)
    settlement = settle(outcome, recipient.refusals, age, now, rules)
    return Row(
        *holding.lease.key,
        holding.lease.campaign_id,
        recipient.subscriber_id,
        recipient.attempt,
        recipient.state,
        settlement.state,
        settlement.counts,
        result.relay_id or None,
        outcome.reply.code or None if outcome.reply else None,
        settlement.detail or None,
        outcome.meaning,
        settlement.next_at,
    )


def _answer(intent: Intent | None, passages: Mapping[Key, Passage]) -> Passage:
    if intent is None:
        return Passage.NOTED
    if intent.recipient.subscriber_id in intent.holding.gone:
        return Passage.SKIP
    return passages[intent.holding.lease.key]


def passage(standing: Standing | None) -> Passage:
    """The gate's answer to the intents of a batch."""
    if standing is None or not standing.is_alive:
        return Passage.FENCED
    if not standing.is_running:
        return Passage.STOP
    return _OPEN if standing.is_current else Passage.LOOK_AGAIN


def is_granted(standing: Standing) -> bool:
    """Whether a batch's intents became durable."""
    return standing.is_alive and standing.is_running and standing.is_current


COUNTED = {
    DeliveryState.ACCEPTED: "accepted",
    DeliveryState.DEFERRED: "deferred",
    DeliveryState.FAILED: "failed",
    DeliveryState.SKIPPED: "skipped",
    DeliveryState.UNCERTAIN: "uncertain",
}
"""The counters of a batch; planned is what remains of its total."""


def count(moves: Iterable[tuple[DeliveryState, DeliveryState]]) -> Counter[str]:
    """What moves, from and to, do to a batch's counters."""
    change: Counter[str] = Counter()
    for before, after in moves:
        if before in COUNTED:
            change[COUNTED[before]] -= 1
        if after in COUNTED:
            change[COUNTED[after]] += 1
    return change


def write_in_flight(letters: Mapping[int, int]) -> str:
    """The letters under way as they stand in the batch's row: subscribers by relay."""
    if not letters:
        return ""
    relays = set(letters.values())
    if len(relays) == 1:
        return json.dumps({relays.pop(): sorted(letters)}, separators=(",", ":"))
    by_relay = {relay: sorted(s for s, r in letters.items() if r == relay) for relay in sorted(relays)}
    return json.dumps(by_relay, separators=(",", ":"))


def read_in_flight(written: str) -> dict[int, int]:
    """Read the letters under way off a batch's row; workers before version 0.3 did not name relays."""
    found = json.loads(written) if written else {}
    if isinstance(found, list):
        return dict.fromkeys(found, 0)
    return {subscriber: int(relay) for relay, subscribers in found.items() for subscriber in subscribers}
