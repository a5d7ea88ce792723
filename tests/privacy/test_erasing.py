"""What deleting a person removes, and what it keeps; read off every table there is."""

import json
from collections.abc import Iterable

import pytest
from sqlalchemy import func, select

from newsletter.accounts.signing_in import Asked, ask_to_sign_in
from newsletter.audience.consents import Words
from newsletter.audience.suppression import is_suppressed
from newsletter.domain.errors import NotAllowed
from newsletter.domain.states import CommentState, ConsentKind, SubscriberState, SubscriptionState
from newsletter.models import (
    Base,
    Comment,
    CommentLike,
    Consent,
    Departure,
    Identity,
    Picture,
    Post,
    PostLike,
    Report,
    Subscriber,
    Subscription,
)
from newsletter.privacy.erasing import erase_person
from newsletter.publishing.versions import COUNTS, discussion, versions
from newsletter.wiring import House
from tests.privacy.conftest import EVE, NAME, SAID, Trace
from tests.support.factories import NOW

WORDS = Words("Delete my account.", "account page", "192.0.2.77")
TELLING = [
    EVE.wire,
    EVE.key,
    EVE.local,
    "eve.new",
    NAME,
    "evelyn",
    SAID,
    "192.0.2.77",
    "UNUSUAL",
    "Nowhere",
    "Firefox",
]


def erase(house: House, trace: Trace) -> list[str]:
    with house.database.writing() as session:
        return list(erase_person(session, session.get_one(Identity, trace.eve.id), WORDS, NOW))


def everything(house: House) -> Iterable[tuple[str, str]]:
    """Every value of every column of every table as text; what is packed otherwise is unpacked."""
    with house.database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(table.select()).mappings():
                for column, value in row.items():
                    raw = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    yield (
                        f"{table.name}.{column}",
                        raw if isinstance(raw, str) else json.dumps(raw, default=str),
                    )


def telling(house: House) -> set[str]:
    return {
        where for where, value in everything(house) if any(word.lower() in value.lower() for word in TELLING)
    }


def test_before_they_are_in_many_tables_and_afterwards_in_none(house: House, trace: Trace) -> None:
    assert telling(house) == {
        *("identity.address", "identity.address_key", "identity.name", "identity.bio"),
        *("identity.locale", "identity.time_zone"),
        *("subscriber.address", "subscriber.address_key", "subscriber.name", "subscriber.locale"),
        *("consent.name", "consent.client", "session.browser", "notice.detail", "picture.name"),
        *("address_change.address", "address_change.address_key", "audit_entry.actor"),
        *("comment.markdown", "comment.html", "report.reason"),
        *("bounce.detail", "delivery.detail", "suppression.note"),
    }

    erase(house, trace)

    assert telling(house) == set()


def test_what_stays_is_listed_here(house: House, trace: Trace) -> None:
    """Rows that are about them still: tombstones, proofs without a name, and hashes that nobody can read."""
    erase(house, trace)

    with house.database.engine.connect() as connection:
        subscriber = connection.scalar(select(Subscriber.id))
        stays = {}
        for table in Base.metadata.sorted_tables:
            marks = [
                table.c[name] == value
                for name, value in (("subscriber_id", subscriber), ("identity_id", trace.eve.id))
                if name in table.c
            ]
            if table.name in {"identity", "subscriber"}:
                marks = [table.c.address_key.startswith("erased")]
            for mark in marks:
                count = connection.scalar(select(func.count()).select_from(table).where(mark)) or 0
                if count:
                    stays[table.name] = count

    assert stays == {
        "identity": 1,
        "subscriber": 1,
        "subscription": 1,  # ended
        "consent": 3,  # asked, confirmed, withdrawn
        "suppression": 1,  # by its hash
        "departure": 1,
        "delivery": 1,
        "bounce": 1,
        "comment": 3,  # without words
        "report": 1,  # without its reason
        "notice": 1,  # the one that is being sent at this moment, and holds nothing
    }


def test_no_letter_comes_any_more(house: House, trace: Trace) -> None:
    erase(house, trace)

    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.state)).one() is SubscriberState.ERASED
        assert session.scalars(select(Subscription.state)).one() is SubscriptionState.ENDED
        assert len(session.scalars(select(Departure)).all()) == 1
        assert is_suppressed(session, house.hasher, trace.publication.id, EVE)
        consents = session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [each.kind for each in consents] == [
        *(ConsentKind.ASKED, ConsentKind.CONFIRMED, ConsentKind.WITHDRAWN)
    ]
    assert all(each.section_ids == [trace.section.id] and each.wording for each in consents)


def test_comments_are_empty_and_every_count_is_right(house: House, trace: Trace) -> None:
    erase(house, trace)

    with house.database.reading() as session:
        post = session.get_one(Post, trace.post.id)
        comments = session.scalars(select(Comment).order_by(Comment.id)).all()
        theirs = [each for each in comments if each.identity_id == trace.eve.id]
        assert {(each.state, each.markdown, each.html) for each in theirs} == {(CommentState.DELETED, "", "")}
        assert (post.comments, post.commented_at) == (2, NOW)
        assert post.likes == session.scalar(select(func.count()).select_from(PostLike)) == 1
        assert (comments[0].answers, comments[0].likes, comments[1].likes) == (1, 1, 0)
        assert session.scalar(select(func.count()).select_from(CommentLike)) == 1
        assert {each.reason for each in session.scalars(select(Report))} == {""}


def test_pages_that_showed_them_are_made_anew(house: House, trace: Trace) -> None:
    scopes = (COUNTS, discussion(trace.post.public_id))
    with house.database.reading() as session:
        before = versions(session, scopes)

    erase(house, trace)

    with house.database.reading() as session:
        after = versions(session, scopes)
    assert all(after[scope].number > before[scope].number for scope in scopes)


def test_the_picture_goes_with_its_files(house: House, trace: Trace) -> None:
    keys = erase(house, trace)

    with house.database.reading() as session:
        assert session.scalars(select(Picture)).all() == []
    assert keys
    assert all(house.media.has(key) for key in keys)
    for key in keys:
        house.media.remove(key)
    assert not any(house.media.has(key) for key in keys)
    assert list((house.settings.data_dir / "media").iterdir()) == []


def test_they_may_come_back_as_somebody_new(house: House, trace: Trace) -> None:
    erase(house, trace)

    with house.database.writing() as session:
        ask_to_sign_in(session, house.bell, trace.publication.id, EVE, Asked(), NOW)

    with house.database.reading() as session:
        eves = session.scalars(select(Identity).where(Identity.address_key == EVE.key)).all()
        assert [(each.id == trace.eve.id, each.name) for each in eves] == [(False, "")]


def test_others_keep_what_is_theirs(house: House, trace: Trace) -> None:
    erase(house, trace)

    with house.database.reading() as session:
        ada = session.get_one(Identity, trace.ada.id)
        assert ada.erased_at is None
        said = select(Comment.markdown).where(Comment.identity_id == ada.id).order_by(Comment.id)
        assert session.scalars(said).all() == ["Hello", "Indeed"]


def test_whoever_writes_here_is_not_erased_by_a_button(house: House, trace: Trace) -> None:
    with house.database.writing() as session, pytest.raises(NotAllowed, match="take your role away first"):
        erase_person(session, session.get_one(Identity, trace.author.id), WORDS, NOW)


def test_who_only_signed_in_can_go_as_well(house: House, trace: Trace) -> None:
    with house.database.writing() as session:
        assert list(erase_person(session, session.get_one(Identity, trace.ada.id), WORDS, NOW)) == []

    assert not [where for where, value in everything(house) if "ada@" in value]
