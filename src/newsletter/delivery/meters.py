"""A process's own share of a pace, and how much of it is used."""

from collections import deque
from dataclasses import dataclass, field

from newsletter.delivery.seats import Report, Share
from newsletter.domain.pacing import Bucket

_WINDOW = 2.0
_NONE_YET = Share()


@dataclass
class Meter:
    """Counts what goes out against the share; closed until there is one, and when it is too old.

    Times are seconds of the monotonic clock.
    """

    beat: float
    share: Share = _NONE_YET
    valid_until: float = 0.0
    is_slowed: bool = False
    is_crowded: bool = False
    is_short: bool = False
    """Whether more could have gone out."""
    _open_until: float = 0.0
    _bucket: Bucket = field(default_factory=Bucket)
    _on_account: int = 0
    accepted: int = 0
    """Letters that were taken, in all."""
    _history: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def is_limited(self) -> bool:
        """Whether the share has an end."""
        share = self.share
        return share.rate is not None or share.connections is not None or share.more is not None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing of the day's letters is left for us."""
        return self.share.more is not None and self._on_account <= 0

    def renew(self, share: Share, now: float, valid_until: float) -> None:
        """A new share."""
        if share.more is not None:
            left = self._on_account if share.day == self.share.day else 0
            self._on_account = left + share.more
        if share.rate is not None:
            self._bucket.set_rate(share.rate, now)
        if not self._history:
            self._history.append((now, self.accepted))
        self.share, self.valid_until = share, valid_until
        self.is_slowed = self.is_crowded = self.is_short = False
        self._open_until = 0.0 if self.is_used_up else valid_until

    def close(self) -> None:
        """The share was given up."""
        self.valid_until = self._open_until = 0.0
        self._on_account = 0

    def slow_down(self) -> None:
        """The relay says it is too much: nothing more before there is a new share."""
        self.is_slowed = True
        self._open_until = 0.0

    def report(self, now: float, connections: int) -> Report:
        """What to tell of the time since the last report."""
        said = (self.is_slowed, self.is_crowded, self.is_short)
        return Report(self.speed(now), connections, *said, self._on_account, self.share.day)

    def speed(self, now: float) -> float:
        """Letters accepted a second, over the last beats."""
        self._history.append((now, self.accepted))
        while len(self._history) > 2 and now - self._history[0][0] > _WINDOW * self.beat:
            self._history.popleft()
        since, before = self._history[0]
        return (self.accepted - before) / max(now - since, self.beat / 4)

    def may_take(self, now: float) -> bool:
        """Whether one more letter may go out now. Asked for every letter."""
        if now > self._open_until:
            return False
        if self.share.rate is None or self._bucket.has_one(now):
            return True
        self.is_short = True
        return False

    def take(self) -> None:
        """One letter goes out."""
        if self.share.rate is not None:
            self._bucket.tokens -= 1
        if self.share.more is not None:
            self._on_account -= 1
            if self._on_account <= 0:
                self._open_until = 0.0

    def give_back(self) -> None:
        """It did not: the day's account has it again."""
        if self.share.more is not None:
            self._on_account += 1
            if not self.is_slowed:
                self._open_until = self.valid_until
