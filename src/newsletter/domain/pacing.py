"""How much of a relay may be used: the limits set, what refusals taught us, and fair shares of both.

Rates are letters a second. Times are the database's; `beat` is the unit in which we learn, in seconds.
"""

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from newsletter.domain.errors import BadInput

_Number = TypeVar("_Number", int, float)

_SLOWEST = 0.1
_UNKNOWN = 1.0
_HALF = 0.5
_NEAR = 0.9
_RECOVERY = 0.08  # of the ceiling, each beat, until we are near it again
_CREEP = 0.002  # each beat, that is 2 % in ten
_PATIENCE = 20  # clean beats, then creeping becomes walking
_BOLDER = 10
_BOLDEST = 0.1
_FIRST_STEPS = 1.5  # each beat, as long as no ceiling is known
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

    def __post_init__(self) -> None:
        """Raises BadInput: a limit of nothing would keep letters waiting for ever."""
        given = {
            "connections": self.connections,
            "letters a second": self.rate,
            "letters a day": self.per_day,
        }
        if self.warm_up is not None:
            given["letters on the first day"] = self.warm_up.start
        for name, value in given.items():
            if value is not None and not 0 < value < math.inf:
                raise BadInput(f"The limit of {name} must be above 0. To stop a relay, take it out of use.")
        if self.warm_up is not None and not 1 <= self.warm_up.growth <= 10:
            raise BadInput("Warming up may grow by a factor from 1 to 10 a day.")

    def on(self, day: date) -> int | None:
        """How many letters may go out that day."""
        warm = None if self.warm_up is None else self.warm_up.on(day)
        return least(self.per_day, warm)


@dataclass(frozen=True)
class Tempo:
    """What was learnt from refusals; None was never refused. `ceiling` is the rate that was too much."""

    rate: float | None = None
    ceiling: float | None = None
    room: int | None = None
    slowed_at: datetime | None = None
    raised_at: datetime | None = None


def slowed(tempo: Tempo, speed: float, now: datetime, beat: float) -> Tempo:
    """The tempo after a relay said that this is too much: half of it, once for all who were told.

    Of a pace that was never held to, only the speed is known, and that not well: the ceiling is found later.
    """
    if tempo.slowed_at is not None and (now - tempo.slowed_at).total_seconds() < _ECHO * beat:
        return tempo
    before = tempo.rate if tempo.rate is not None else max(speed, 2 * _UNKNOWN)
    rate = max(before * _HALF, _SLOWEST)
    return replace(tempo, rate=rate, ceiling=tempo.rate, slowed_at=now, raised_at=now)


def crowded(tempo: Tempo, connections: int, now: datetime) -> Tempo:
    """The tempo after a relay took no more connections than these."""
    room = max(1, connections if tempo.room is None else min(connections, tempo.room))
    return replace(tempo, room=room, slowed_at=tempo.slowed_at or now, raised_at=now)


def raised(tempo: Tempo, now: datetime, beat: float, *, is_short: bool) -> Tempo:
    """The tempo after some time without refusals: soon near the ceiling again, then past it step by step.

    A pace that nobody is short of proves nothing, and stays.
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
    rate = _raised_rate(tempo, min(beats, 5.0), clean) if is_short else tempo.rate
    return replace(tempo, rate=rate, room=room, raised_at=now)


def _raised_rate(tempo: Tempo, beats: float, clean: float) -> float | None:
    if tempo.rate is None:
        return None
    if tempo.ceiling is None:
        return tempo.rate * math.pow(_FIRST_STEPS, beats)
    near = tempo.ceiling * _NEAR
    if tempo.rate < near:
        return min(near, tempo.rate + tempo.ceiling * _RECOVERY * beats)
    bolder = min(max(0.0, clean - _PATIENCE) / _BOLDER, 10.0)
    step = min(_CREEP * math.pow(2, bolder), _BOLDEST)
    return tempo.rate * math.pow(1 + step, beats)


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

    def whole_tokens(self, now: float) -> int:
        """How many are there. Who takes some says `tokens -= some`."""
        self._fill(now)
        return int(self.tokens)

    def _fill(self, now: float) -> None:
        self.tokens = min(self.tokens + (now - self.filled_at) * self.rate, 1 + self.rate / 10)
        self.filled_at = now
