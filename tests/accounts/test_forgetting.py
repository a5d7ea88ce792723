"""Who asked for a link and never used one is forgotten after a while; nobody else is."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.accounts.forgetting import forget_strangers
from newsletter.accounts.signing_in import Asked, ask_to_sign_in, sign_in
from newsletter.audience.forgetting import Forgetter
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import DeliveryState
from newsletter.models import Identity, Notice, Publication, SignIn
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_publication

EVE = parse_address("eve@example.org")
LONG_AGO, BEFORE = NOW - timedelta(days=31), NOW - timedelta(days=30)


@pytest.fixture
def publication(house: House) -> Publication:
    with house.database.writing() as session:
        return make_publication(session)


def ask(house: House, publication: Publication, at=LONG_AGO, address=EVE) -> None:
    with house.database.writing() as session:
        ask_to_sign_in(session, house.bell, publication.id, address, Asked(), at)


def forget(house: House, before=BEFORE) -> int:
    return forget_strangers(house.database, before, 100)


def test_nothing_is_left_that_tells_who_it_was(house: House, publication: Publication) -> None:
    ask(house, publication)

    assert forget(house) == 1

    with house.database.reading() as session:
        gone = session.scalars(select(Identity)).one()
        assert (gone.address, gone.name, gone.erased_at is None) == (None, "", False)
        assert "@" not in gone.address_key
        assert [*session.scalars(select(Notice)), *session.scalars(select(SignIn))] == []
    assert forget(house) == 0
    ask(house, publication, NOW)


@pytest.mark.parametrize("why", ["asked again", "signed in", "was given a role", "is being written to"])
def test_nobody_else_is_forgotten(house: House, publication: Publication, why: str) -> None:
    ask(house, publication)
    with house.database.writing() as session:
        if why == "asked again":
            ask_to_sign_in(session, house.bell, publication.id, EVE, Asked(), BEFORE)
        elif why == "signed in":
            sign_in(session, session.scalars(select(SignIn.public_id)).one(), LONG_AGO)
        elif why == "was given a role":
            make_author(session, publication, EVE.wire)
        else:
            session.execute(update(Notice).values(state=DeliveryState.SENDING))

    assert forget(house) == 0


def test_some_are_forgotten_at_once_and_the_sweeper_does_it(house: House, publication: Publication) -> None:
    for number in range(3):
        at = house.now() - timedelta(days=31)
        ask(house, publication, at, parse_address(f"r{number}@example.org"))

    assert forget_strangers(house.database, house.now() - timedelta(days=30), 1) == 1
    assert Forgetter(30).look(house.database) == 2
    assert Forgetter(0).look(house.database) == 0
