"""Shares of what relays take, leased in the database, so that limits hold over all workers together.

Each sending process keeps a seat at each pace and renews its share several times a beat. Whoever is new
waits until the others have made room: all shares together are never more than the limit. A process that is
not heard of loses its seats, and knows by its own clock when.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.database import Database, clock, insert_if_absent
from newsletter.domain.pacing import Limits, Tempo, WarmUp, chunk, crowded, least, part, raised, slowed
from newsletter.models import Pace, Relay, Seat


class PaceKey(NamedTuple):
    """A relay, and a group of domains there; "" is the relay altogether."""

    relay_id: int
    group: str = ""


@dataclass(frozen=True)
class Report:
    """What a process says of its seat: what it did since the last time, and what it was told."""

    speed: float = 0.0
    connections: int = 0
    allowed: int = 0
    """Connections it might have opened before it hears of its new share."""
    is_slowed: bool = False
    is_crowded: bool = False
    is_short: bool = False
    on_account: int = 0
    day: date | None = None


@dataclass(frozen=True)
class Share:
    """What a process may use until its next beat; None is without a limit.

    `more` letters are put on its account, which is of one `day`.
    """

    connections: int | None = None
    rate: float | None = None
    more: int | None = None
    day: date | None = None
    rests_for: float = 0.0
    """Seconds for which another process found that the relay is to be left alone."""
    is_probe: bool = False
    """The relay was in trouble, and this finds out whether it is over."""
    good_for: float = 0.0
    """Seconds after which it is somebody else's, if it is not renewed."""


@dataclass(frozen=True)
class SeatBook:
    """Renews and gives up the seats of one process."""

    database: Database
    owner: str
    beat: float
    hold_for: float

    def renew(self, reports: Mapping[PaceKey, Report]) -> Mapping[PaceKey, Share]:
        """Tell what happened, and get the new shares of every pace that the relays have.

        Done several times a second: what has not changed is not written.
        """
        with self.database.writing() as session:
            paces = _locked_paces(session, reports)
            missing = _missing(reports, {_key(pace) for pace, _relay in paces})
            if missing:
                for key in missing:
                    insert_if_absent(session, Pace, **new_pace(key))
                paces = _locked_paces(session, reports)
            now = clock(session)
            seats = self._seats(session, [pace.id for pace, _relay in paces], now)
            shares: dict[PaceKey, Share] = {}
            for pace, relay in paces:
                mine, others = self._mine(session, pace, seats[pace.id], now)
                table = _Table(pace, relay, mine, others)
                shares[_key(pace)] = self._renew_one(table, reports.get(_key(pace), Report()), now)
            return shares

    def give_up(self, reports: Mapping[PaceKey, Report]) -> None:
        """Leave the seats to others, and give back what is left on account."""
        with self.database.writing() as session:
            paces = session.scalars(
                select(Pace)
                .where(Pace.relay_id.in_({key.relay_id for key in reports}))
                .order_by(Pace.id)
                .with_for_update()
            ).all()
            for pace in paces:
                report = reports.get(_key(pace), Report())
                if report.day == pace.day:
                    pace.used = max(0, pace.used - report.on_account)
            session.execute(
                delete(Seat).where(Seat.owner == self.owner, Seat.pace_id.in_([pace.id for pace in paces]))
            )

    def _seats(self, session: Session, pace_ids: Sequence[int], now: datetime) -> dict[int, list[Seat]]:
        """The seats of each pace; those of processes that are not heard of any more are taken away."""
        seats: dict[int, list[Seat]] = {pace_id: [] for pace_id in pace_ids}
        query = select(Seat).where(Seat.pace_id.in_(pace_ids)).order_by(Seat.owner)
        for seat in session.scalars(query).all():
            if seat.until <= now:
                session.delete(seat)
            else:
                seats[seat.pace_id].append(seat)
        session.flush()
        return seats

    def _mine(
        self, session: Session, pace: Pace, seats: Sequence[Seat], now: datetime
    ) -> tuple[Seat, Sequence[Seat]]:
        mine = next((seat for seat in seats if seat.owner == self.owner), None)
        if mine is None:
            mine = Seat(pace_id=pace.id, owner=self.owner, connections=0, rate=0.0, speed=0.0, until=now)
            session.add(mine)
        return mine, [seat for seat in seats if seat is not mine]

    def _renew_one(self, table: "_Table", report: Report, now: datetime) -> Share:
        pace, seat, others = table.pace, table.mine, table.others
        hold_for = timedelta(seconds=self.hold_for)
        if seat.until - now < hold_for / 2:
            seat.until = now + hold_for
        if abs(report.speed - seat.speed) > seat.speed / 10:
            seat.speed = report.speed
        used = _Used(
            report.speed + sum(each.speed for each in others),
            report.connections + sum(each.connections for each in others),
        )
        self._learn(pace, report, used, now)
        limits = limits_of(pace)
        rate, most = least(limits.rate, pace.rate), least(limits.connections, pace.room)
        seat.rate = _share_of_rate(rate, others)
        held = sum(each.connections for each in others)
        if table.is_half_open:  # one connection of one process tries
            most, granted = 1, int(held == 0)
        else:
            granted = _share_of_connections(most, held, seat, others)
        # A share that shrank is free for others when the connections are closed, not before. Without a limit
        # the seat says how many are really open, for the day the relay shows its own.
        may_be_open = max(report.connections, report.allowed)
        seat.connections = report.connections if most is None else max(granted, may_be_open)
        return Share(
            None if most is None else granted,
            None if rate is None else seat.rate,
            _more(pace, limits, report, len(others) + 1, now),
            now.date(),
            table.rests_for(now),
            table.is_half_open,
            (seat.until - now).total_seconds(),
        )

    def _learn(self, pace: Pace, report: Report, used: "_Used", now: datetime) -> None:
        tempo = tempo_of(pace)
        if report.is_slowed:
            tempo = slowed(tempo, used.speed, now, self.beat)
        if report.is_crowded:
            tempo = crowded(tempo, used.connections, now)
        if not report.is_slowed and not report.is_crowded:
            tempo = raised(tempo, now, self.beat, is_short=report.is_short)
        pace.rate, pace.ceiling, pace.room = tempo.rate, tempo.ceiling, tempo.room
        pace.slowed_at, pace.raised_at = tempo.slowed_at, tempo.raised_at


class _Used(NamedTuple):
    """What all processes together make of a pace."""

    speed: float
    connections: int


class _Table(NamedTuple):
    """Who sits at a pace."""

    pace: Pace
    relay: Relay
    mine: Seat
    others: Sequence[Seat]

    @property
    def is_half_open(self) -> bool:
        """Whether the relay was in trouble, and nobody knows yet whether it is over."""
        return bool(self.relay.trouble) and not self.pace.domain_group

    def rests_for(self, now: datetime) -> float:
        """For how many seconds the relay is to be left alone."""
        retry_at = self.relay.retry_at
        return 0.0 if retry_at is None else max(0.0, (retry_at - now).total_seconds())


def _locked_paces(session: Session, reports: Mapping[PaceKey, Report]) -> Sequence[tuple[Pace, Relay]]:
    """All paces of the relays, in the order in which everybody locks them."""
    rows = session.execute(
        select(Pace, Relay)
        .join(Relay, Relay.id == Pace.relay_id)
        .where(Pace.relay_id.in_(sorted({key.relay_id for key in reports})))
        .order_by(Pace.id)
        .with_for_update(of=Pace)
    )
    return [(pace, relay) for pace, relay in rows]


def _missing(reports: Mapping[PaceKey, Report], known: Collection[PaceKey]) -> Sequence[PaceKey]:
    """A relay has its pace from the first time on; a group gets one when it slows us down."""
    wanted = [key for key, report in reports.items() if not key.group or report.is_slowed]
    return [key for key in wanted if key not in known]


def _key(pace: Pace) -> PaceKey:
    return PaceKey(pace.relay_id, pace.domain_group)


def new_pace(key: PaceKey, limits: Limits = Limits()) -> dict[str, object]:  # noqa: B008 (frozen)
    """The row of a pace that is not there yet."""
    warm = limits.warm_up
    return {
        "relay_id": key.relay_id,
        "domain_group": key.group,
        "max_connections": limits.connections,
        "max_rate": limits.rate,
        "max_per_day": limits.per_day,
        "warm_from": warm.start if warm else None,
        "warm_growth": warm.growth if warm else 1.5,
        "warm_since": warm.since if warm else None,
        "used": 0,
    }


def limits_of(pace: Pace) -> Limits:
    """The limits a person set."""
    warm_up = None
    if pace.warm_from is not None and pace.warm_since is not None:
        warm_up = WarmUp(pace.warm_since, pace.warm_from, pace.warm_growth)
    return Limits(pace.max_connections, pace.max_rate, pace.max_per_day, warm_up)


def tempo_of(pace: Pace) -> Tempo:
    """What was learnt."""
    return Tempo(pace.rate, pace.ceiling, pace.room, pace.slowed_at, pace.raised_at)


def _share_of_rate(limit: float | None, others: Sequence[Seat]) -> float:
    if limit is None:
        return 0.0
    free = limit - sum(each.rate for each in others)
    return max(0.0, min(limit / (len(others) + 1), free))


def _share_of_connections(limit: int | None, held: int, seat: Seat, others: Sequence[Seat]) -> int:
    if limit is None:
        return 0
    rank = sum(each.owner < seat.owner for each in others)
    return max(0, min(part(limit, rank, len(others) + 1), limit - held))


def _more(pace: Pace, limits: Limits, report: Report, seats: int, now: datetime) -> int | None:
    """Letters of the day's that this process may send besides those on its account already."""
    today = now.date()
    if pace.day != today:
        pace.day, pace.used = today, 0
    limit = limits.on(today)
    if limit is None:
        pace.used = 0
        return None
    on_account = report.on_account if report.day == today else 0
    more = max(0, min(chunk(limit, seats) - on_account, limit - pace.used))
    pace.used += more
    return more
