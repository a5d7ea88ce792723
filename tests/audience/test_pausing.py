"""A reader who is away gets no letters for a while, and comes back by themselves."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.audience.consents import Words
from newsletter.audience.pausing import LONGEST, choose_rhythm, go_on, is_paused, pause
from newsletter.audience.segments import count_followers, count_readers, newest_departure
from newsletter.database import clock
from newsletter.domain.errors import BadInput
from newsletter.domain.states import ConsentKind, Rhythm
from newsletter.models import Consent, Section, Subscriber
from newsletter.wiring import House
from tests.support.factories import make_publication, make_section, make_subscriber

WORDS = Words("Send me nothing for a month.", "account page", "192.0.2.1")
MONTH = timedelta(days=30)


@pytest.fixture
def follower(house: House) -> tuple[Subscriber, Section]:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        return make_subscriber(session, publication, section), section


def test_whoever_pauses_gets_no_letters_until_then(house: House, follower) -> None:
    reader, section = follower
    with house.database.writing() as session:
        now = clock(session)
        before = newest_departure(session)
        reader = session.get_one(Subscriber, reader.id)
        pause(session, reader, now + MONTH, WORDS, now)

    with house.database.reading() as session:
        assert count_followers(session, section.id) == 0
        assert count_readers(session, section.publication_id) == 1
        assert newest_departure(session) > before  # senders look again
        assert is_paused(reader, now)
        assert not is_paused(reader, now + MONTH)
    with house.database.writing() as session:
        session.get_one(Subscriber, reader.id).paused_until = now - timedelta(seconds=1)
    with house.database.reading() as session:
        assert count_followers(session, section.id) == 1


def test_going_on_ends_a_pause_and_saying_it_twice_says_it_once(house: House, follower) -> None:
    with house.database.writing() as session:
        now = clock(session)
        reader = session.get_one(Subscriber, follower[0].id)
        pause(session, reader, now + MONTH, WORDS, now)
        for _time in range(2):
            go_on(session, reader, Words("Go on.", "account page"), now)

    with house.database.reading() as session:
        assert count_followers(session, follower[1].id) == 1
        said = session.scalars(select(Consent).where(Consent.wording == "Go on.")).all()
    assert [(each.kind, each.section_ids) for each in said] == [(ConsentKind.CHANGED, [follower[1].id])]


@pytest.mark.parametrize("length", [timedelta(0), -MONTH, LONGEST + timedelta(seconds=1)])
def test_a_pause_lasts_a_year_at_most(house: House, follower, length: timedelta) -> None:
    with house.database.writing() as session, pytest.raises(BadInput):
        now = clock(session)
        pause(session, session.get_one(Subscriber, follower[0].id), now + length, WORDS, now)


def test_a_rhythm_is_kept_with_the_words(house: House, follower) -> None:
    with house.database.writing() as session:
        reader = session.get_one(Subscriber, follower[0].id)
        for _time in range(2):
            choose_rhythm(session, reader, Rhythm.WEEKLY, WORDS, clock(session))

    with house.database.reading() as session:
        assert session.get_one(Subscriber, follower[0].id).rhythm is Rhythm.WEEKLY
        assert len(session.scalars(select(Consent).where(Consent.kind == ConsentKind.CHANGED)).all()) == 1
