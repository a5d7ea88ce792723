"""Signing in by a link that works once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.accounts.identities import PERMISSIONS, Permission, RoleName, require, the_author
from newsletter.accounts.signing_in import (
    LINKS_AN_HOUR,
    SIGNED_IN_FOR,
    ask_to_sign_in,
    make_sign_in,
    sign_in,
    sign_out,
    visitor_of,
)
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadLink, ExpiredLink, NotAllowed, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.models import Identity, Notice, Publication, Session, SignIn
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_publication

AUTHOR = parse_address("mara@example.org")


@pytest.fixture
def publication(house: House) -> Publication:
    with house.database.writing() as session:
        publication = make_publication(session)
        make_author(session, publication, AUTHOR.wire)
        return publication


@pytest.fixture
def link(house: House, publication: Publication) -> SignIn:
    with house.database.writing() as session:
        return make_sign_in(session, the_author(session, publication.id, AUTHOR), NOW)


def test_an_account_gets_a_link_and_a_stranger_gets_nothing(house, publication) -> None:
    with house.database.writing() as session:
        ask_to_sign_in(session, house.bell, publication.id, AUTHOR, NOW)
        ask_to_sign_in(session, house.bell, publication.id, parse_address("eve@example.org"), NOW)

    with house.database.reading() as session:
        assert [notice.kind for notice in session.scalars(select(Notice))] == ["sign_in"]


def test_links_are_limited_an_hour(house, publication) -> None:
    with house.database.writing() as session:
        for _time in range(LINKS_AN_HOUR + 3):
            ask_to_sign_in(session, house.bell, publication.id, AUTHOR, NOW)
            session.flush()

    with house.database.reading() as session:
        assert len(session.scalars(select(Notice)).all()) == LINKS_AN_HOUR


def test_a_link_signs_in_once(house, link) -> None:
    with house.database.writing() as session:
        secret = sign_in(session, link.public_id, NOW)

    with house.database.reading() as session:
        visitor = visitor_of(session, secret, NOW)
        assert visitor is not None
        assert visitor.identity.address == AUTHOR.wire
        assert visitor.roles == {RoleName.AUTHOR}
    with house.database.writing() as session, pytest.raises(ExpiredLink):
        sign_in(session, link.public_id, NOW)


def test_a_link_is_too_old_after_fifteen_minutes(house, link) -> None:
    with house.database.writing() as session, pytest.raises(ExpiredLink):
        sign_in(session, link.public_id, NOW + timedelta(minutes=15))


def test_an_unknown_link_opens_nothing(house, publication) -> None:
    with house.database.writing() as session, pytest.raises(BadLink):
        sign_in(session, new_public_id(), NOW)


def test_the_database_never_holds_the_secret_of_a_session(house, link) -> None:
    with house.database.writing() as session:
        secret = sign_in(session, link.public_id, NOW)

    with house.database.reading() as session:
        assert secret not in session.scalars(select(Session.secret_hash)).one()


def test_a_session_ends_by_time_by_signing_out_and_with_the_identity(house, link) -> None:
    with house.database.writing() as session:
        secret = sign_in(session, link.public_id, NOW)
        assert visitor_of(session, secret, NOW + SIGNED_IN_FOR) is None
        visitor = visitor_of(session, secret, NOW)
        assert visitor is not None
        session.scalars(select(Identity)).one().erased_at = NOW
        session.flush()
        assert visitor_of(session, secret, NOW) is None
        session.scalars(select(Identity)).one().erased_at = None
        session.flush()
        sign_out(session, visitor, NOW)
        assert visitor_of(session, secret, NOW) is None


def test_a_made_up_cookie_is_nobody(house, publication) -> None:
    with house.database.reading() as session:
        assert visitor_of(session, "x" * 43, NOW) is None


def test_the_table_of_permissions_decides() -> None:
    for permission, allowed in PERMISSIONS.items():
        for role in RoleName:
            if role in allowed:
                require(frozenset({role}), permission)
            else:
                with pytest.raises(NotAllowed):
                    require(frozenset({role}), permission)
    with pytest.raises(NotAllowed):
        require(frozenset(), Permission.WRITE)


def test_a_missing_author_is_named_with_the_command_that_makes_one(house, publication) -> None:
    with house.database.reading() as session, pytest.raises(NotFound, match="newsletter account add eve@"):
        the_author(session, publication.id, parse_address("eve@example.org"))
