"""When a mailbox that keeps refusing is left alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from newsletter.domain.outcomes import Blame, Meaning
from newsletter.domain.refusals import CONSEQUENCES
from newsletter.domain.states import DeliveryState

CAMPAIGNS = 3
OVER = timedelta(days=7)


class PastLetter(NamedTuple):
    """What became of one campaign's letter to a reader."""

    state: DeliveryState
    meaning: Meaning | None
    at: datetime


def is_unreachable(newest_first: Iterable[PastLetter]) -> bool:
    """Whether so many campaigns in a row failed by the recipient's own doing, over some days.

    A letter that was taken ends the row; one that failed for another reason proves nothing.
    """
    refused: list[datetime] = []
    for letter in newest_first:
        if letter.state is DeliveryState.ACCEPTED:
            break
        if letter.state is DeliveryState.FAILED and _is_recipients(letter.meaning):
            refused.append(letter.at)
    return len(refused) >= CAMPAIGNS and refused[0] - refused[-1] >= OVER


def _is_recipients(meaning: Meaning | None) -> bool:
    return meaning is not None and CONSEQUENCES[meaning][1] is Blame.RECIPIENT
