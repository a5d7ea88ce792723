"""An account moves to another address when both mailboxes have said yes, and not before."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter.accounts.identities import claim_identity, find_identity
from newsletter.accounts.moving import CHANGES_A_DAY, ask_to_move, drop_changes, open_change
from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.audience.consents import Words
from newsletter.audience.subscribers import choices
from newsletter.audience.suppression import (
    SuppressionReason,
    Why,
    find_suppression,
    suppress,
    suppress_bounced,
)
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput, BadLink, ExpiredLink, NotAllowed, TooMany
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import ConsentKind, DeliveryState, SubscriberState
from newsletter.models import (
    Ban,
    Comment,
    Consent,
    Identity,
    Notice,
    PostLike,
    Publication,
    Section,
    Subscriber,
)
from newsletter.privacy.moving import Agreement, agree
from newsletter.wiring import House
from tests.support.factories import (
    NOW,
    make_author,
    make_post,
    make_publication,
    make_section,
    make_subscriber,
)

OLD, NEW = parse_address("old@example.org"), parse_address("new@example.org")
WORDS = Words("Send my letters to my new address.", "change of address")


@pytest.fixture
def place(house: House) -> tuple[Publication, Section, Section]:
    with house.database.writing() as session:
        publication = make_publication(session)
        claim_identity(session, publication.id, OLD, NOW)
        return (
            publication,
            make_section(session, publication, "mail"),
            make_section(session, publication, "craft"),
        )


def ask(house: House, at=NOW, address=NEW) -> str:
    with house.database.writing() as session:
        identity = session.scalars(select(Identity).where(Identity.address_key == OLD.key)).one()
        return ask_to_move(session, house.bell, identity, address, at).public_id


def say_yes(house: House, change: str, *, by_new: bool, at=NOW) -> Agreement:
    with house.database.writing() as session:
        return agree(session, house.hasher, change, WORDS, at, by_new=by_new)


def move(house: House) -> None:
    change = ask(house)
    assert say_yes(house, change, by_new=False) is Agreement.HALF
    assert say_yes(house, change, by_new=True) is Agreement.WHOLE


def addresses(house: House, model: type[Identity] | type[Subscriber] = Identity) -> list[str | None]:
    with house.database.reading() as session:
        return list(session.scalars(select(model.address).order_by(model.id)))


@pytest.mark.parametrize("first_is_new", [True, False])
def test_it_takes_both_mailboxes_in_any_order(house: House, place, first_is_new: bool) -> None:
    change = ask(house)
    with house.database.reading() as session:
        notices = session.execute(select(Notice.kind, Notice.payload).order_by(Notice.id)).all()
    assert [tuple(each) for each in notices] == [
        ("address_old", {"change": change}),
        ("address_new", {"change": change}),
    ]

    assert say_yes(house, change, by_new=first_is_new) is Agreement.HALF
    assert say_yes(house, change, by_new=first_is_new) is Agreement.HALF
    assert addresses(house) == [OLD.wire]
    assert say_yes(house, change, by_new=not first_is_new) is Agreement.WHOLE
    assert addresses(house) == [NEW.wire]
    assert say_yes(house, change, by_new=first_is_new) is Agreement.WHOLE
    assert addresses(house) == [NEW.wire]


def test_a_change_is_too_old_after_a_day_and_over_when_dropped_or_asked_anew(house: House, place) -> None:
    change = ask(house)
    with pytest.raises(ExpiredLink):
        say_yes(house, change, by_new=True, at=NOW + timedelta(days=1))
    newer = ask(house)
    with pytest.raises(ExpiredLink):
        say_yes(house, change, by_new=True)
    with house.database.writing() as session:
        identity = session.scalars(select(Identity)).one()
        assert open_change(session, identity, NOW) is not None
        drop_changes(session, identity, NOW)
        assert open_change(session, identity, NOW) is None
    with pytest.raises(ExpiredLink):
        say_yes(house, newer, by_new=True)
    with pytest.raises(BadLink, match="not known"):
        say_yes(house, new_public_id(), by_new=True)


def test_changes_are_few_and_lead_somewhere(house: House, place) -> None:
    with pytest.raises(BadInput, match="your address already"):
        ask(house, address=parse_address("OLD@example.org"))
    for _time in range(CHANGES_A_DAY):
        ask(house)
    with pytest.raises(TooMany):
        ask(house)
    ask(house, at=NOW + timedelta(days=1))


def test_a_sign_in_link_to_the_old_mailbox_is_worth_nothing_afterwards(house: House, place) -> None:
    with house.database.writing() as session:
        link = make_sign_in(session, session.scalars(select(Identity)).one(), NOW).public_id

    move(house)

    with house.database.writing() as session, pytest.raises(BadLink):
        sign_in(session, link, NOW)


def test_an_address_that_must_not_be_mailed_is_not_and_nobody_is_told(house: House, place) -> None:
    with house.database.writing() as session:
        identity = session.scalars(select(Identity)).one()
        ask_to_move(session, house.bell, identity, NEW, NOW, must_not_be_mailed=True)

    with house.database.reading() as session:
        states = session.scalars(select(Notice.state).order_by(Notice.id)).all()
    assert states == [DeliveryState.PLANNED, DeliveryState.SKIPPED]


def test_the_subscriber_comes_along(house: House, place) -> None:
    with house.database.writing() as session:
        make_subscriber(session, place[0], place[1], address=OLD.wire)

    move(house)

    assert addresses(house, Subscriber) == [NEW.wire]


def test_of_two_subscribers_the_one_at_the_new_address_stays_with_the_sections_of_both(house, place) -> None:
    publication, mail, craft = place
    with house.database.writing() as session:
        old = make_subscriber(session, publication, mail, address=OLD.wire)
        new = make_subscriber(session, publication, craft, address=NEW.wire)

    move(house)

    with house.database.reading() as session:
        old, new = session.get_one(Subscriber, old.id), session.get_one(Subscriber, new.id)
        assert (old.address, old.state) == (OLD.wire, SubscriberState.LEFT)
        assert (new.address, new.state) == (NEW.wire, SubscriberState.ACTIVE)
        assert [each.followed for each in choices(session, new)] == [True, True]
        assert [each.followed for each in choices(session, old)] == [False, False]
        said = session.execute(
            select(Consent.subscriber_id, Consent.kind, Consent.source).order_by(Consent.id)
        )
        assert [tuple(each) for each in said] == [
            (new.id, ConsentKind.CHANGED, "change of address"),
            (old.id, ConsentKind.WITHDRAWN, "change of address"),
        ]


def test_bounces_stay_with_the_old_mailbox(house: House, place) -> None:
    with house.database.writing() as session:
        reader = make_subscriber(session, place[0], place[1], address=OLD.wire)
        why = Why(SuppressionReason.NO_MAILBOX, "", NOW)
        suppress_bounced(session, house.hasher, place[0].id, {reader.id: OLD.key}, why)

    move(house)

    with house.database.reading() as session:
        old, new = (find_suppression(session, house.hasher, place[0].id, each.key) for each in (OLD, NEW))
        assert new is None
        assert old is not None
        assert old.subscriber_id is None


@pytest.mark.parametrize("with_reader", [True, False])
def test_what_somebody_may_not_comes_along(house: House, place, with_reader: bool) -> None:
    publication = place[0]
    with house.database.writing() as session:
        if with_reader:
            make_subscriber(session, publication, place[1], address=OLD.wire)
        suppress(session, house.hasher, publication.id, OLD, reason="asked by letter", now=NOW)
        hashed = house.hasher.hash(OLD)
        session.add(Ban(publication_id=publication.id, address_hash=hashed, reason="rude", at=NOW))

    move(house)

    with house.database.reading() as session:
        stopped = find_suppression(session, house.hasher, publication.id, NEW.key)
        assert stopped is not None
        assert stopped.reason == "asked by letter"
        assert (stopped.subscriber_id is not None) is with_reader
        bans = session.execute(select(Ban.address_hash, Ban.reason).order_by(Ban.id)).all()
    assert [tuple(each) for each in bans] == [(hashed, "rude"), (house.hasher.hash(NEW), "rude")]


def test_an_account_with_nothing_in_it_gives_way(house: House, place) -> None:
    publication, mail, _craft = place
    with house.database.writing() as session:
        post = make_post(session, mail, make_author(session, publication), published=True)
        empty = claim_identity(session, publication.id, NEW, NOW)
        session.add(PostLike(post_id=post.id, identity_id=empty.id, at=NOW))
        post.likes = 1

    move(house)

    with house.database.reading() as session:
        assert session.get_one(Identity, empty.id).erased_at == NOW
        moved = find_identity(session, publication.id, NEW)
        assert moved is not None
        assert moved.id != empty.id
        assert session.scalar(select(func.count()).select_from(PostLike)) == 0


@pytest.mark.parametrize("what", ["a role", "a comment"])
def test_an_account_with_something_in_it_does_not(house: House, place, what: str) -> None:
    publication, mail, _craft = place
    with house.database.writing() as session:
        post = make_post(session, mail, make_author(session, publication, NEW.wire), published=True)
        if what == "a comment":
            mara = find_identity(session, publication.id, NEW)
            assert mara is not None
            mara.address, mara.address_key = "mara@example.org", "mara@example.org"
            there = claim_identity(session, publication.id, NEW, NOW)
            values = {"publication_id": publication.id, "post_id": post.id, "identity_id": there.id}
            session.add(Comment(**values, markdown="x", html="x", created_at=NOW))
    change = ask(house)
    say_yes(house, change, by_new=True)

    with pytest.raises(NotAllowed, match="Nothing was changed"):
        say_yes(house, change, by_new=False)

    assert addresses(house)[0] == OLD.wire
    with pytest.raises(NotAllowed):
        say_yes(house, change, by_new=False)
