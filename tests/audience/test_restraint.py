"""How much mail a form can cause: to one address, and to the addresses of one domain."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.audience.consents import Words
from newsletter.audience.restraint import MAIL_AGAIN_AFTER, refuse_crowds
from newsletter.audience.subscribing import Request, ask_to_subscribe
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import TooMany
from newsletter.models import Consent, Notice, Publication, Section
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication, make_section, make_subscriber
from tests.support.locks import somebody_waits

Place = tuple[Publication, Section, Section]


@pytest.fixture
def place(house: House) -> Place:
    with house.database.writing() as session:
        publication = make_publication(session)
        mail, craft = make_section(session, publication, "mail"), make_section(session, publication, "craft")
        make_subscriber(session, publication, mail, address="known@example.org")
        return publication, mail, craft


def ask(
    house: House, place: Place, *sections: Section, address: str = "ada@example.org", **at: float
) -> None:
    with house.database.writing() as session:
        ask_inside(session, house, place, *sections, address=address, **at)


def ask_inside(
    session: Session, house: House, place: Place, *sections: Section, address: str, **at: float
) -> None:
    request = Request(parse_address(address), "", [section.id for section in sections], Words("w", "s"))
    ask_to_subscribe(session, house.bell, house.hasher, place[0].id, request, NOW + timedelta(**at))


def mails(house: House) -> list[tuple[str, datetime]]:
    with house.database.reading() as session:
        return [(each.kind, each.next_at) for each in session.scalars(select(Notice).order_by(Notice.id))]


def test_the_same_wish_within_a_minute_is_one_wish(house: House, place: Place) -> None:
    _publication, mail, craft = place

    ask(house, place, mail, craft)
    ask(house, place, craft, mail, seconds=59)
    assert mails(house) == [("confirm", NOW)]

    ask(house, place, mail, craft, seconds=60)
    assert mails(house) == [("confirm", NOW), ("confirm", NOW + MAIL_AGAIN_AFTER)]


def test_another_wish_within_a_minute_is_kept_and_its_mail_waits(house: House, place: Place) -> None:
    _publication, mail, craft = place

    ask(house, place, mail)
    ask(house, place, craft, seconds=10)
    ask(house, place, mail, craft, seconds=20)
    ask(house, place, craft, seconds=30)

    assert mails(house) == [("confirm", NOW + n * MAIL_AGAIN_AFTER) for n in range(3)]
    with house.database.reading() as session:
        wished = session.scalars(select(Consent.section_ids).order_by(Consent.id)).all()
    assert wished == [[mail.id], [craft.id], [mail.id, craft.id]]


def test_who_is_in_already_is_told_once_a_minute(house: House, place: Place) -> None:
    mail = place[1]

    for seconds in (0, 30, 61):
        ask(house, place, mail, address="known@example.org", seconds=seconds)

    assert [kind for kind, _at in mails(house)] == ["already", "already"]


@pytest.mark.parametrize("address", ["new@example.org", "known@example.org"])
def test_a_second_wish_waits_until_the_first_is_written_down(
    house: House, place: Place, address: str
) -> None:
    mail = place[1]
    second = threading.Thread(target=ask, args=(house, place, mail), kwargs={"address": address}, daemon=True)

    with house.database.writing() as session:
        ask_inside(session, house, place, mail, address=address)
        session.flush()
        second.start()
        while second.is_alive() and not somebody_waits(house):
            pass
        assert second.is_alive()
    second.join()

    assert len(mails(house)) == 1


def test_a_host_whose_clock_is_behind_does_not_mail_too_early(house: House, place: Place) -> None:
    mail = place[1]

    ask(house, place, mail)
    ask(house, place, mail, seconds=-90)

    assert len(mails(house)) == 1


@pytest.mark.parametrize(
    ("address", "later", "limit", "is_refused"),
    [
        ("new@crowd.example", 0, 2, True),
        ("NEW@CROWD.example", 0, 2, True),
        ("new@crowd.example", 0, 3, False),
        ("new@crowd.example", 0, 0, False),
        ("new@crowd.example", 61, 2, False),
        ("new@sub.crowd.example", 0, 2, False),
        ("new@owd.example", 0, 2, False),
    ],
)
def test_only_so_many_of_a_domain_are_mailed_within_the_hour(
    house: House, place: Place, address: str, later: int, limit: int, is_refused: bool
) -> None:
    for number in range(2):
        ask(house, place, place[1], address=f"r{number}@crowd.example")
    now = NOW + timedelta(minutes=later)

    with house.database.reading() as session:
        try:
            refuse_crowds(session, place[0].id, parse_address(address), limit, now)
        except TooMany:
            assert is_refused
        else:
            assert not is_refused


def test_other_mail_to_a_domain_does_not_count(house: House, place: Place) -> None:
    for number in range(2):
        ask(house, place, place[1], address=f"r{number}@crowd.example")
    with house.database.writing() as session:
        session.execute(update(Notice).values(kind="welcome"))

    with house.database.reading() as session:
        refuse_crowds(session, place[0].id, parse_address("new@crowd.example"), 2, NOW)
