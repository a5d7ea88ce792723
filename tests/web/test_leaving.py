"""Leaving by page and by one click, coming back, choosing."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.audience.segments import count_followers
from newsletter.models import Consent
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.web.conftest import Place


@pytest.fixture
def path(house: House, place: Place) -> str:
    return house.links.unsubscribe(place.reader.public_id, place.mail.public_id).removeprefix(
        "http://localhost"
    )


@pytest.fixture
def preferences(house: House, place: Place) -> str:
    return house.links.preferences(place.reader.public_id).removeprefix("http://localhost")


def followers(house: House, place: Place) -> tuple[int, int]:
    with house.database.reading() as session:
        return count_followers(session, place.mail.id), count_followers(session, place.craft.id)


def sources(house: House) -> list[str]:
    with house.database.reading() as session:
        return list(session.scalars(select(Consent.source).order_by(Consent.id)))


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(house, place, browser, path, method: str) -> None:
    answer = getattr(browser, method)(path)

    assert answer.status_code == 200
    assert followers(house, place) == (1, 1)


def test_the_button_leaves_one_section_and_offers_to_undo(house, place, browser: FlaskClient, path) -> None:
    answer = browser.post(path)

    assert "You left How mail works" in answer.text
    assert "You still follow Craft" in answer.text
    assert followers(house, place) == (0, 1)
    assert sources(house) == ["unsubscribe page"]


@pytest.mark.parametrize("content", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_acts_at_once_without_cookie_token_or_redirect(
    house: House, place: Place, browser: FlaskClient, path: str, content: str
) -> None:
    answer = browser.post(
        path,
        data={"List-Unsubscribe": "One-Click"},
        content_type=content,
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example.com"},
    )

    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert "Set-Cookie" not in answer.headers
    assert followers(house, place) == (0, 1)
    assert sources(house) == ["one-click unsubscribe"]


def test_leaving_twice_is_leaving_once(house, place, browser: FlaskClient, path) -> None:
    first, second = browser.post(path), browser.post(path)

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(sources(house)) == 1


def test_undo_comes_back(house, place, browser: FlaskClient, path) -> None:
    browser.post(path)

    answer = browser.post(path, data={"action": "return"})

    assert "Welcome back" in answer.text
    assert followers(house, place) == (1, 1)


def test_the_link_still_works_years_later(house, place, browser: FlaskClient, path, monkeypatch) -> None:
    later = House(house.settings, house.ring, now=lambda: house.now() + timedelta(days=4000))

    assert create_app(later).test_client().post(path).status_code == 200
    assert followers(house, place) == (0, 1)
    later.database.close()


def test_preferences_show_and_save_what_one_gets(house, place, browser: FlaskClient, preferences) -> None:
    assert browser.get(preferences).text.count("checked") == 2

    saved = browser.post(preferences, data={"section": ["craft"]})

    assert "Saved." in saved.text
    assert saved.text.count("checked") == 1
    assert followers(house, place) == (0, 1)


def test_unticking_everything_leaves_altogether(house, place, browser: FlaskClient, preferences) -> None:
    browser.post(preferences, data={})

    assert followers(house, place) == (0, 0)


def test_an_unknown_section_changes_nothing(house, place, browser: FlaskClient, preferences) -> None:
    answer = browser.post(preferences, data={"section": ["craft", "gossip"]})

    assert answer.status_code == 400
    assert followers(house, place) == (1, 1)


def test_an_unsubscribe_link_does_not_open_preferences(browser: FlaskClient, path: str) -> None:
    token = path.rsplit("/", 1)[1]

    assert browser.get(f"/preferences/{token}").status_code == 404
