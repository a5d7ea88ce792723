"""When the database is away: what is known is written down as soon as it is back."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from newsletter.delivery.desk import Desk
from newsletter.delivery.entries import Entry, Passage, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.posting_postgresql import PostgresPosting
from newsletter.domain.outcomes import Outcome, Reply, Verdict
from newsletter.domain.states import DeliveryState
from newsletter.models import Campaign
from newsletter.wiring import House
from tests.delivery.worker import ACCEPTED, LATER, batch_now, intend, lose, row_now, taken, wish
from tests.support.ledgers import assert_counts_add_up

D = DeliveryState


@pytest.fixture
def desk(house: House) -> Iterator[Desk]:
    desk = Desk(house.database)
    yield desk
    desk.close()


class Outage:
    """The ledger's tables are away until somebody asks for the second time whether to give up."""

    def __init__(self, house: House, asked: int = 2) -> None:
        self._house = house
        self._patience = asked
        self._rename("delivery", "elsewhere")

    def is_over(self) -> bool:
        self._patience -= 1
        if not self._patience:
            self._rename("elsewhere", "delivery")
        return False

    def end(self) -> bool:
        self._rename("elsewhere", "delivery")
        return True

    def _rename(self, old: str, new: str) -> None:
        with self._house.database.writing() as session:
            session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


def never() -> bool:
    pytest.fail("the database was away")


def post(ledger: Ledger, desk: Desk, entries: Sequence[Entry], gives_up=never) -> list[Passage]:
    return asyncio.run(ledger.post_surely(entries, desk, gives_up))


def test_a_post_of_the_event_loop_is_durable_too(
    house: House, campaign: Campaign, ledger: Ledger, desk: Desk
) -> None:
    holding = taken(ledger)

    assert post(ledger, desk, [wish(holding, 0)]) == [Passage.OPEN]
    entry = wish(holding, 1, after=Result(holding, holding.recipients[0], ACCEPTED))
    assert post(ledger, desk, [entry]) == [Passage.OPEN]

    assert row_now(house, holding, holding.recipients[0]).state is D.ACCEPTED
    assert batch_now(house, holding).sending == 1
    assert_counts_add_up(house, campaign.id)


def test_a_late_result_of_the_event_loop_is_taken_too(
    house: House, campaign: Campaign, ledger: Ledger, desk: Desk
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    lose(house, holding, timedelta(hours=1))

    assert post(ledger, desk, [Entry(Result(holding, recipient, ACCEPTED))]) == [Passage.NOTED]

    assert row_now(house, holding, recipient).state is D.ACCEPTED
    assert_counts_add_up(house, campaign.id)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_a_post_is_repeated_until_the_database_is_back(
    house: House, campaign: Campaign, ledger: Ledger, desk: Desk, late: bool
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    if late:
        lose(house, holding, timedelta(hours=1))
    outage = Outage(house)

    entry = wish(holding, 1, after=Result(holding, recipient, LATER))
    answers = post(ledger, desk, [entry], outage.is_over)

    row = row_now(house, holding, recipient)
    assert answers == [Passage.FENCED if late else Passage.OPEN]
    assert (row.state, row.refusals) == (D.DEFERRED, 1)
    assert_counts_add_up(house, campaign.id)


def test_a_post_is_given_up_when_it_has_been_long_enough(
    house: House, campaign: Campaign, ledger: Ledger, desk: Desk
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    outage = Outage(house)

    with pytest.raises(house.database.driver_errors):
        post(ledger, desk, [wish(holding, 1, after=Result(holding, recipient, LATER))], outage.end)

    assert set(holding.in_flight) == {recipient.subscriber_id}
    assert batch_now(house, holding).sending == 1
    assert_counts_add_up(house, campaign.id)


def test_a_group_that_cannot_be_written_leaves_no_trace(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    outage = Outage(house)

    with pytest.raises(house.database.driver_errors):
        ledger.post([wish(holding, 1, after=Result(holding, recipient, LATER))])
    outage.end()
    ledger.close()

    assert batch_now(house, holding).sending == 1
    assert row_now(house, holding, recipient).state is D.PLANNED
    assert_counts_add_up(house, campaign.id)


def hang_up_on_all(house: House) -> None:
    """The server ends every connection but this one."""
    with house.database.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )


def test_a_connection_that_the_server_ended_is_replaced(
    house: House, campaign: Campaign, ledger: Ledger, desk: Desk
) -> None:
    if house.database.is_sqlite:
        return  # a file does not hang up
    holding = taken(ledger)
    recipient = intend(ledger, holding)
    hang_up_on_all(house)

    entry = wish(holding, 1, after=Result(holding, recipient, ACCEPTED))
    answers = post(ledger, desk, [entry], lambda: False)

    assert answers == [Passage.OPEN]
    assert row_now(house, holding, recipient).state is D.ACCEPTED
    assert_counts_add_up(house, campaign.id)


def test_a_group_larger_than_the_socket_takes_at_once_is_written(
    house: House, campaign: Campaign, ledger: Ledger, desk: Desk
) -> None:
    """Its results are of tries that never were: only their size matters."""
    if house.database.is_sqlite:
        return
    holding = taken(ledger)
    wordy = Outcome(Verdict.PERMANENT, reply=Reply(550, "", "no " * 500))
    never_was = holding.recipients[0]._replace(attempt=9)
    entries = [Entry(Result(holding, never_was, wordy)) for _ in range(4000)]

    assert post(ledger, desk, [*entries, wish(holding)])[-1] is Passage.OPEN
    assert ledger.post([*entries, wish(holding)])[-1] is Passage.OPEN
    assert_counts_add_up(house, campaign.id)


def test_the_errors_of_the_raw_connection_are_known_as_the_databases(house: House) -> None:
    if house.database.is_sqlite:
        return
    posting = PostgresPosting(house.database, timedelta(seconds=20))
    posting.post([], [])
    hang_up_on_all(house)

    with pytest.raises(house.database.driver_errors) as caught:
        posting.post([], [])
    posting.reset()

    assert not isinstance(caught.value, DBAPIError)
    assert posting.post([], []) == {}
    posting.reset()
