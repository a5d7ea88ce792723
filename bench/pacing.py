"""What several limits, groups of receivers and shares cost: `python -m bench.send --pacing --json`.

The same campaign again and again in one run, in turns without limits and with every kind of limit set, each
so high that it holds nothing up. The ratio is that of the means.
"""

from collections.abc import Callable
from statistics import mean
from typing import Any

from sqlalchemy import delete, select, update

from bench.stage import Stage, more_of
from newsletter.delivery.relay_book import set_limits
from newsletter.domain.groups import DIRECT_LIMITS, OTHER
from newsletter.domain.pacing import Limits, WarmUp
from newsletter.models import Pace, Post, Relay, Seat

PLENTY = 100_000_000


def in_turns(stage: Stage, measure: Callable[[Post], float], runs: int) -> dict[str, Any]:
    """Rates without and with limits; `measure` sends a post and returns its rate."""
    stage.house.follow_smtp_url()
    rates: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * runs):
        is_on = number % 4 in {1, 2}  # off, on, on, off: a machine that slows down is unfair to neither
        _limit(stage, is_on)
        rates[is_on].append(measure(more_of(stage.house, number)))
    off, on = mean(rates[False]), mean(rates[True])
    return {
        "rates_without_limits": [round(rate) for rate in rates[False]],
        "rates_with_limits": [round(rate) for rate in rates[True]],
        "ratio_with_limits": round(on / off, 3),
    }


def _limit(stage: Stage, is_on: bool) -> None:
    with stage.house.database.writing() as session:
        relay = session.scalars(select(Relay)).one()
        session.execute(update(Relay).values(is_direct=is_on))
        session.execute(delete(Seat))
        session.execute(delete(Pace).where(Pace.domain_group != ""))
        if not is_on:
            set_limits(session, relay, "", Limits())
            return
        warm_up = WarmUp(stage.house.now().date(), PLENTY, 1.5)
        connections = 2 * stage.house.settings.connections
        set_limits(session, relay, "", Limits(connections, float(PLENTY), PLENTY, warm_up))
        for group in (*DIRECT_LIMITS, OTHER):
            set_limits(session, relay, group, Limits(None, float(PLENTY), PLENTY, warm_up))
