"""The way back for addresses that we stopped writing to."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.audience.consents import Words
from newsletter.audience.forgetting import forget_unconfirmed
from newsletter.audience.returning import may_return, why_stopped, write_again
from newsletter.audience.segments import count_followers
from newsletter.audience.subscribing import Request, ask_to_subscribe, confirm_subscription
from newsletter.audience.suppression import SuppressionReason, is_suppressed, suppress, suppressions
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput
from newsletter.domain.states import ConsentKind
from newsletter.models import Consent, Publication, Section, Subscriber
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication, make_section, make_subscriber

ADDRESS = parse_address("ada@example.org")
WORDS = Words("Write to me again.", "a test", "192.0.2.1")


@pytest.fixture
def place(house: House) -> tuple[Publication, Section, Subscriber]:
    with house.database.writing() as session:
        publication = make_publication(session)
        mail = make_section(session, publication, "mail")
        return publication, mail, make_subscriber(session, publication, mail, address=ADDRESS.wire)


def stop(house: House, publication: Publication, reason: str) -> None:
    with house.database.writing() as session:
        suppress(session, house.hasher, publication.id, ADDRESS, reason=reason, now=NOW)


@pytest.mark.parametrize("reason", SuppressionReason)
def test_the_owner_of_the_mailbox_ends_it_and_the_words_are_kept(house, place, reason: str) -> None:
    publication, mail, reader = place
    stop(house, publication, reason)

    with house.database.writing() as session:
        stopped = why_stopped(session, house.hasher, reader)
        assert stopped
        assert (stopped.reason, stopped.at, may_return(stopped)) == (reason, NOW, True)
        write_again(session, house.hasher, reader, WORDS, NOW)
        write_again(session, house.hasher, reader, WORDS, NOW)

    with house.database.reading() as session:
        assert why_stopped(session, house.hasher, reader) is None
        assert count_followers(session, mail.id) == 1
        kept = session.scalars(select(Consent)).one()
    assert (kept.kind, kept.wording, kept.section_ids) == (ConsentKind.CHANGED, WORDS.wording, [mail.id])


def test_what_somebody_else_decided_stands(house: House, place) -> None:
    publication, _mail, reader = place
    stop(house, publication, "by hand")

    with pytest.raises(BadInput, match="Please write to them"), house.database.writing() as session:
        write_again(session, house.hasher, reader, WORDS, NOW)

    with house.database.reading() as session:
        assert is_suppressed(session, house.hasher, publication.id, ADDRESS)


def test_a_bounce_from_before_somebody_was_forgotten_ends_with_their_new_yes(house: House, place) -> None:
    publication, mail, _reader = place
    new, then = parse_address("new@example.org"), NOW - timedelta(days=40)

    def ask(at) -> str:
        wish = Request(new, "", [mail.id], WORDS)
        with house.database.writing() as session:
            ask_to_subscribe(session, house.bell, house.hasher, publication.id, wish, at)
            newest = select(Consent.public_id).order_by(Consent.id.desc()).limit(1)
            return session.scalars(newest).one()

    ask(then)
    with house.database.writing() as session:
        reason = SuppressionReason.NO_MAILBOX
        suppress(session, house.hasher, publication.id, new, reason=reason, now=then)
    forget_unconfirmed(house.database, NOW)

    consent = ask(NOW)
    with house.database.writing() as session:
        assert [address for _each, address in suppressions(session, publication.id)] == [new.wire]
        confirm_subscription(session, house.bell, consent, WORDS, NOW)

    with house.database.reading() as session:
        assert not is_suppressed(session, house.hasher, publication.id, new)
