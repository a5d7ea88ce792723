"""Relays as text and as JSON."""

from collections.abc import Iterator
from typing import Any

from newsletter.delivery.relay_book import PaceStatus, RelayStatus
from newsletter.domain.pacing import Limits


def facts_of(status: RelayStatus) -> dict[str, Any]:
    """A relay as one object."""
    relay = status.relay
    return {
        "name": relay.name,
        "host": relay.host,
        "port": relay.port,
        "security": relay.security,
        "username": relay.username,
        "priority": relay.priority,
        "cost": relay.cost,
        "weight": relay.weight,
        "direct": relay.is_direct,
        "trouble": relay.trouble,
        "rests_for": round(status.rests_for, 1),
        "paces": {group or "all": _pace_facts(pace) for group, pace in status.paces.items()},
    }


def rows_of(status: RelayStatus) -> Iterator[str]:
    """A relay in a few lines."""
    relay = status.relay
    yield f"{relay.name}  {relay.host}:{relay.port} {relay.security}  {_turn(status)}"
    if relay.trouble:
        when = f"It is tried again in {status.rests_for:.0f} s." if status.rests_for else "It is tried now."
        yield f"    {relay.trouble} {when}"
    for group, pace in status.paces.items():
        yield f"    {group or 'all letters':<14} {_pace_line(pace)}"


def _turn(status: RelayStatus) -> str:
    relay = status.relay
    words = [f"priority {relay.priority}", f"weight {relay.weight}"]
    if relay.cost:
        words.append(f"costs {relay.cost:g}")
    if relay.is_direct:
        words.append("direct")
    return ", ".join(words)


def _pace_facts(pace: PaceStatus) -> dict[str, Any]:
    limits = pace.limits
    warm = limits.warm_up
    return {
        "connections": limits.connections,
        "per_second": limits.rate,
        "per_day": limits.per_day,
        "warm_up": None if warm is None else {"since": warm.since.isoformat(), "start": warm.start},
        "learnt_per_second": None if pace.rate is None else round(pace.rate, 2),
        "learnt_connections": pace.room,
        "speed": round(pace.speed, 2),
        "used_today": pace.used_today,
        "processes": pace.processes,
    }


def _pace_line(pace: PaceStatus) -> str:
    words = [*_limit_words(pace.limits)] or ["no limit set"]
    if pace.rate is not None:
        words.append(f"learnt: {pace.rate:.1f} a second")
    if pace.room is not None:
        words.append(f"learnt: {pace.room} connections")
    if pace.limits.per_day or pace.limits.warm_up:
        words.append(f"{pace.used_today:,} today")
    if pace.processes:
        words.append(f"now {pace.speed:.1f} a second over {pace.connections} connections")
    return "; ".join(words)


def _limit_words(limits: Limits) -> Iterator[str]:
    if limits.connections:
        yield f"{limits.connections} connections"
    if limits.rate:
        yield f"{limits.rate:g} a second"
    if limits.per_day:
        yield f"{limits.per_day:,} a day"
    if limits.warm_up:
        yield f"warming up from {limits.warm_up.start:,} since {limits.warm_up.since:%Y-%m-%d}"
