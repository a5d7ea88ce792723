"""A process's own account of its share: what may go out, and where it goes when it did not."""

from datetime import date

import pytest

from newsletter.delivery.meters import Meter
from newsletter.delivery.seats import Share

TODAY = date(2026, 5, 4)


def meter(share: Share, now: float = 100.0) -> Meter:
    found = Meter(beat=1.0)
    found.renew(share, now, now + 10)
    return found


def takes(meter: Meter, now: float, most: int = 1_000) -> int:
    """How many letters go out at this moment."""
    number = 0
    while number < most and meter.may_take(now):
        meter.stock -= 1
        number += 1
    return number


def test_without_a_share_nothing_goes_out() -> None:
    assert takes(Meter(beat=1.0), 100.0) == 0


def test_a_share_without_limits_gives_whatever_is_asked_until_it_is_too_old() -> None:
    mine = meter(Share())

    assert takes(mine, 105.0) == 1_000
    mine.shut()
    assert takes(mine, 105.0) == 0


def test_a_share_that_was_not_renewed_in_time_is_nobodys() -> None:
    assert takes(meter(Share()), 110.1) == 0


def test_letters_go_out_at_the_rate_and_who_waits_is_short() -> None:
    mine = meter(Share(rate=20.0))
    takes(mine, 100.0)

    assert takes(mine, 100.11) == 2
    assert takes(mine, 100.11) == 0
    assert mine.is_short


def test_no_more_than_is_on_account() -> None:
    mine = meter(Share(more=40, day=TODAY))

    assert takes(mine, 101.0) == 40
    assert mine.is_used_up
    mine.renew(Share(more=5, day=TODAY), 102.0, 112.0)
    assert takes(mine, 102.0) == 5


def test_a_letter_that_did_not_go_out_is_on_account_again() -> None:
    mine = meter(Share(more=3, day=TODAY))
    takes(mine, 101.0)

    mine.give_back()

    assert (takes(mine, 101.0), mine.report(101.0, 0).on_account) == (1, 0)


@pytest.mark.parametrize("end", ["slow_down", "shut"])
def test_what_comes_back_to_a_meter_that_is_shut_stays_there(end: str) -> None:
    mine = meter(Share(rate=1_000.0, more=50, day=TODAY))
    mine.may_take(101.0)
    mine.stock -= 1
    getattr(mine, end)()

    mine.give_back()

    assert takes(mine, 101.0) == 0, "the relay asked for less, and this letter must wait as well"
    assert mine.report(101.0, 0).on_account == 50


def test_a_share_that_was_given_up_lets_nothing_be_opened() -> None:
    mine = meter(Share(connections=4))
    assert mine.report(101.0, 1).allowed == 4

    mine.give_up()

    assert mine.report(101.0, 1).allowed == 0


def test_a_new_day_begins_with_a_new_account() -> None:
    mine = meter(Share(more=9, day=TODAY))

    mine.renew(Share(more=4, day=date(2026, 5, 5)), 101.0, 111.0)

    assert takes(mine, 101.0) == 4


def test_the_speed_is_that_of_the_last_beats() -> None:
    mine = meter(Share())
    for second in range(1, 11):
        mine.accepted += 50 if second > 5 else 10
        report = mine.report(100.0 + second, 0)

    assert report.speed == 50.0
