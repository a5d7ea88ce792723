"""Stamps say when a page was made, and cannot be made up."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.stamps import CLOCKS_DIFFER, GOOD_FOR, read_stamp, write_stamp
from newsletter.domain.tokens import Purpose, keyring_from

KEYRING = keyring_from("a secret")
NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)


def test_an_exact_stamp_tells_the_second_and_one_for_everybody_the_day() -> None:
    exact = read_stamp(KEYRING, write_stamp(KEYRING, NOW, exact=True), NOW)
    day = read_stamp(KEYRING, write_stamp(KEYRING, NOW, exact=False), NOW)

    assert exact
    assert (exact.at, exact.exact) == (NOW, True)
    assert day
    assert (day.at, day.exact) == (NOW.replace(hour=0, minute=0, second=0), False)


def test_all_pages_of_a_day_carry_the_same_stamp() -> None:
    other = NOW.replace(hour=23, minute=59, second=59)

    assert write_stamp(KEYRING, NOW, exact=False) == write_stamp(KEYRING, other, exact=False)
    assert write_stamp(KEYRING, NOW, exact=True) != write_stamp(KEYRING, other, exact=True)


@pytest.mark.parametrize(
    ("age", "is_read"),
    [
        (GOOD_FOR, True),
        (GOOD_FOR + timedelta(seconds=1), False),
        (-CLOCKS_DIFFER, True),
        (-CLOCKS_DIFFER - timedelta(seconds=1), False),
    ],
)
def test_a_stamp_is_good_for_three_days_and_two_minutes_ahead(age: timedelta, is_read: bool) -> None:
    stamp = write_stamp(KEYRING, NOW - age, exact=True)

    assert (read_stamp(KEYRING, stamp, NOW) is not None) is is_read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ü",
        write_stamp(keyring_from("another secret"), NOW, exact=True),
        KEYRING.sign(Purpose.CONFIRM, bytes(6)),
        write_stamp(KEYRING, NOW, exact=True)[:-1],
    ],
    ids=["none", "short", "not ascii", "forged", "for something else", "cut"],
)
def test_what_is_no_stamp_of_ours_is_none(text: str) -> None:
    assert read_stamp(KEYRING, text, NOW) is None


@pytest.mark.parametrize(
    ("age", "exact", "is_younger"),
    [(0, True, True), (1, True, True), (2, True, False), (1, False, False), (-60, True, False)],
)
def test_only_an_exact_stamp_of_a_clock_that_is_not_ahead_is_too_young(
    age: int, exact: bool, is_younger: bool
) -> None:
    stamp = read_stamp(KEYRING, write_stamp(KEYRING, NOW - timedelta(seconds=age), exact=exact), NOW)

    assert stamp
    assert stamp.is_younger_than(timedelta(seconds=2), NOW) is is_younger
