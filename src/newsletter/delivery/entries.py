"""What travels between the ledger and those who send: leases, recipients, results, the gate's answers.

Those that are made for every letter are tuples: they cost a third of a frozen dataclass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from newsletter.domain.outcomes import Outcome
from newsletter.domain.states import DeliveryState


@dataclass(frozen=True)
class Lease:
    """A worker's right to send one batch. Another epoch in the database means it was taken away."""

    batch_id: int
    campaign_id: int
    section_id: int
    low: int
    high: int
    epoch: int

    @cached_property
    def key(self) -> tuple[int, int]:
        """The batch and the epoch: a process may hold a batch again while an older lease comes to its end."""
        return self.batch_id, self.epoch


class Recipient(NamedTuple):
    """One delivery that is due, and what its letter needs. `attempt` numbers the try to come."""

    subscriber_id: int
    attempt: int
    address: str
    name: str
    public_id: str
    state: DeliveryState = DeliveryState.PLANNED
    refusals: int = 0
    relay_id: int = 0
    """Who had it last; 0: nobody."""
    is_repeated: bool = False
    """Its body may have left before: another relay could not know it for a copy."""


@dataclass
class Holding:
    """A leased batch in our hands. Only the ledger changes it.

    `in_flight` are the subscribers whose bodies may be under way, and over which relay (0: over none that
    has a row), as the batch's row says durably; `gone` are those who were found to have left since it was
    loaded.
    """

    lease: Lease
    recipients: Sequence[Recipient] = ()
    departures: int = 0
    started_at: datetime | None = None
    give_up_after: timedelta | None = None
    audience: int = 0
    is_released: bool = False
    """A person saw how many refusals there are, and let the campaign go on."""
    in_flight: dict[int, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    is_fenced: bool = False


class Result(NamedTuple):
    """The outcome of one try, and the relay that gave it."""

    holding: Holding
    recipient: Recipient
    outcome: Outcome
    relay_id: int = 0


class Intent(NamedTuple):
    """The wish to let one body leave, and over which relay."""

    holding: Holding
    recipient: Recipient
    relay_id: int = 0


class Entry(NamedTuple):
    """What one connection has to say at once: the result before, the intent next; or only a sign of life."""

    result: Result | None = None
    intent: Intent | None = None
    renews: Holding | None = None


class Passage(Enum):
    """The gate's answer."""

    OPEN = "the intent is durable: the body may leave"
    LOOK_AGAIN = "somebody left since the batch was loaded: look who, then ask again"
    SKIP = "the reader left: this letter is not to be sent"
    STOP = "the campaign is paused or over: give the batch back"
    FENCED = "the lease was taken away: close the connection, send nothing more"
    NOTED = "there was no intent; the result is durable"
