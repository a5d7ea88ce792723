"""Who asked and never confirmed is forgotten after a while; nobody else is."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.audience import forgetting
from newsletter.audience.consents import Words
from newsletter.audience.forgetting import Forgetter, forget_unconfirmed
from newsletter.audience.subscribing import Request, ask_to_subscribe, confirm_subscription, leave_section
from newsletter.audience.suppression import is_suppressed, suppress
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadLink
from newsletter.domain.states import DeliveryState, SubscriberState
from newsletter.models import Consent, Notice, Publication, Section, Subscriber, Subscription, Suppression
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication, make_section, make_subscriber
from tests.support.locks import somebody_waits

ADDRESS = "eve@example.org"
WORDS = Words("Send me new posts.", "a test")
LONG_AGO = NOW - timedelta(days=31)
BEFORE = NOW - timedelta(days=30)

Place = tuple[Publication, Section, Section]


@pytest.fixture
def place(house: House) -> Place:
    with house.database.writing() as session:
        publication = make_publication(session)
        return (
            publication,
            make_section(session, publication, "mail"),
            make_section(session, publication, "x"),
        )


def ask(house: House, place: Place, address: str = ADDRESS, at=LONG_AGO, section: int = 1) -> str:
    request = Request(parse_address(address), "Eve", [place[section].id], WORDS)
    with house.database.writing() as session:
        ask_to_subscribe(session, house.bell, house.hasher, place[0].id, request, at)
    with house.database.reading() as session:
        return session.scalars(select(Consent.public_id).order_by(Consent.id.desc())).first() or ""


def confirm(house: House, consent: str) -> None:
    with house.database.writing() as session:
        confirm_subscription(session, house.bell, consent, WORDS, LONG_AGO)


def the_subscriber(house: House) -> Subscriber:
    with house.database.reading() as session:
        return session.scalars(select(Subscriber).order_by(Subscriber.id)).first() or pytest.fail("nobody")


def rows(house: House, *models: type) -> list[int]:
    with house.database.reading() as session:
        return [len(session.scalars(select(model)).all()) for model in models]


def test_nothing_is_left_that_tells_who_it_was(house: House, place: Place) -> None:
    ask(house, place)

    assert forget_unconfirmed(house.database, BEFORE) == 1

    gone = the_subscriber(house)
    assert (gone.state, gone.address, gone.name) == (SubscriberState.ERASED, None, "")
    assert "@" not in gone.address_key
    assert rows(house, Consent, Subscription, Notice) == [0, 0, 0]
    assert forget_unconfirmed(house.database, BEFORE) == 0


def test_their_old_link_says_so_kindly(house: House, place: Place) -> None:
    consent = ask(house, place)
    forget_unconfirmed(house.database, BEFORE)

    with pytest.raises(BadLink, match=r"This request is no longer here\. Please subscribe again"):
        confirm(house, consent)


def test_they_may_ask_again_as_somebody_new(house: House, place: Place) -> None:
    ask(house, place)
    forget_unconfirmed(house.database, BEFORE)

    confirm(house, ask(house, place, at=NOW))

    with house.database.reading() as session:
        states = session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()
    assert states == [SubscriberState.ERASED, SubscriberState.ACTIVE]


@pytest.mark.parametrize("again", [1, 2], ids=["for the same", "for something else"])
def test_the_days_begin_anew_when_they_ask_again(house: House, place: Place, again: int) -> None:
    ask(house, place)
    ask(house, place, at=NOW - timedelta(days=1), section=again)

    assert forget_unconfirmed(house.database, BEFORE) == 0
    assert forget_unconfirmed(house.database, NOW) == 1


def test_who_asked_a_moment_ago_is_not_forgotten(house: House, place: Place) -> None:
    ask(house, place, at=BEFORE)

    assert forget_unconfirmed(house.database, BEFORE) == 0


@pytest.mark.parametrize("then", ["stays", "leaves", "asks for more"])
def test_who_ever_confirmed_is_not_forgotten(house: House, place: Place, then: str) -> None:
    confirm(house, ask(house, place))
    if then == "leaves":
        with house.database.writing() as session:
            mail = session.get_one(Section, place[1].id)
            leave_section(session, session.scalars(select(Subscriber)).one(), mail, WORDS, LONG_AGO)
    if then == "asks for more":
        ask(house, place, section=2, at=LONG_AGO + timedelta(hours=2))

    assert forget_unconfirmed(house.database, NOW) == 0
    assert the_subscriber(house).address == ADDRESS


def test_who_came_without_a_form_and_asks_for_more_is_not_forgotten(house: House, place: Place) -> None:
    with house.database.writing() as session:
        make_subscriber(session, place[0], place[1], address=ADDRESS).created_at = LONG_AGO
    ask(house, place, section=2)

    assert forget_unconfirmed(house.database, NOW) == 0
    assert the_subscriber(house).address == ADDRESS


def test_who_is_being_written_to_this_moment_is_not_forgotten(house: House, place: Place) -> None:
    ask(house, place)
    with house.database.writing() as session:
        session.execute(update(Notice).values(state=DeliveryState.SENDING))

    assert forget_unconfirmed(house.database, BEFORE) == 0


def test_that_an_address_must_not_be_mailed_is_never_forgotten(house: House, place: Place) -> None:
    ask(house, place)
    address = parse_address(ADDRESS)
    with house.database.writing() as session:
        suppress(session, house.hasher, place[0].id, address, reason="complaint", now=NOW)

    assert forget_unconfirmed(house.database, BEFORE) == 1

    with house.database.reading() as session:
        assert is_suppressed(session, house.hasher, place[0].id, address)
        assert session.scalars(select(Suppression.subscriber_id)).one() is None


def test_a_look_forgets_some_and_the_next_one_goes_on(house: House, place: Place, monkeypatch) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    for number in range(3):
        ask(house, place, f"r{number}@example.org")
    forgetter = Forgetter(30)
    with house.database.writing() as session:
        for each in session.scalars(select(Consent)):
            each.at = house.now() - timedelta(days=31)
        session.execute(update(Subscriber).values(created_at=house.now() - timedelta(days=31)))

    assert [forgetter.look(house.database) for _time in range(3)] == [2, 1, 0]

    ask(house, place, "late@example.org")
    assert forgetter.look(house.database) == 0, "the next look is in an hour"


def test_zero_days_are_never(house: House, place: Place) -> None:
    ask(house, place, at=house.now() - timedelta(days=10_000))

    assert Forgetter(0).look(house.database) == 0
    assert Forgetter(30).look(house.database) == 1


def test_the_sweeper_looks(house: House, place: Place) -> None:
    ask(house, place, at=house.now() - timedelta(days=31))

    house.sweep("a worker").run()

    assert the_subscriber(house).address is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_asks_while_being_forgotten_is_somebody_new(house: House, place: Place) -> None:
    ask(house, place)
    asking = threading.Thread(target=ask, args=(house, place), kwargs={"at": NOW}, daemon=True)

    with house.database.writing() as session:
        ids = session.scalars(select(Subscriber.id).with_for_update()).all()
        forgetting._forget(session, ids, NOW)
        asking.start()
        while asking.is_alive() and not somebody_waits(house):
            pass
    asking.join()

    with house.database.reading() as session:
        states = session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()
    assert states == [SubscriberState.ERASED, SubscriberState.PENDING]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_has_the_row_at_this_moment_is_left_for_later(house: House, place: Place) -> None:
    ask(house, place)

    with house.database.writing() as session:
        session.scalars(select(Subscriber).with_for_update()).one()
        assert forget_unconfirmed(house.database, BEFORE) == 0

    assert forget_unconfirmed(house.database, BEFORE) == 1
