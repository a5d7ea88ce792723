"""The letters that wait in one process: leased batches, whose campaigns take turns."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from newsletter.delivery.entries import Holding, Passage, Recipient
from newsletter.delivery.meters import Meter
from newsletter.delivery.weather import CampaignWeather, Weathers
from newsletter.domain.errors import BadInput
from newsletter.domain.states import DeliveryState
from newsletter.mail.envelope import Envelope
from newsletter.publishing.letters import Merger


class QueueKey(NamedTuple):
    """What decides which relay may carry a letter: the receiver's group, and who had it before."""

    group: str = ""
    relay_id: int = 0
    is_repeated: bool = False


_TURN = 32
ANY = QueueKey()
"""Any relay may."""

May = Callable[[QueueKey], bool]
GroupOf = Callable[[str], str]


@dataclass(eq=False)
class Work:
    """A leased batch in work. `open_letters` are taken and not yet written down."""

    holding: Holding
    merger: Merger | None
    weather: CampaignWeather
    queues: dict[QueueKey, deque[Recipient]] = field(default_factory=dict)
    open_letters: int = 0
    looking: list[tuple[int, Callable[[Passage], None]]] = field(default_factory=list)
    """Readers who may have left, and who wants to know."""
    renewed_at: float = 0.0
    is_closed: bool = False
    _turn: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is left in our hands."""
        return not self.open_letters and not any(self.queues.values())

    @property
    def waiting(self) -> Iterator[int]:
        """The subscribers whose letters wait."""
        return (each.subscriber_id for queue in self.queues.values() for each in queue)

    def take(self, may: May | None) -> tuple[QueueKey, Recipient] | None:
        """The next reader whose letter may go; kinds of letters take turns."""
        queues = self.queues
        if len(queues) > 1:
            self._turn = (self._turn + 1) % _TURN
            if not self._turn:
                first = next(iter(queues))
                queues[first] = queues.pop(first)  # to the end
        for key, queue in queues.items():
            if queue and (may is None or may(key)):
                return key, queue.popleft()
        return None

    def remove(self, gone: Collection[int]) -> None:
        """These readers left."""
        for key, queue in self.queues.items():
            self.queues[key] = deque(each for each in queue if each.subscriber_id not in gone)

    def close(self) -> None:
        """Take no more letters from it; those in flight come to their end."""
        self.is_closed = True
        self.queues.clear()


@dataclass(eq=False, slots=True)
class Assignment:
    """One letter, merged and ready to go, in pieces."""

    work: Work
    recipient: Recipient
    letter: Sequence[bytes]
    envelope: Envelope
    key: QueueKey = ANY
    meters: tuple[Meter, ...] = ()
    """What it counts against."""
    is_at_gate: bool = False
    is_dropped: bool = False


@dataclass
class Feed:
    """Hands out letters, from each batch in turn. One that cannot be made is set aside with its cause."""

    set_aside: Callable[[Work, Recipient, str], None]
    weathers: Weathers = field(default_factory=Weathers)
    works: deque[Work] = field(default_factory=deque)

    def waiting(self, is_held_up: May) -> int:
        """How many letters wait that need not wait for something of their own."""
        return sum(
            len(queue)
            for work in self.works
            for key, queue in work.queues.items()
            if queue and not is_held_up(key)
        )

    def add(
        self, holding: Holding, merger: Merger | None, now: float, group_of: GroupOf | None = None
    ) -> Work:
        """Begin with a batch; `group_of` a domain matters where relays go by groups."""
        work = Work(holding, merger, self.weathers.of(holding), renewed_at=now)
        groups: dict[str, str] = {}
        for recipient in holding.recipients:
            key = key_of(recipient, "" if group_of is None else _group(recipient, group_of, groups))
            work.queues.setdefault(key, deque()).append(recipient)
        self.works.append(work)
        return work

    def take(self, may: May | None) -> Assignment | None:
        """The next letter that may go, or None when there is none. Without `may` all may."""
        for _ in range(len(self.works)):
            self.works.rotate(-1)
            work = self.works[0]
            while (found := work.take(may)) is not None:
                assignment = self._prepare(work, *found)
                if assignment is not None:
                    work.open_letters += 1
                    return assignment
        return None

    def put_back(self, assignment: Assignment) -> None:
        """A letter whose body never left waits again, unless its batch is closed."""
        work = assignment.work
        work.open_letters -= 1
        if not work.is_closed:
            work.queues.setdefault(assignment.key, deque()).appendleft(assignment.recipient)

    def remove_complete(self) -> Sequence[Work]:
        """The batches that are done with; they are no longer in the feed."""
        complete = [work for work in self.works if work.is_complete]
        for work in complete:
            self.works.remove(work)
        return complete

    def _prepare(self, work: Work, key: QueueKey, recipient: Recipient) -> Assignment | None:
        assert work.merger is not None
        try:
            letter, return_path = work.merger.letter(recipient, time.time())
            envelope = Envelope(return_path, recipient.address, sum(map(len, letter)))
        except BadInput as error:
            self.set_aside(work, recipient, str(error))
            return None
        return Assignment(work, recipient, letter, envelope, key)


def key_of(recipient: Recipient, group: str) -> QueueKey:
    """A letter that is tried for the first time may go over any relay."""
    if recipient.state is DeliveryState.PLANNED and not recipient.is_repeated:
        return QueueKey(group) if group else ANY
    return QueueKey(group, recipient.relay_id, recipient.is_repeated)


def _group(recipient: Recipient, group_of: GroupOf, known: dict[str, str]) -> str:
    domain = recipient.address.rpartition("@")[2]
    group = known.get(domain)
    if group is None:
        group = known[domain] = group_of(domain)
    return group
