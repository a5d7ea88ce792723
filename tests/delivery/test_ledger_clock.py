"""Whose clock decides: the database's, whatever this machine's wall clock does.

On SQLite the database's clock is this machine's wall clock, and a jump of it is a jump of time itself.
"""

from contextlib import closing
from datetime import datetime, timedelta

import pytest
import time_machine

from newsletter.database import clock
from newsletter.delivery.entries import Passage
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.recovery import recover_batches
from newsletter.models import Batch, Campaign
from newsletter.wiring import House
from tests.delivery.worker import LATER, UNCERTAIN, batch_now, intend, row_now, say, taken, wish

AN_HOUR = timedelta(hours=1)
A_MINUTE = timedelta(minutes=1)
JUMPS = pytest.mark.parametrize("jump", [AN_HOUR, -AN_HOUR], ids=["forward", "back"])


def database_now(house: House) -> datetime:
    with house.database.reading() as session:
        return clock(session)


def jumped(house: House, jump: timedelta) -> time_machine.travel:
    return time_machine.travel(house.now() + jump, tick=True)


def is_about(moment: datetime | None, expected: datetime) -> bool:
    return moment is not None and abs(moment - expected) < A_MINUTE


@JUMPS
@pytest.mark.parametrize("outcome", [LATER, UNCERTAIN], ids=["deferral", "doubt"])
def test_a_jump_of_the_wall_clock_moves_no_next_try(
    house: House, campaign: Campaign, ledger: Ledger, outcome, jump: timedelta
) -> None:
    """The ledger carries on the time its database told it last, on SQLite too."""
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    waits = {LATER: house.settings.retry_waits[0], UNCERTAIN: house.settings.uncertain_grace}
    due = database_now(house) + timedelta(seconds=waits[outcome])

    with jumped(house, jump):
        say(ledger, holding, recipient, outcome)

    assert is_about(row_now(house, holding, recipient).next_at, due)


@JUMPS
def test_a_ledger_asks_its_database_for_the_time(house: House, campaign: Campaign, jump: timedelta) -> None:
    before = database_now(house)

    with jumped(house, jump), closing(house.ledger()) as ledger:
        holding = taken(ledger)
        recipient = intend(ledger, holding)
        say(ledger, holding, recipient, LATER)

    told = before + jump if house.database.is_sqlite else before
    row = row_now(house, holding, recipient)
    assert is_about(row.next_at, told + timedelta(seconds=house.settings.retry_waits[0]))
    assert is_about(row.changed_at, told)


@JUMPS
def test_the_ledger_follows_its_database_from_post_to_post(
    house: House, campaign: Campaign, ledger: Ledger, jump: timedelta
) -> None:
    holding = taken(ledger)
    say(ledger, holding, intend(ledger, holding, 0), UNCERTAIN)
    with jumped(house, jump):
        told = database_now(house)
        say(ledger, holding, holding.recipients[1], UNCERTAIN)
        say(ledger, holding, holding.recipients[2], LATER)

    due = told + timedelta(seconds=house.settings.retry_waits[0])
    assert is_about(row_now(house, holding, holding.recipients[2]).next_at, due)


@JUMPS
def test_a_jump_of_the_wall_clock_ends_no_lease(
    house: House, campaign: Campaign, ledger: Ledger, jump: timedelta
) -> None:
    """On SQLite a lease ends with a jump forward: there nobody else can tell the time."""
    holding = taken(ledger)
    ends = house.database.is_sqlite and jump > timedelta(0)

    with jumped(house, jump):
        answers = ledger.post([wish(holding)])
        recovered = recover_batches(house.database, A_MINUTE)

    assert answers == [Passage.FENCED if ends else Passage.OPEN]
    assert recovered == ([holding.lease.batch_id] if ends else [])


def test_a_lease_is_measured_on_the_database_clock(house: House, campaign: Campaign) -> None:
    with closing(Ledger(house.database, timedelta(seconds=-1), house.rules, house.herald)) as brief:
        holding = brief.lease("one")
        assert holding is not None
        brief.load(holding)

    assert (holding.is_fenced, list(holding.recipients)) == (True, [])


def test_a_lease_lasts_as_long_as_it_is_set_to(house: House, campaign: Campaign) -> None:
    with closing(Ledger(house.database, AN_HOUR, house.rules, house.herald)) as patient:
        holding = taken(patient)
        loaded = batch_now(house, holding).lease_until
        with house.database.writing() as session:
            session.get_one(Batch, holding.lease.batch_id).lease_until = database_now(house) + A_MINUTE
        intend(patient, holding)
        posted = batch_now(house, holding).lease_until

    assert is_about(loaded, database_now(house) + AN_HOUR)
    assert is_about(posted, database_now(house) + AN_HOUR)
