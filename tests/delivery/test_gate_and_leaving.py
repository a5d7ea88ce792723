"""Leaving and the gate never overlap: who comes second waits for the first, sees it, and waits no longer."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy.orm import Session

from newsletter.audience.consents import Words
from newsletter.audience.subscribing import leave_section
from newsletter.database import close_gate, enter_gate
from newsletter.delivery.entries import Holding, Passage
from newsletter.delivery.ledger import Ledger
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Campaign, Section, Subscriber
from newsletter.wiring import House
from tests.delivery.worker import batch_now, taken, wish
from tests.support.factories import NOW, make_publication, make_section, make_subscriber
from tests.support.ledgers import assert_counts_add_up, states
from tests.support.locks import somebody_waits
from tests.support.stack import wait_for

T = TypeVar("T")


@pytest.fixture
def follower(house: House) -> tuple[Subscriber, Section]:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        return make_subscriber(session, publication, section), section


def start_leaving(house: House, follower: tuple[Subscriber, Section]) -> threading.Thread:
    def leave() -> None:
        with house.database.writing() as session:
            reader = session.get_one(Subscriber, follower[0].id)
            leave_section(session, reader, follower[1], Words("", ""), NOW)

    thread = threading.Thread(target=leave, daemon=True)
    thread.start()
    return thread


def test_leaving_waits_for_a_gate_that_is_being_passed(house: House, follower) -> None:
    with house.database.writing() as session:
        enter_gate(session)
        leaving = start_leaving(house, follower)
        wait_for(lambda: somebody_waits(house) or not leaving.is_alive())

        assert leaving.is_alive()

    leaving.join()
    with house.database.reading() as session:
        assert session.get_one(Subscriber, follower[0].id).state == "left"


def test_gates_do_not_wait_for_each_other(house: House, follower) -> None:
    if house.database.is_sqlite:
        return  # writers take turns there, and one process sends
    with house.database.writing() as one, house.database.writing() as other:
        enter_gate(one)
        enter_gate(other)

        assert not somebody_waits(house)


def test_a_group_waits_for_nobody_who_passes_the_gate(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    if house.database.is_sqlite:
        return
    holding = taken(ledger)
    with house.database.writing() as other:
        enter_gate(other)

        assert ledger.post([wish(holding)]) == [Passage.OPEN]


def meanwhile(house: House, change: Callable[[Session], object], act: Callable[[], T]) -> T:
    """Act while a change is made that is not committed yet, and return what came of it."""
    with ThreadPoolExecutor(1) as thread:
        with house.database.writing() as session:
            change(session)
            session.flush()
            acting: Future[T] = thread.submit(act)
            wait_for(lambda: somebody_waits(house) or acting.done())
            assert not acting.done()
        return acting.result(25)


def leaving(holding: Holding, index: int) -> Callable[[Session], object]:
    def leave(session: Session) -> None:
        reader = session.get_one(Subscriber, holding.recipients[index].subscriber_id)
        section = session.get_one(Section, holding.lease.section_id)
        leave_section(session, reader, section, Words("", ""), NOW)

    return leave


def stopping(holding: Holding, state: CampaignState) -> Callable[[Session], object]:
    def stop(session: Session) -> None:
        close_gate(session)
        session.get_one(Campaign, holding.lease.campaign_id).state = state

    return stop


def test_a_group_sees_whoever_left_while_it_waited(house: House, campaign: Campaign, ledger: Ledger) -> None:
    holding = taken(ledger)

    answers = meanwhile(house, leaving(holding, 1), lambda: ledger.post([wish(holding, 1)]))

    assert answers == [Passage.LOOK_AGAIN]
    assert batch_now(house, holding).in_flight == ""
    assert list(ledger.look_again(holding, [holding.recipients[1].subscriber_id]))


def test_a_group_sees_that_its_campaign_was_paused_while_it_waited(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)

    answers = meanwhile(house, stopping(holding, CampaignState.PAUSED), lambda: ledger.post([wish(holding)]))

    assert answers == [Passage.STOP]


def test_a_second_look_sees_whoever_left_while_it_waited(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger)
    waiting = [each.subscriber_id for each in holding.recipients]

    gone = meanwhile(house, leaving(holding, 2), lambda: ledger.look_again(holding, waiting))

    assert set(gone) == {waiting[2]}
    assert ledger.post([wish(holding, 0)]) == [Passage.OPEN]


def test_a_batch_that_is_loaded_sees_whoever_left_while_it_waited(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    first = taken(ledger)
    ledger.give_back(first)
    again = ledger.lease("two")
    assert again is not None

    meanwhile(house, leaving(first, 0), lambda: ledger.load(again))

    assert len(again.recipients) == 2
    assert states(house, campaign.id) == {DeliveryState.SKIPPED: 1, DeliveryState.PLANNED: 2}
    assert_counts_add_up(house, campaign.id)
