"""How much of a relay may be used: the limits set, what refusals taught us, and fair shares of both.

Rates are letters a second. Times are the database's; `beat` is the unit in which we learn, in seconds.
"""

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

_Number = TypeVar("_Number", int, float)

_SLOWEST = 0.1
_UNKNOWN = 1.0
_HALF = 0.5
_NEAR = 0.9
_RECOVERY = 0.08  # of the ceiling, each beat, until we are near it again
_CREEP = 0.002  # each beat, that is 2 % in ten
_PATIENCE = 60  # clean beats, then creeping becomes walking
_BOLDER = 30
_BOLDEST = 0.1
_ECHO = 2  # beats in which refusals are still about the pace before


@dataclass(frozen=True)
class WarmUp:
    """A relay or group that receivers do not know yet begins with few letters a day and takes more daily."""

    since: date
    start: int
    growth: float

    def on(self, day: date) -> int:
        """How many letters that day."""
        days = max(0, (day - self.since).days)
        return math.floor(min(self.start * self.growth**days, 1e9))


@dataclass(frozen=True)
class Limits:
    """What a person set; None is without a limit."""

    connections: int | None = None
    rate: float | None = None
    per_day: int | None = None
    warm_up: WarmUp | None = None

    def on(self, day: date) -> int | None:
        """How many letters may go out that day."""
        warm = None if self.warm_up is None else self.warm_up.on(day)
        return least(self.per_day, warm)


@dataclass(frozen=True)
class Tempo:
    """What was learnt from refusals; None was never refused. `ceiling` is the speed that was too much."""

    rate: float | None = None
    ceiling: float | None = None
    room: int | None = None
    slowed_at: datetime | None = None
    raised_at: datetime | None = None


def slowed(tempo: Tempo, speed: float, now: datetime, beat: float) -> Tempo:
    """The tempo after a relay said that this speed is too much: half of it, once for all who were told."""
    if tempo.slowed_at is not None and (now - tempo.slowed_at).total_seconds() < _ECHO * beat:
        return tempo
    ceiling = max(least(tempo.rate, speed or None) or _UNKNOWN, _SLOWEST)
    return replace(tempo, rate=max(ceiling * _HALF, _SLOWEST), ceiling=ceiling, slowed_at=now, raised_at=now)


def crowded(tempo: Tempo, connections: int, now: datetime) -> Tempo:
    """The tempo after a relay took no more connections than these."""
    room = max(1, connections if tempo.room is None else min(connections, tempo.room))
    return replace(tempo, room=room, slowed_at=tempo.slowed_at or now, raised_at=now)


def raised(tempo: Tempo, speed: float, now: datetime, beat: float) -> Tempo:
    """The tempo after some time without refusals: soon near the ceiling again, then past it step by step.

    A pace that is not made use of proves nothing, and stays.
    """
    if tempo.slowed_at is None or tempo.raised_at is None:
        return tempo
    beats = (now - tempo.raised_at).total_seconds() / beat
    clean = (now - tempo.slowed_at).total_seconds() / beat
    if clean < _ECHO or beats < 1:
        return tempo
    room = tempo.room
    if room is not None and int(clean / 10) > int((clean - beats) / 10):
        room += 1
    return replace(tempo, rate=_raised_rate(tempo, speed, beats, clean), room=room, raised_at=now)


def _raised_rate(tempo: Tempo, speed: float, beats: float, clean: float) -> float | None:
    if tempo.rate is None or tempo.ceiling is None or speed < tempo.rate * _HALF:
        return tempo.rate
    near = tempo.ceiling * _NEAR
    if tempo.rate < near:
        return min(near, tempo.rate + tempo.ceiling * _RECOVERY * beats)
    bolder = min(max(0.0, clean - _PATIENCE) / _BOLDER, 10.0)
    step = min(_CREEP * math.pow(2, bolder), _BOLDEST)
    return tempo.rate * math.pow(1 + step, min(beats, 10.0))


def part(limit: int, rank: int, seats: int) -> int:
    """The fair share of one of several, in whole numbers; the first get what is left over."""
    return limit // seats + (rank < limit % seats)


def chunk(limit: int, seats: int) -> int:
    """How many of a day's letters one process keeps on account."""
    return max(10, limit // (20 * seats))


def least(*values: _Number | None) -> _Number | None:
    """The smallest of those that are set."""
    return min((value for value in values if value is not None), default=None)


@dataclass
class Bucket:
    """Tokens that come at a rate; a tenth of a second of them, and one, can be saved up."""

    rate: float = 0.0
    tokens: float = 1.0
    filled_at: float = 0.0

    def set_rate(self, rate: float, now: float) -> None:
        """Come at another rate from now on."""
        self._fill(now)
        self.rate = rate

    def has_one(self, now: float) -> bool:
        """Whether a token is there."""
        self._fill(now)
        return self.tokens >= 1

    def take(self) -> None:
        """Use one up."""
        self.tokens -= 1

    def _fill(self, now: float) -> None:
        self.tokens = min(self.tokens + (now - self.filled_at) * self.rate, 1 + self.rate / 10)
        self.filled_at = now
