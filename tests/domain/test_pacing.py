"""How much of a relay may be used: what refusals teach, fair shares, warm-up, and an even pace."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.pacing import (
    Bucket,
    Limits,
    Tempo,
    WarmUp,
    chunk,
    crowded,
    least,
    part,
    raised,
    slowed,
)

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_relay_that_never_complained_is_not_slowed_down() -> None:
    assert raised(Tempo(), after(60), 1.0, is_short=True) == Tempo()


def test_a_refusal_halves_the_pace_at_once() -> None:
    tempo = slowed(Tempo(rate=80.0), 70.0, START, 1.0)

    assert (tempo.rate, tempo.ceiling) == (40.0, 80.0)


def test_a_pace_that_was_never_held_to_begins_with_half_the_speed_and_finds_its_ceiling() -> None:
    tempo = slowed(Tempo(), 80.0, START, 1.0)
    assert (tempo.rate, tempo.ceiling) == (40.0, None)

    for second in range(2, 6):
        tempo = raised(tempo, after(second), 1.0, is_short=True)

    assert tempo.rate == 40.0 * 1.5**5, "a look after two seconds makes up for both"
    assert slowed(tempo, 1.0, after(6), 1.0).ceiling == tempo.rate


def test_refusals_of_letters_that_were_under_way_do_not_halve_it_again() -> None:
    tempo = slowed(Tempo(), 80.0, START, 1.0)

    assert slowed(tempo, 75.0, after(1.5), 1.0) is tempo
    assert slowed(tempo, 40.0, after(2.5), 1.0).rate == 20.0


def test_a_relay_that_refuses_the_very_first_letter_gets_one_a_second() -> None:
    assert slowed(Tempo(), 0.0, START, 1.0).rate == 1.0


def test_the_pace_never_falls_to_nothing() -> None:
    tempo = Tempo()
    for number in range(50):
        tempo = slowed(tempo, 0.01, after(number * 10), 1.0)

    assert tempo.rate == 0.1


def test_the_pace_is_near_the_ceiling_again_soon_and_then_creeps_past_it() -> None:
    tempo = slowed(Tempo(rate=100.0), 100.0, START, 1.0)
    rates = {}
    for second in range(1, 20):
        tempo = raised(tempo, after(second), 1.0, is_short=True)
        rates[second] = tempo.rate or 0

    assert rates[1] == 50.0, "what was under way comes first"
    assert rates[4] < rates[5] == pytest.approx(90.0)
    assert rates[15] / rates[5] == pytest.approx(1.02, abs=0.001), "two in a hundred in ten seconds"


def test_after_a_long_clean_time_the_pace_grows_boldly() -> None:
    tempo = slowed(Tempo(rate=10.0), 10.0, START, 1.0)
    for second in range(1, 180):
        tempo = raised(tempo, after(second), 1.0, is_short=True)

    assert tempo.rate is not None
    assert tempo.rate > 10_000


def test_a_pace_that_nobody_makes_use_of_is_not_raised() -> None:
    tempo = slowed(Tempo(), 100.0, START, 1.0)
    for second in range(1, 900):
        tempo = raised(tempo, after(second), 1.0, is_short=False)

    assert tempo.rate == 50.0


def test_a_relay_with_no_room_for_more_gets_no_more_connections_for_a_while() -> None:
    tempo = crowded(Tempo(), 7, START)
    assert tempo.room == 7
    assert crowded(tempo, 9, after(1)).room == 7
    assert crowded(tempo, 0, after(1)).room == 1

    for second in range(1, 31):
        tempo = raised(tempo, after(second), 1.0, is_short=True)

    assert tempo.room == 10


def converging(limit: float, processes: int) -> Iterator[float]:
    """Letters a second that get through to a relay which takes no more than so many; its own account."""
    tempo, now = Tempo(), 0.0
    while True:
        allowed = tempo.rate if tempo.rate is not None else 20.0 * limit
        through = min(allowed, limit)
        now += 1.0
        for process in range(processes):
            moment = after(now + process * 0.1)
            if allowed > limit:
                tempo = slowed(tempo, through, moment, 1.0)
            else:
                tempo = raised(tempo, moment, 1.0, is_short=True)
        yield through


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize("limit", [1.0, 14.0, 300.0, 5_000.0])
def test_within_a_minute_it_goes_at_four_fifths_of_what_a_relay_takes(limit: float, processes: int) -> None:
    through = converging(limit, processes)
    for _ in range(60):
        next(through)

    hour = [next(through) for _ in range(3_600)]

    assert 0.8 * limit < sum(hour[:60]) / 60 <= limit
    assert 0.85 * limit < sum(hour) / 3_600 <= limit


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_parts_are_fair_and_together_the_whole(limit: int, seats: int) -> None:
    parts = [part(limit, rank, seats) for rank in range(seats)]

    assert sum(parts) == limit
    assert max(parts) - min(parts) <= 1


def test_warming_up_takes_more_each_day() -> None:
    limits = Limits(per_day=1_000, warm_up=WarmUp(date(2026, 5, 4), 50, 1.5))

    assert [limits.on(date(2026, 5, day)) for day in (3, 4, 5, 6, 7)] == [50, 50, 75, 112, 168]
    assert limits.on(date(2026, 9, 1)) == 1_000
    assert Limits().on(date(2026, 5, 4)) is None


def test_what_a_process_takes_on_account_is_a_small_part_of_the_day() -> None:
    assert chunk(50_000, 4) == 625
    assert chunk(50, 4) == 10


@pytest.mark.parametrize(("values", "expected"), [((), None), ((None, None), None), ((3, None, 2), 2)])
def test_the_least_of_what_is_set(values: tuple[int | None, ...], expected: int | None) -> None:
    assert least(*values) == expected


@given(st.floats(0.1, 1_000), st.lists(st.floats(0, 2), max_size=50))
def test_a_bucket_gives_no_more_than_its_rate_and_one_tenth_of_a_second(
    rate: float, waits: list[float]
) -> None:
    bucket, now, taken = Bucket(), 100.0, 0
    bucket.set_rate(rate, now)
    for wait in waits:
        now += wait
        some = bucket.whole_tokens(now)
        bucket.tokens -= some
        taken += some

    assert taken <= 1 + rate / 10 + sum(waits) * rate + 1e-6


def test_a_bucket_whose_rate_is_nothing_gives_nothing_more() -> None:
    bucket = Bucket()
    bucket.set_rate(0.0, 5.0)
    bucket.tokens -= 1

    assert bucket.whole_tokens(10_000.0) == 0
