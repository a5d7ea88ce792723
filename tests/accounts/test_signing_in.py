"""Signing in by a link that works once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.accounts.identities import (
    PERMISSIONS,
    Permission,
    RoleName,
    claim_identity,
    require,
    the_author,
)
from newsletter.accounts.sessions import revoke, revoke_others, sessions_of
from newsletter.accounts.signing_in import (
    LINKS_AN_HOUR,
    SIGNED_IN_FOR,
    Asked,
    ask_to_sign_in,
    asked_here,
    make_sign_in,
    require_its_address,
    sign_in,
    sign_out,
    visitor_of,
)
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput, BadLink, ExpiredLink, NotAllowed, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import DeliveryState
from newsletter.models import Identity, Notice, Publication, Session, SignIn
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_publication
from tests.support.queries import counting_queries

AUTHOR, EVE = parse_address("mara@example.org"), parse_address("eve@example.org")


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


PLAIN = Asked()


def ask(house: House, publication: Publication, address=AUTHOR, asked: Asked = PLAIN, at=NOW) -> None:
    with house.database.writing() as session:
        ask_to_sign_in(session, house.bell, publication.id, address, asked, at)


def mailed(house: House) -> list[str]:
    """The addresses that get a link, one for each."""
    with house.database.reading() as session:
        rows = session.execute(
            select(Identity.address)
            .join(Notice, Notice.identity_id == Identity.id)
            .where(Notice.kind == "sign_in", Notice.state == DeliveryState.PLANNED)
            .order_by(Notice.id)
        )
        return [address or "" for (address,) in rows]


def test_anybody_gets_a_link_and_is_somebody_once_they_used_it(house, publication) -> None:
    ask(house, publication, EVE)

    with house.database.writing() as session:
        eve = session.scalars(select(Identity).where(Identity.address_key == EVE.key)).one()
        link = session.scalars(select(SignIn)).one()
        assert (eve.name, eve.confirmed_at) == ("", None)
        sign_in(session, link.public_id, NOW)
        session.refresh(eve)
        assert eve.confirmed_at == NOW
    assert mailed(house) == [EVE.wire]


def test_asking_again_is_the_same_somebody(house, publication) -> None:
    for spelling in ("eve@example.org", "Eve@EXAMPLE.org"):
        ask(house, publication, parse_address(spelling))

    with house.database.reading() as session:
        assert len(session.scalars(select(Identity).where(Identity.address_key == EVE.key)).all()) == 1


def test_who_was_erased_is_never_found_again(house, publication) -> None:
    with house.database.writing() as session:
        author = the_author(session, publication.id, AUTHOR)
        author.address, author.address_key, author.erased_at = None, "erased " + author.public_id, NOW

    ask(house, publication)

    with house.database.reading() as session:
        assert [each.erased_at for each in session.scalars(select(Identity).order_by(Identity.id))] == [
            NOW,
            None,
        ]


def test_a_known_and_an_unknown_address_are_the_same_work(house, publication) -> None:
    done = []
    for address in (AUTHOR, EVE):
        with counting_queries(house) as counter:
            ask(house, publication, address, Asked("secret", "/p/a", crowd=200))
        done.append([each.split("(")[0] for each in counter.statements])

    assert done[0] == done[1]


def test_strangers_of_one_domain_are_mailed_up_to_a_limit_and_those_we_know_always(
    house, publication
) -> None:
    asked = Asked(crowd=3)
    for number in range(5):
        ask(house, publication, parse_address(f"eve{number}@example.org"), asked)
    ask(house, publication, parse_address("eve@elsewhere.example"), asked)
    ask(house, publication, parse_address("ada@example.org"), replace(asked, is_reader=True))
    ask(house, publication, AUTHOR, asked)

    assert mailed(house) == [
        *("eve0@example.org", "eve1@example.org", "eve2@example.org", "eve@elsewhere.example"),
        *("ada@example.org", AUTHOR.wire),
    ]

    ask(house, publication, parse_address("eve9@example.org"), asked, at=NOW + timedelta(minutes=61))
    assert mailed(house)[-1] == "eve9@example.org"


def test_who_must_not_be_mailed_is_not_but_for_those_who_write_here(house, publication) -> None:
    for address in (AUTHOR, EVE):
        ask(house, publication, address, Asked(must_not_be_mailed=True))

    assert mailed(house) == [AUTHOR.wire]


def test_a_link_belongs_to_the_browser_that_asked(house, publication) -> None:
    ask(house, publication, EVE, Asked("the browser's secret"))

    with house.database.reading() as session:
        link = session.scalars(select(SignIn)).one()
        assert asked_here(session, link.public_id, "the browser's secret")
        assert not asked_here(session, link.public_id, "another")
        assert not asked_here(session, link.public_id, "")
        assert "secret" not in link.asker_hash
        require_its_address(session, link.public_id, parse_address("EVE@example.org"))
        with pytest.raises(BadInput, match="another address"):
            require_its_address(session, link.public_id, AUTHOR)


def test_a_link_from_the_command_line_works_in_any_browser(house, link) -> None:
    with house.database.reading() as session:
        assert asked_here(session, link.public_id, "")


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [("/p/a-letter#comments", "/p/a-letter#comments"), ("https://evil.example/", ""), ("//evil.example", "")],
)
def test_a_link_remembers_where_on_our_site_it_leads(house, publication, wanted, kept) -> None:
    ask(house, publication, EVE, Asked(leads_to=wanted))

    with house.database.writing() as session:
        assert sign_in(session, session.scalars(select(SignIn.public_id)).one(), NOW).leads_to == kept


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(house, publication) -> None:
    with house.database.writing() as session:
        author = the_author(session, publication.id, AUTHOR)
        secrets = [
            sign_in(session, make_sign_in(session, author, NOW).public_id, NOW, browser).secret
            for browser in ("Firefox on Linux", "Safari on iPhone", "Edge on Windows")
        ]
        visitor = visitor_of(session, secrets[0], NOW)
        assert visitor is not None
        listed = sessions_of(session, visitor, NOW)
        assert [each.browser for each in listed] == [
            "Firefox on Linux",
            "Edge on Windows",
            "Safari on iPhone",
        ]

        revoke(session, visitor, listed[1].id, NOW)
        assert [visitor_of(session, secret, NOW) is None for secret in secrets] == [False, False, True]
        revoke_others(session, visitor, NOW)
        assert [visitor_of(session, secret, NOW) is None for secret in secrets] == [False, True, True]


def test_nobody_ends_a_session_of_somebody_else(house, publication, link) -> None:
    with house.database.writing() as session:
        secret = sign_in(session, link.public_id, NOW).secret
        eve = claim_identity(session, publication.id, EVE, NOW)
        stranger = visitor_of(
            session, sign_in(session, make_sign_in(session, eve, NOW).public_id, NOW).secret, NOW
        )
        assert stranger is not None
        for number in session.scalars(select(Session.id)).all():
            if number != stranger.session_id:
                revoke(session, stranger, number, NOW)
        assert visitor_of(session, secret, NOW) is not None


def test_links_are_limited_an_hour(house, publication) -> None:
    with house.database.writing() as session:
        for _time in range(LINKS_AN_HOUR + 3):
            ask_to_sign_in(session, house.bell, publication.id, AUTHOR, Asked(), NOW)
            session.flush()

    with house.database.reading() as session:
        assert len(session.scalars(select(Notice)).all()) == LINKS_AN_HOUR


def test_a_link_signs_in_once(house, link) -> None:
    with house.database.writing() as session:
        secret = sign_in(session, link.public_id, NOW).secret

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
        secret = sign_in(session, link.public_id, NOW).secret

    with house.database.reading() as session:
        assert secret not in session.scalars(select(Session.secret_hash)).one()


def test_a_session_ends_by_time_by_signing_out_and_with_the_identity(house, link) -> None:
    with house.database.writing() as session:
        secret = sign_in(session, link.public_id, NOW).secret
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
