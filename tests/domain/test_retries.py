"""When to try again, and when it is enough."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.retries import RetrySchedule

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SCHEDULE = RetrySchedule((15, 60, 600), timedelta(hours=24))


@pytest.mark.parametrize(
    ("attempt", "wait"),
    [(1, 15), (2, 60), (3, 600), (4, 600), (100, 600)],
    ids=["first", "second", "last of the list", "one more", "many more"],
)
def test_each_attempt_has_its_wait_and_the_last_one_repeats(attempt: int, wait: int) -> None:
    due = SCHEDULE.next_attempt(attempt, START, START)

    assert due == START + timedelta(seconds=wait)


def test_a_wait_is_counted_from_now() -> None:
    now = START + timedelta(hours=3)

    due = SCHEDULE.next_attempt(1, now, START)

    assert due == now + timedelta(seconds=15)


@pytest.mark.parametrize(
    ("age", "tried"),
    [
        (timedelta(hours=23), True),
        (timedelta(hours=24, seconds=-15), True),
        (timedelta(hours=24, seconds=-14), False),
        (timedelta(hours=24), False),
        (timedelta(days=7), False),
    ],
    ids=["early", "due on the last second", "due a second late", "at the end", "long after"],
)
def test_no_attempt_is_due_after_the_campaign_is_too_old(age: timedelta, tried: bool) -> None:
    due = SCHEDULE.next_attempt(1, START + age, START)

    assert (due is not None) is tried


def test_parts_of_a_second_count() -> None:
    schedule = RetrySchedule((0.25,), timedelta(seconds=1))

    assert schedule.next_attempt(1, START, START) == START + timedelta(milliseconds=250)


@pytest.mark.parametrize(("dice", "wait"), [(0.0, 48), (0.5, 60), (1.0, 72)])
def test_a_wait_is_a_fifth_longer_or_shorter_at_most(dice: float, wait: int) -> None:
    schedule = RetrySchedule((60,), timedelta(hours=24), lambda: dice)

    due = schedule.next_attempt(1, START, START)

    assert due is not None
    assert (due - START).total_seconds() == pytest.approx(wait)
