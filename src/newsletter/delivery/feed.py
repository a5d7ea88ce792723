"""The letters that wait in one process: leased batches, whose campaigns take turns."""

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.entries import Holding, Passage, Recipient
from newsletter.delivery.mailings import Mailing
from newsletter.domain.errors import BadInput
from newsletter.mail.envelope import Envelope
from newsletter.publishing.letters import Reader


@dataclass(eq=False)
class Work:
    """A leased batch in work. `open_letters` are taken and not yet written down."""

    holding: Holding
    mailing: Mailing | None
    queue: deque[Recipient]
    open_letters: int = 0
    looking: list[tuple[int, Callable[[Passage], None]]] = field(default_factory=list)
    """Readers who may have left, and who wants to know."""
    renewed_at: float = 0.0
    is_closed: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing of it is left in our hands."""
        return not self.queue and not self.open_letters

    def remove(self, gone: Collection[int]) -> None:
        """These readers left."""
        self.queue = deque(each for each in self.queue if each.subscriber_id not in gone)

    def close(self) -> None:
        """Take no more letters from it; those in flight come to their end."""
        self.is_closed = True
        self.queue.clear()


@dataclass(eq=False, slots=True)
class Assignment:
    """One letter, merged and ready to go, in pieces."""

    work: Work
    recipient: Recipient
    letter: Sequence[bytes]
    envelope: Envelope
    is_at_gate: bool = False
    is_dropped: bool = False


@dataclass
class Feed:
    """Hands out letters, from each batch in turn. One that cannot be made is set aside with its cause."""

    set_aside: Callable[[Work, Recipient, str], None]
    works: deque[Work] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        """How many letters wait."""
        return sum(len(work.queue) for work in self.works)

    def add(self, holding: Holding, mailing: Mailing | None, now: float) -> Work:
        """Begin with a batch."""
        work = Work(holding, mailing, deque(holding.recipients), renewed_at=now)
        self.works.append(work)
        return work

    def take(self) -> Assignment | None:
        """The next letter, or None when none waits."""
        for _ in range(len(self.works)):
            self.works.rotate(-1)
            work = self.works[0]
            while work.queue:
                assignment = self._prepare(work, work.queue.popleft())
                if assignment is not None:
                    work.open_letters += 1
                    return assignment
        return None

    def put_back(self, assignment: Assignment) -> None:
        """A letter whose body never left waits again, unless its batch is closed."""
        work = assignment.work
        work.open_letters -= 1
        if not work.is_closed:
            work.queue.appendleft(assignment.recipient)

    def remove_complete(self) -> Sequence[Work]:
        """The batches that are done with; they are no longer in the feed."""
        complete = [work for work in self.works if work.is_complete]
        for work in complete:
            self.works.remove(work)
        return complete

    def _prepare(self, work: Work, recipient: Recipient) -> Assignment | None:
        assert work.mailing is not None
        reader = Reader(recipient.address, recipient.name, recipient.public_id)
        try:
            letter = work.mailing.merger.letter(reader, time.time())
            envelope = Envelope(work.mailing.return_path, recipient.address, sum(map(len, letter)))
        except BadInput as error:
            self.set_aside(work, recipient, str(error))
            return None
        return Assignment(work, recipient, letter, envelope)
