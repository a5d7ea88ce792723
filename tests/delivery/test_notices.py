"""Single mails: right words to the right person, tried again, never lost with their worker."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.audience.consents import Words
from newsletter.audience.subscribing import Request, ask_to_subscribe
from newsletter.delivery.recovery import recover_notices
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import DeliveryState, SubscriberState, SubscriptionState
from newsletter.models import Notice, Section, Subscriber, Subscription
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication, make_section
from tests.support.relay import Relay

ADDRESS = "ada@example.org"


@pytest.fixture
def waiting(mailing_house: House) -> House:
    """A house in which one confirmation waits to be sent."""
    with mailing_house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication, "mail", "How mail works")
        request = Request(parse_address(ADDRESS), "Ada", [section.id], Words("Send me posts.", "a test"))
        ask_to_subscribe(
            session, mailing_house.bell, mailing_house.hasher, publication.id, request, mailing_house.now()
        )
    return mailing_house


def send(house: House) -> None:
    sender = house.sender()
    sender.send_notices(lambda: False)
    sender.close()


def the_notice(house: House) -> Notice:
    with house.database.reading() as session:
        return session.scalars(select(Notice)).one()


def test_a_confirmation_says_what_and_to_whom_and_links_to_its_button(waiting: House, relay: Relay) -> None:
    send(waiting)

    (mail,) = relay.to(ADDRESS)
    assert mail.message["Subject"] == "Confirm your subscription to Return Path"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "How mail works" in mail.text
    assert mail.link("confirm") in mail.html
    assert the_notice(waiting).state is DeliveryState.ACCEPTED


def test_a_sent_notice_keeps_no_payload(waiting: House, relay: Relay) -> None:
    send(waiting)

    assert the_notice(waiting).payload == {}


def test_a_notice_that_is_refused_for_now_is_tried_again(waiting: House, relay: Relay) -> None:
    relay.on_recipient = lambda _address: "451 4.7.1 greylisted"
    send(waiting)
    deferred = the_notice(waiting)
    assert (deferred.state, deferred.refusals) == (DeliveryState.DEFERRED, 1)

    relay.on_recipient = lambda _address: None
    with waiting.database.writing() as session:
        session.execute(update(Notice).values(next_at=NOW))
    send(waiting)

    assert the_notice(waiting).state is DeliveryState.ACCEPTED
    assert len(relay.to(ADDRESS)) == 1


def test_a_notice_for_somebody_erased_is_not_sent(waiting: House, relay: Relay) -> None:
    with waiting.database.writing() as session:
        session.execute(update(Subscriber).values(state=SubscriberState.ERASED, address=None))

    send(waiting)

    assert relay.accepted == []
    assert the_notice(waiting).state is DeliveryState.SKIPPED


def test_a_claim_whose_worker_vanished_is_taken_up_again_with_the_same_message_id(
    waiting: House, relay: Relay
) -> None:
    desk = waiting.notice_desk()
    claimed = desk.claim()
    assert claimed is not None
    with waiting.database.writing() as session:
        session.execute(update(Notice).values(next_at=NOW - timedelta(days=1)))

    assert recover_notices(waiting.database) == 1
    send(waiting)

    (mail,) = relay.to(ADDRESS)
    assert str(mail.message["Message-ID"]).encode() in (desk.write(claimed) or b"")
    assert (the_notice(waiting).state, the_notice(waiting).resends) == (DeliveryState.ACCEPTED, 1)


def test_a_notice_is_claimed_by_one_worker(waiting: House) -> None:
    assert waiting.notice_desk().claim() is not None
    assert waiting.notice_desk().claim() is None


def test_a_broken_template_puts_its_notice_off_and_blocks_nobody(
    waiting: House, relay: Relay, tmp_path: Path
) -> None:
    (tmp_path / "mails" / "confirm").mkdir(parents=True)
    (tmp_path / "mails" / "confirm" / "body.txt").write_text("{{ no_such_thing }}")
    broken = House(waiting.settings.model_copy(update={"templates": tmp_path / "mails"}), waiting.ring)
    with waiting.database.writing() as session:
        first = session.scalars(select(Notice)).one()
        welcome = Notice(
            publication_id=first.publication_id,
            kind="welcome",
            subscriber_id=first.subscriber_id,
            next_at=waiting.now(),
            created_at=NOW,
        )
        session.add(welcome)

    send(broken)
    broken.database.close()

    assert [mail.message["Subject"] for mail in relay.accepted] == ["Welcome to Return Path"]
    with waiting.database.reading() as session:
        put_off = session.get_one(Notice, first.id)
    assert put_off.state is DeliveryState.DEFERRED
    assert (put_off.detail or "").startswith("The mail template confirm/body.txt")


def test_a_changed_choice_is_mailed_with_all_that_is_followed(waiting: House, relay: Relay) -> None:
    with waiting.database.writing() as session:
        first = session.scalars(select(Notice)).one()
        section = session.scalars(select(Section)).first()
        assert section is not None
        session.execute(update(Subscriber).values(state=SubscriberState.ACTIVE))
        session.execute(update(Subscription).values(state=SubscriptionState.CONFIRMED))
        changed = Notice(
            publication_id=first.publication_id,
            kind="section_change",
            subscriber_id=first.subscriber_id,
            next_at=waiting.now(),
            created_at=NOW,
        )
        session.add(changed)

    send(waiting)

    (mail,) = (each for each in relay.accepted if each.message["Subject"] == "What you get from Return Path")
    assert f"sends these to {ADDRESS}:\n{section.name}\n" in mail.text
    assert "/preferences/" in mail.link("preferences")
