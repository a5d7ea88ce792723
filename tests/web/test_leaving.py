"""Leaving by page and by one click, coming back, choosing."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.audience.segments import count_followers
from newsletter.audience.suppression import SuppressionReason, suppress
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import SubscriberState
from newsletter.models import Consent, Subscriber, Suppression
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


def test_leaving_is_one_sentence_and_one_button(house, place, browser: FlaskClient, path) -> None:
    page = re.sub(r"(?s)<footer.*", "", browser.get(path).text)
    assert page.count("<button>") == 1
    browser.post(path)

    assert words_kept(house) == ["Stop sending me letters from How mail works."]
    assert words_kept(house)[0] in page


def test_the_words_of_coming_back_and_of_choosing_are_on_the_pages(
    house, place, browser: FlaskClient, path, preferences
) -> None:
    left = browser.post(path).text
    browser.post(path, data={"action": "return"})
    saved = browser.post(preferences, data={"section": ["craft"]}).text
    emptied = browser.post(preferences, data={}).text

    _left, back, _chosen, none = words_kept(house)
    assert back in left
    assert "Send me letters from: Craft." in saved
    assert none in emptied


def words_kept(house: House) -> list[str]:
    with house.database.reading() as session:
        return list(session.scalars(select(Consent.wording).order_by(Consent.id)))


def stop_writing(house: House, place: Place, reason: str) -> None:
    with house.database.writing() as session:
        address = parse_address("ada@example.org")
        suppress(session, house.hasher, place.publication.id, address, reason=reason, now=house.now())


@pytest.mark.parametrize("reason", SuppressionReason)
def test_who_gets_no_letters_is_told_why_and_may_ask_for_them_again(
    house: House, place: Place, browser: FlaskClient, preferences: str, reason: SuppressionReason
) -> None:
    stop_writing(house, place, reason)

    page = browser.get(preferences).text
    assert "We stopped writing to this address on" in page
    assert "Write to me again" in page
    assert followers(house, place) == (0, 0)
    asked = browser.post(preferences, data={"action": "again", "section": ["craft"]}).text

    assert "We stopped writing" not in asked
    assert "Saved." in asked
    assert followers(house, place) == (0, 1)
    assert "Write to me at this address again." in words_kept(house)
    assert "Write to me at this address again." in page


def test_saving_sections_alone_does_not_begin_letters_again(
    house: House, place: Place, browser: FlaskClient, preferences: str
) -> None:
    stop_writing(house, place, SuppressionReason.COMPLAINT)

    saved = browser.post(preferences, data={"section": ["craft"]}).text

    assert "We stopped writing to this address on" in saved
    assert "It takes effect at once." not in saved
    assert followers(house, place) == (0, 0)


def test_undoing_a_leave_tells_those_who_get_no_letters_why(house, place, browser, path) -> None:
    browser.post(path)
    stop_writing(house, place, SuppressionReason.COMPLAINT)

    answer = browser.post(path, data={"action": "return"})

    assert "We stopped writing to this address on" in answer.text


def test_asking_twice_for_letters_again_is_asking_once(house, place, browser, preferences) -> None:
    stop_writing(house, place, SuppressionReason.NO_MAILBOX)

    for _time in range(2):
        browser.post(preferences, data={"action": "again", "section": ["mail", "craft"]})

    assert words_kept(house) == ["Write to me at this address again."]
    assert followers(house, place) == (1, 1)


def test_what_the_publisher_stopped_only_the_publisher_begins_again(
    house: House, place: Place, browser: FlaskClient, preferences: str
) -> None:
    stop_writing(house, place, "by hand")

    assert "Write to me again" not in browser.get(preferences).text
    answer = browser.post(preferences, data={"action": "again", "section": ["mail"]})

    assert answer.status_code == 400
    assert followers(house, place) == (0, 0)
    with house.database.reading() as session:
        assert len(session.scalars(select(Suppression)).all()) == 1


def test_erased_people_do_not_come_back_by_link(
    house, place, browser: FlaskClient, path, preferences
) -> None:
    with house.database.writing() as session:
        reader = session.get_one(Subscriber, place.reader.id)
        reader.state, reader.address, reader.address_key = SubscriberState.ERASED, None, "erased"

    for answer in (
        browser.get(preferences),
        browser.post(preferences, data={"action": "again", "section": ["mail"]}),
        browser.post(path, data={"action": "return"}),
    ):
        assert answer.status_code == 404
    assert followers(house, place) == (0, 0)
