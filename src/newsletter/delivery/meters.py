"""A process's own share of a pace, and how much of it is used."""

from collections import deque
from dataclasses import dataclass, field

from newsletter.delivery.seats import Report, Share
from newsletter.domain.pacing import Bucket

_WINDOW = 2.0
_NONE_YET = Share()
_AT_ONCE = 32


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
    stock: int = 0
    """Letters that may go out without asking again; who takes one says `stock -= 1`."""
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
        return self.share.more is not None and self._left <= 0

    @property
    def _left(self) -> int:
        return self._on_account + self.stock

    def renew(self, share: Share, now: float, valid_until: float) -> None:
        """A new share."""
        self._clear()
        if share.more is not None:
            left = self._on_account if share.day == self.share.day else 0
            self._on_account = left + share.more
        if share.rate is not None:
            self._bucket.set_rate(share.rate, now)
        if not self._history:
            self._history.append((now, self.accepted))
        self.share, self.valid_until = share, valid_until
        self.is_slowed = self.is_crowded = self.is_short = False
        self._open_until = valid_until

    def shut(self) -> None:
        """Nothing more before there is a new share."""
        self._clear()
        self.valid_until = self._open_until = 0.0

    def give_up(self) -> None:
        """The share is somebody else's, and what was on account with it."""
        self.shut()
        self._on_account = 0

    def give_back(self) -> None:
        """A letter did not go out."""
        self.stock += 1
        if not self._open_until:
            self._clear()

    def slow_down(self) -> None:
        """The relay says it is too much: nothing more before there is a new share."""
        self._clear()
        self.is_slowed = True
        self._open_until = 0.0

    def _clear(self) -> None:
        """What was in stock goes back to where it came from."""
        if self.share.rate is not None:
            self._bucket.tokens += self.stock
        if self.share.more is not None:
            self._on_account += self.stock
        self.stock = 0

    def report(self, now: float, connections: int) -> Report:
        """What to tell of the time since the last report."""
        said = (self.is_slowed, self.is_crowded, self.is_short)
        allowed = (self.share.connections or 0) if now <= self.valid_until else 0
        return Report(self.speed(now), connections, allowed, *said, self._left, self.share.day)

    def speed(self, now: float) -> float:
        """Letters accepted a second, over the last beats."""
        self._history.append((now, self.accepted))
        while len(self._history) > 2 and now - self._history[0][0] > _WINDOW * self.beat:
            self._history.popleft()
        since, before = self._history[0]
        return (self.accepted - before) / max(now - since, self.beat / 4)

    def may_take(self, now: float) -> bool:
        """Whether one more letter may go out now."""
        return self.stock >= 1 or self.restock(now)

    def restock(self, now: float) -> bool:
        """Take a few letters into stock, so that not every letter asks for itself; whether there are any."""
        if now > self._open_until:
            return False
        some = _AT_ONCE
        if self.share.rate is not None:
            some = min(some, self._bucket.whole_tokens(now))
            self.is_short = self.is_short or some < 1
        if self.share.more is not None:
            some = min(some, self._on_account)
        if some < 1:
            return False
        self.stock = some
        if self.share.rate is not None:
            self._bucket.tokens -= some
        if self.share.more is not None:
            self._on_account -= some
        return True
