"""When to try again after a temporary refusal, and when to give up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class RetrySchedule:
    """Waiting times between attempts in seconds; the last one repeats until the campaign is too old."""

    waits: Sequence[float]
    give_up_after: timedelta

    def next_attempt(self, attempt: int, now: datetime, started_at: datetime) -> datetime | None:
        """When to try again after this many attempts, or None when it is time to give up."""
        wait = self.waits[min(attempt, len(self.waits)) - 1]
        due = now + timedelta(seconds=wait)
        return due if due - started_at <= self.give_up_after else None
