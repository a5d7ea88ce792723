"""From the outcome of a try to the next state of its delivery."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from newsletter.domain.outcomes import Outcome, Verdict
from newsletter.domain.retries import RetrySchedule
from newsletter.domain.states import DeliveryState

MAX_RESENDS = 5
"""So many extra copies at most, for a relay that takes letters and never answers; then a person decides."""


class Settlement(NamedTuple):
    """The state a try ends in, when something happens next, and whether it counts as a refusal."""

    state: DeliveryState
    next_at: datetime | None = None
    counts: bool = False
    detail: str = ""


@dataclass(frozen=True)
class Rules:
    """What a campaign allows its deliveries."""

    retries: RetrySchedule
    uncertain_grace: timedelta


class Age(NamedTuple):
    """Since when a letter is on its way, and for how long it may be, where its campaign says so."""

    started_at: datetime
    give_up_after: timedelta | None = None


# Names of their own: Python 3.11 is slow to find a member by its class.
_TAKEN, _ACCEPTED = Verdict.ACCEPTED, DeliveryState.ACCEPTED


def settle(outcome: Outcome, refusals: int, age: Age, now: datetime, rules: Rules) -> Settlement:
    """Decide what an outcome means for a delivery that was refused so many times before."""
    detail = str(outcome.reply) if outcome.reply else ""
    if outcome.verdict is _TAKEN:
        return Settlement(_ACCEPTED, None, False, detail)
    match outcome.verdict:
        case Verdict.PERMANENT:
            return Settlement(DeliveryState.FAILED, counts=True, detail=detail)
        case Verdict.UNTOUCHED:
            return Settlement(DeliveryState.PLANNED, detail=detail)
        case Verdict.UNCERTAIN:
            detail = detail or "the relay took the letter and never answered"
            return Settlement(DeliveryState.UNCERTAIN, now + rules.uncertain_grace, detail=detail)
    due = rules.retries.next_attempt(refusals + 1, now, *age)
    if due is None:
        return Settlement(DeliveryState.FAILED, counts=True, detail=f"gave up: {detail}")
    return Settlement(DeliveryState.DEFERRED, due, counts=True, detail=detail)
