"""Shares of what a relay takes: fair, never more together than the limit, lost by who is not heard of."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select, update

from newsletter.delivery.relay_book import RelayEntry, add_relay, set_limits
from newsletter.delivery.seats import PaceKey, Report, SeatBook, Share
from newsletter.domain.errors import BadInput
from newsletter.domain.pacing import Limits, WarmUp
from newsletter.domain.relays import RelayAddress, Security
from newsletter.models import Pace, Relay, Seat
from newsletter.wiring import House
from tests.delivery.worker import LONG_AGO
from tests.support.factories import make_publication

Ask = Callable[..., Share]


@pytest.fixture
def relay(house: House) -> int:
    address = RelayAddress("mail.example.org", 25, Security.PLAIN)
    with house.database.writing() as session:
        publication = make_publication(session)
        return add_relay(session, publication.id, "mine", RelayEntry(address), Limits(), house.now()).id


def limit(house: House, relay: int, limits: Limits, group: str = "") -> None:
    with house.database.writing() as session:
        set_limits(session, session.get_one(Relay, relay), group, limits)


@pytest.fixture
def ask(house: House, relay: int) -> Ask:
    """A process renews its seat. A test is over long before a beat is, however slow the machine."""

    def ask(owner: str, group: str = "", **report: object) -> Share:
        book = SeatBook(house.database, owner, beat=1000, hold_for=1000)
        key = PaceKey(relay, group)
        return book.renew({PaceKey(relay): Report(), key: Report(**report)})[key]  # type: ignore[arg-type]

    return ask


def pace(house: House, group: str = "") -> Pace:
    with house.database.reading() as session:
        return session.scalars(select(Pace).where(Pace.domain_group == group)).one()


def test_without_a_limit_a_share_has_none(ask: Ask) -> None:
    share = ask("one", connections=7, speed=100.0)

    assert (share.connections, share.rate, share.more) == (None, None, None)


def test_shares_are_equal_once_all_have_made_room(house: House, relay: int, ask: Ask) -> None:
    limit(house, relay, Limits(connections=7, rate=30.0))
    alone = ask("one")
    assert (alone.connections, alone.rate) == (7, 30.0)

    crowded = ask("two")
    assert (crowded.connections, crowded.rate) == (0, 0.0), "the first has not made room yet"

    for owner in ("one", "three", "one", "two"):
        ask(owner)
    shares = [ask(owner) for owner in ("one", "two", "three")]
    assert [share.connections for share in shares] == [3, 2, 2]
    assert [share.rate for share in shares] == pytest.approx([10.0] * 3)


def test_whatever_happens_all_shares_together_are_within_the_limit(
    house: House, relay: int, ask: Ask
) -> None:
    limit(house, relay, Limits(connections=5, rate=12.0))
    random = Random(3)
    owners = ["one", "two", "three", "four", "five", "six", "seven"]
    for _ in range(120):
        owner = random.choice(owners)
        act = random.random()
        if act < 0.8:
            ask(owner, is_slowed=act < 0.1, is_crowded=act < 0.05, speed=random.random() * 5, is_short=True)
        elif act < 0.9:
            SeatBook(house.database, owner, 1.0, 10.0).give_up({PaceKey(relay): Report()})
        else:
            with house.database.writing() as session:
                session.execute(update(Seat).where(Seat.owner == owner).values(until=LONG_AGO))
        with house.database.reading() as session:
            seats = session.scalars(select(Seat).where(Seat.until > house.now())).all()
            allowed = pace(house)
        assert sum(seat.connections for seat in seats) <= 5
        assert sum(seat.rate for seat in seats) <= 12.0 + 1e-9
        assert allowed.rate is None or allowed.rate > 0


def test_connections_are_free_for_others_when_they_are_closed_and_not_before(
    house: House, relay: int, ask: Ask
) -> None:
    limit(house, relay, Limits(connections=4))
    ask("one")
    ask("two")

    assert ask("one", connections=3, allowed=4).connections == 2
    assert ask("two").connections == 0, "a fourth may have been opened meanwhile"
    assert ask("one", connections=3, allowed=2).connections == 2
    assert ask("two").connections == 1, "one is still busy"
    assert ask("one", connections=2, allowed=2).connections == 2
    assert ask("two").connections == 2


def test_who_is_not_heard_of_loses_the_seat(house: House, relay: int, ask: Ask) -> None:
    limit(house, relay, Limits(connections=4))
    ask("one")
    assert ask("two").connections == 0

    with house.database.writing() as session:
        session.execute(update(Seat).where(Seat.owner == "one").values(until=LONG_AGO))

    assert ask("two").connections == 4


def test_one_process_tells_and_all_are_slower(house: House, relay: int, ask: Ask) -> None:
    ask("one", speed=60.0)
    ask("two", speed=40.0)

    told = ask("one", speed=60.0, is_slowed=True)
    echo = ask("two", speed=40.0, is_slowed=True)

    assert (told.rate, echo.rate) == (25.0, 25.0), "half of both together, once"


def test_a_relay_with_no_room_for_more_is_shared(ask: Ask) -> None:
    ask("one", connections=6)
    ask("two", connections=3)

    told = ask("one", connections=6, is_crowded=True)

    assert told.connections == 5
    assert ask("two", connections=3).connections == 3, "the sixth is still open"
    ask("one", connections=5)
    assert ask("two", connections=3).connections == 4


def test_a_group_that_slows_us_down_gets_a_pace_of_its_own(house: House, ask: Ask) -> None:
    share = ask("one", group="google", speed=20.0, is_slowed=True)

    assert share.rate == 10.0
    assert pace(house).rate is None, "the relay is as fast as before for all others"


def test_a_days_letters_are_taken_on_account_and_given_back(house: House, relay: int, ask: Ask) -> None:
    limit(house, relay, Limits(per_day=25))
    first = ask("one")
    assert (first.more, pace(house).used) == (10, 10)

    assert ask("one", on_account=3, day=first.day).more == 7, "up to ten again"
    assert ask("two").more == 8, "what is left"
    assert ask("three").more == 0

    book = SeatBook(house.database, "one", 1.0, 10.0)
    book.give_up({PaceKey(relay): Report(on_account=6, day=first.day)})
    assert (pace(house).used, ask("three").more) == (19, 6)


def test_the_next_day_begins_anew_and_an_old_account_is_worth_nothing(
    house: House, relay: int, ask: Ask
) -> None:
    limit(house, relay, Limits(per_day=12))
    today = ask("one").day
    assert today is not None
    with house.database.writing() as session:
        session.execute(update(Pace).values(day=today - timedelta(days=1), used=12))

    assert ask("one", on_account=9, day=today - timedelta(days=1)).more == 10


def test_warming_up_limits_the_day(house: House, relay: int, ask: Ask) -> None:
    limit(house, relay, Limits(warm_up=WarmUp(house.now().date(), 4, 2.0)))

    assert ask("one").more == 4


def test_after_trouble_one_connection_of_one_process_tries(house: House, relay: int, ask: Ask) -> None:
    with house.database.writing() as session:
        session.execute(update(Relay).values(trouble="it was away", retry_at=house.now()))

    assert ask("one").connections == 1
    assert ask("two").connections == 0

    with house.database.writing() as session:
        session.execute(update(Relay).values(trouble="", retry_at=None))
    assert ask("two").connections is None


def test_a_relay_that_rests_is_left_alone_by_all(house: House, relay: int, ask: Ask) -> None:
    with house.database.writing() as session:
        later = house.now() + timedelta(seconds=1000)
        session.execute(update(Relay).values(trouble="it is away", retry_at=later))

    assert 900 < ask("one").rests_for <= 1000


def test_setting_a_limit_forgets_what_was_learnt(house: House, relay: int, ask: Ask) -> None:
    ask("one", speed=40.0, is_slowed=True)
    assert pace(house).rate == 20.0

    limit(house, relay, Limits(rate=100.0))

    assert pace(house).rate is None
    with pytest.raises(BadInput, match="There is no group nobody"):
        limit(house, relay, Limits(), group="nobody")
