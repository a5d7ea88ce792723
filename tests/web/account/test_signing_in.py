"""Signing in by a mailed link: in the browser that asked, in another one, and not at all."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from newsletter.accounts.signing_in import make_sign_in, visitor_of
from newsletter.audience.suppression import suppress
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import DeliveryState
from newsletter.models import Identity, Notice, Session, SignIn
from newsletter.web.account.signing_in import ASKED_COOKIE
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.web.conftest import Author, Place, signed_in

EVE = "eve@example.org"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


def ask(house: House, browser: FlaskClient, address: str = EVE, **form: str) -> str:
    """Ask for a link, and return the path that stands in the mail."""
    assert browser.post("/sign-in", data={"address": address, **form}).status_code == 200
    with house.database.reading() as session:
        link = session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
        assert link is not None
        return house.links.sign_in(link.public_id, link.created_at).removeprefix("http://localhost")


def sessions(house: House) -> int:
    with house.database.reading() as session:
        open_ones = select(func.count()).select_from(Session).where(Session.revoked_at.is_(None))
        return session.scalar(open_ones) or 0


def test_a_reader_signs_in_with_one_mail_and_one_button(house, place, browser: FlaskClient) -> None:
    path = ask(house, browser)

    assert "One button, and you are in" in browser.get(path).text
    assert sessions(house) == 0
    pressed = browser.post(path, headers={"User-Agent": FIREFOX})
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "/account")
    cookie = next(each for each in pressed.headers.getlist("Set-Cookie") if each.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = browser.get("/account").text
    assert EVE in page
    assert "Firefox on Linux" in page


def test_a_link_works_once(house, place, app: Flask, browser: FlaskClient) -> None:
    path = ask(house, browser)
    browser.post(path)

    again = app.test_client()
    again.set_cookie(ASKED_COOKIE, "x")
    assert again.post(path, data={"address": EVE}).status_code == 410
    assert sessions(house) == 1


def test_a_scanner_that_opens_links_uses_nothing_up(house, place, app: Flask, browser: FlaskClient) -> None:
    path = ask(house, browser)

    for _time in range(3):
        scanner = app.test_client()
        assert scanner.get(path).status_code == 200
        assert scanner.head(path).status_code == 200
        assert scanner.post(path).status_code == 400  # those that press buttons as well
    assert browser.post(path).status_code == 303


def test_another_browser_is_told_so_and_asked_for_the_address(house, place, app: Flask, browser) -> None:
    path, phone = ask(house, browser), app.test_client()

    page = phone.get(path).text
    assert "Another browser asked for this link" in page
    assert EVE not in page
    wrong = phone.post(path, data={"address": "mara@example.org"})
    assert wrong.status_code == 400
    assert "another address" in wrong.text
    assert sessions(house) == 0
    assert phone.post(path, data={"address": "Eve@example.org"}).status_code == 303
    assert EVE in phone.get("/account").text


def test_nobody_is_signed_in_to_an_account_of_somebody_else_by_a_link(house, place, app: Flask) -> None:
    eves = ask(house, app.test_client())
    victim = app.test_client()

    assert victim.post(eves, data={"address": "ada@example.org"}).status_code == 400
    assert victim.get("/account").status_code == 302


def test_signing_in_again_makes_a_new_session_and_ends_the_old_one(house, place, app: Flask, browser) -> None:
    browser.post(ask(house, browser))
    old = browser.get_cookie(SESSION_COOKIE)
    assert old is not None

    browser.post(ask(house, browser, "ada@example.org"))

    assert "ada@example.org" in browser.get("/account").text
    with house.database.reading() as session:
        assert visitor_of(session, old.value, house.now()) is None


@pytest.mark.parametrize("token", ["x", "A" * 40])
def test_a_forged_link_opens_nothing(place, browser: FlaskClient, token: str) -> None:
    assert browser.get(f"/sign-in/{token}").status_code == 404
    assert browser.post(f"/sign-in/{token}").status_code == 404


def test_people_come_back_to_where_they_were(house, place, browser: FlaskClient) -> None:
    page = browser.get("/sign-in?next=/p/a-letter%23comments").text
    assert 'name="next" value="/p/a-letter#comments"' in page

    pressed = browser.post(ask(house, browser, next="/p/a-letter#comments"))

    assert pressed.headers["Location"] == "/p/a-letter#comments"
    assert browser.get("/sign-in?next=/archive").headers["Location"] == "/archive"


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_to_another_site(house, place, browser: FlaskClient, next_: str) -> None:
    assert "evil" not in browser.get("/sign-in", query_string={"next": next_}).text
    assert browser.post(ask(house, browser, next=next_)).headers["Location"] == "/account"
    assert browser.get("/sign-in", query_string={"next": next_}).headers["Location"] == "/account"


def test_authors_land_in_the_studio_and_readers_may_not(house, place, app: Flask, browser) -> None:
    assert browser.get("/studio/sign-in").headers["Location"] == "/sign-in?next=/studio/"
    with house.database.writing() as session:
        link = make_sign_in(session, place.author, house.now())
    path = house.links.sign_in(link.public_id, link.created_at).removeprefix("http://localhost")
    assert browser.post(path).headers["Location"] == "/studio/"
    assert browser.get("/studio/").status_code == 200

    reader = app.test_client()
    reader.post(ask(house, reader))
    refused = reader.get("/studio/")
    assert refused.status_code == 403
    assert "Ask the owner" in refused.text


def test_a_bad_address_is_said_so_and_kept_in_the_form(place, browser: FlaskClient) -> None:
    answer = browser.post("/sign-in", data={"address": "eve@", "next": "/archive"})

    assert answer.status_code == 400
    assert 'value="eve@"' in answer.text
    assert 'name="next" value="/archive"' in answer.text


def test_who_complained_is_not_mailed_and_the_page_is_the_same(house, place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        address = parse_address("ada@example.org")
        suppress(session, house.hasher, place.publication.id, address, reason="complaint", now=house.now())

    answers = {
        browser.post("/sign-in", data={"address": address}).text.replace(address, "")
        for address in ("ada@example.org", EVE)
    }

    assert len(answers) == 1
    with house.database.reading() as session:
        states = session.scalars(select(Notice.state).order_by(Notice.id)).all()
        assert states == [DeliveryState.SKIPPED, DeliveryState.PLANNED]


def test_pages_say_account_once_somebody_is_signed_in(app: Flask, author: Author, place) -> None:
    assert ">Sign in</a>" in app.test_client().get("/").text
    page = author.get("/")
    assert ">Account</a>" in page.text
    assert ">Sign in</a>" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert ">Sign in</a>" in app.test_client().get("/").text, "what was shown to one is not kept for others"


def test_signing_out_needs_the_token_and_ends_the_session(app: Flask, house: House, place: Place) -> None:
    reader = signed_in(app, house, place.author)

    assert reader.client.post("/sign-out").status_code == 403
    assert reader.get("/account").status_code == 200
    assert reader.post("/sign-out").status_code == 303
    assert reader.get("/account").headers["Location"] == "/sign-in?next=/account"
    assert app.test_client().post("/sign-out").status_code == 401


def test_an_erased_person_is_signed_out_and_their_link_is_worth_nothing(house, place, app, browser) -> None:
    browser.post(ask(house, browser))
    path = ask(house, app.test_client())
    with house.database.writing() as session:
        session.execute(
            update(Identity).where(Identity.address_key == EVE).values(erased_at=house.now(), address=None)
        )

    assert browser.get("/account").status_code == 302
    assert app.test_client().post(path, data={"address": EVE}).status_code == 404
