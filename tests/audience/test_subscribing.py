"""Double opt-in, leaving, coming back, and the proof of each."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.consents import Words
from newsletter.audience.restraint import MAILS_AN_HOUR
from newsletter.audience.segments import count_followers, newest_departure
from newsletter.audience.subscribing import (
    Confirmation,
    Request,
    ask_to_subscribe,
    choose_sections,
    confirm_subscription,
    leave_section,
    return_to_section,
)
from newsletter.audience.suppression import (
    SuppressionReason,
    Why,
    has_bounced,
    is_suppressed,
    suppress,
    suppress_bounced,
)
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadLink
from newsletter.domain.states import ConsentKind, SubscriberState
from newsletter.jobs import Job
from newsletter.models import Consent, Notice, Publication, Section, Subscriber
from newsletter.wiring import House
from tests.conftest import Rings
from tests.support.factories import NOW, make_publication, make_section, make_subscriber

WORDS = Words("Send me new posts from Mail.", "a test", "192.0.2.1")
ADDRESS = "ada@example.org"


@pytest.fixture
def place(house: House) -> tuple[Publication, Section, Section]:
    with house.database.writing() as session:
        publication = make_publication(session)
        return (
            publication,
            make_section(session, publication, "mail"),
            make_section(session, publication, "craft"),
        )


def ask(
    house: House, publication: Publication, *sections: Section, address: str = ADDRESS, **moment: float
) -> None:
    request = Request(parse_address(address), "Ada", [section.id for section in sections], WORDS)
    with house.database.writing() as session:
        ask_to_subscribe(
            session, house.bell, house.hasher, publication.id, request, NOW + timedelta(**moment)
        )


def confirm(house: House, consent: Consent) -> Confirmation:
    with house.database.writing() as session:
        return confirm_subscription(session, house.bell, consent.public_id, WORDS, NOW)


def notices(session: Session) -> list[str]:
    return list(session.scalars(select(Notice.kind).order_by(Notice.id)))


def the_subscriber(session: Session) -> Subscriber:
    return session.scalars(select(Subscriber)).one()


def asked(house: House) -> Consent:
    with house.database.reading() as session:
        return session.scalars(
            select(Consent).where(Consent.kind == ConsentKind.ASKED).order_by(Consent.id.desc())
        ).first() or pytest.fail("nobody asked")


def test_asking_makes_a_pending_subscriber_who_gets_one_mail(house, place, rings: Rings) -> None:
    publication, mail, _craft = place

    ask(house, publication, mail)

    with house.database.reading() as session:
        assert the_subscriber(session).state is SubscriberState.PENDING
        assert count_followers(session, mail.id) == 0
        assert notices(session) == ["confirm"]
    assert rings.jobs == [Job.NOTICES]


def test_confirming_starts_the_chosen_sections_only_and_welcomes(house, place) -> None:
    publication, mail, craft = place
    ask(house, publication, mail)

    outcome = confirm(house, asked(house))

    assert outcome is Confirmation.CONFIRMED
    with house.database.reading() as session:
        assert the_subscriber(session).state is SubscriberState.ACTIVE
        assert (count_followers(session, mail.id), count_followers(session, craft.id)) == (1, 0)
        assert notices(session) == ["confirm", "welcome"]


def test_every_yes_is_kept_with_time_wording_and_source(house, place) -> None:
    publication, mail, _craft = place
    ask(house, publication, mail)
    confirm(house, asked(house))

    with house.database.reading() as session:
        first, second = session.scalars(select(Consent).order_by(Consent.id))

    assert (first.kind, second.kind) == (ConsentKind.ASKED, ConsentKind.CONFIRMED)
    assert second.answers_id == first.id
    for consent in (first, second):
        assert consent.at == NOW
        assert (consent.wording, consent.source, consent.client) == (WORDS.wording, "a test", "192.0.2.1")
        assert consent.section_ids == [mail.id]


def test_who_adds_a_section_is_told_what_they_get_now(house, place) -> None:
    publication, mail, craft = place
    ask(house, publication, mail)
    confirm(house, asked(house))
    ask(house, publication, craft, minutes=61)

    confirm(house, asked(house))

    with house.database.reading() as session:
        assert notices(session) == ["confirm", "welcome", "confirm", "section_change"]


def test_confirming_twice_changes_nothing(house, place) -> None:
    publication, mail, _craft = place
    ask(house, publication, mail)
    confirm(house, asked(house))

    again = confirm(house, asked(house))

    assert again is Confirmation.ALREADY
    with house.database.reading() as session:
        assert notices(session) == ["confirm", "welcome"]


def test_an_old_confirm_link_does_not_undo_leaving(house, place) -> None:
    publication, mail, _craft = place
    ask(house, publication, mail)
    confirm(house, asked(house))
    with house.database.writing() as session:
        leave_section(session, the_subscriber(session), session.get_one(Section, mail.id), WORDS, NOW)

    again = confirm(house, asked(house))

    assert again is Confirmation.ALREADY
    with house.database.reading() as session:
        assert count_followers(session, mail.id) == 0
        assert the_subscriber(session).state is SubscriberState.LEFT


def test_somebody_who_is_in_already_is_told_so_by_mail_only(house, place) -> None:
    publication, mail, _craft = place
    with house.database.writing() as session:
        make_subscriber(session, publication, mail, address=ADDRESS)

    ask(house, publication, mail)

    with house.database.reading() as session:
        assert notices(session) == ["already"]


def test_asking_for_one_more_section_needs_a_new_yes(house, place) -> None:
    publication, mail, craft = place
    with house.database.writing() as session:
        make_subscriber(session, publication, mail, address=ADDRESS)

    ask(house, publication, mail, craft)

    with house.database.reading() as session:
        assert notices(session) == ["confirm"]
        assert count_followers(session, craft.id) == 0


def test_one_mailbox_in_two_spellings_is_one_subscriber(house, place) -> None:
    publication, mail, _craft = place

    ask(house, publication, mail, address="Ada@Example.ORG")
    ask(house, publication, mail, address="ada@example.org")

    with house.database.reading() as session:
        assert len(session.scalars(select(Subscriber)).all()) == 1


def test_an_address_gets_only_so_many_mails_an_hour(house, place) -> None:
    publication, mail, _craft = place

    for minute in range(MAILS_AN_HOUR + 4):
        ask(house, publication, mail, minutes=minute)
    with house.database.reading() as session:
        assert notices(session) == ["confirm"] * MAILS_AN_HOUR

    ask(house, publication, mail, hours=2)
    with house.database.reading() as session:
        assert len(notices(session)) == MAILS_AN_HOUR + 1


@pytest.mark.parametrize("reason", [SuppressionReason.NO_MAILBOX, SuppressionReason.UNREACHABLE])
def test_whoever_bounced_and_says_yes_again_is_mailed_again(house, place, reason) -> None:
    publication, mail, _craft = place
    address = parse_address(ADDRESS)
    ask(house, publication, mail)
    confirm(house, asked(house))
    with house.database.writing() as session:
        subscriber = the_subscriber(session)
        keys, why = {subscriber.id: subscriber.address_key}, Why(reason, "a campaign", NOW)
        suppress_bounced(session, house.hasher, publication.id, keys, why)

    ask(house, publication, mail, hours=2)

    with house.database.reading() as session:
        assert notices(session)[-1] == "confirm", "though it follows already"
        assert has_bounced(session, house.hasher, publication.id, address), "not before the yes"
        assert count_followers(session, mail.id) == 0
    confirm(house, asked(house))
    with house.database.reading() as session:
        assert not is_suppressed(session, house.hasher, publication.id, address)
        assert count_followers(session, mail.id) == 1


def test_a_suppressed_address_leaves_no_trace(house, place) -> None:
    publication, mail, _craft = place
    address = parse_address("Ada@example.org")
    with house.database.writing() as session:
        suppress(session, house.hasher, publication.id, address, reason="complaint", now=NOW)

    ask(house, publication, mail)

    with house.database.reading() as session:
        assert is_suppressed(session, house.hasher, publication.id, parse_address(ADDRESS))
        assert notices(session) == []
        assert session.scalars(select(Subscriber)).all() == []


def test_leaving_is_noted_once_and_moves_the_departure_number(house, place) -> None:
    publication, mail, craft = place
    with house.database.writing() as session:
        make_subscriber(session, publication, mail, craft, address=ADDRESS)
        before = newest_departure(session)

    with house.database.writing() as session:
        assert leave_section(session, the_subscriber(session), session.get_one(Section, mail.id), WORDS, NOW)
    with house.database.writing() as session:
        assert not leave_section(
            session, the_subscriber(session), session.get_one(Section, mail.id), WORDS, NOW
        )

    with house.database.reading() as session:
        assert newest_departure(session) == before + 1
        assert the_subscriber(session).state is SubscriberState.ACTIVE
        assert (count_followers(session, mail.id), count_followers(session, craft.id)) == (0, 1)
        withdrawn = session.scalars(select(Consent).where(Consent.kind == ConsentKind.WITHDRAWN)).one()
        assert withdrawn.section_ids == [mail.id]


def test_leaving_the_last_section_is_leaving(house, place) -> None:
    publication, mail, _craft = place
    with house.database.writing() as session:
        reader = make_subscriber(session, publication, mail)
        leave_section(session, reader, mail, WORDS, NOW)

    with house.database.reading() as session:
        assert the_subscriber(session).state is SubscriberState.LEFT


def test_undo_brings_back_what_was_left(house, place) -> None:
    publication, mail, craft = place
    with house.database.writing() as session:
        reader = make_subscriber(session, publication, mail, craft)
        leave_section(session, reader, mail, WORDS, NOW)
        return_to_section(session, reader, mail, WORDS, NOW)

    with house.database.reading() as session:
        assert (count_followers(session, mail.id), count_followers(session, craft.id)) == (1, 1)
        assert the_subscriber(session).state is SubscriberState.ACTIVE


def test_choosing_sections_turns_some_on_and_some_off(house, place) -> None:
    publication, mail, craft = place
    with house.database.writing() as session:
        reader = make_subscriber(session, publication, mail)
        choose_sections(session, reader, [craft.id], WORDS, NOW)

    with house.database.reading() as session:
        assert (count_followers(session, mail.id), count_followers(session, craft.id)) == (0, 1)
        kinds = session.scalars(select(Consent.kind).order_by(Consent.id)).all()
        assert kinds == [ConsentKind.CHANGED, ConsentKind.WITHDRAWN]


def test_a_request_of_an_erased_person_opens_nothing(house, place) -> None:
    publication, mail, _craft = place
    ask(house, publication, mail)
    with house.database.writing() as session:
        the_subscriber(session).state = SubscriberState.ERASED

    with pytest.raises(BadLink):
        confirm(house, asked(house))


def test_a_name_somebody_typed_counts_only_when_the_owner_says_yes(house, place) -> None:
    publication, mail, _craft = place
    ask(house, publication, mail)
    with house.database.reading() as session:
        assert the_subscriber(session).name == ""

    confirm(house, asked(house))

    with house.database.reading() as session:
        assert the_subscriber(session).name == "Ada"
