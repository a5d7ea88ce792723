"""When to try again after a temporary refusal, and when to give up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_JITTER = 0.2


def no_jitter() -> float:
    """The middle."""
    return 0.5


@dataclass(frozen=True)
class RetrySchedule:
    """Waiting times between attempts in seconds; the last one repeats until the campaign is too old.

    Each wait is a fifth longer or shorter at most, by `dice` (0 to 1), so that letters which were refused
    together do not all come back at the same moment.
    """

    waits: Sequence[float]
    give_up_after: timedelta
    dice: Callable[[], float] = no_jitter

    def next_attempt(
        self, attempt: int, now: datetime, started_at: datetime, give_up_after: timedelta | None = None
    ) -> datetime | None:
        """When to try again after this many attempts, or None when it is time to give up."""
        wait = self.waits[min(attempt, len(self.waits)) - 1]
        due = now + timedelta(seconds=wait * (1 + _JITTER * (2 * self.dice() - 1)))
        return due if due - started_at <= (give_up_after or self.give_up_after) else None
