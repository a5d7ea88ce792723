"""What readers see."""

import pytest
import time_machine
from flask.testing import FlaskClient

from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.factories import make_post
from tests.web.conftest import Place


def test_a_site_without_a_publication_says_so(browser: FlaskClient) -> None:
    answer = browser.get("/")

    assert answer.status_code == 200
    assert "has not been set up yet" in answer.text


def test_the_home_page_shows_published_posts_only(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Out now", published=True)
        make_post(session, place.mail, place.author, title="Still a draft")

    page = browser.get("/").text

    assert "Out now" in page
    assert "Still a draft" not in page


def test_a_post_page_shows_the_post_with_merge_tags_filled_by_their_fallback(
    house: House, place: Place, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="<b>Bold</b> & true", published=True)

    page = browser.get("/p/b-bold-b-true").text

    assert "<h1>&lt;b&gt;Bold&lt;/b&gt; &amp; true</h1>" in page
    assert "Hello there," in page


@pytest.mark.parametrize("path", ["/p/nothing", "/s/nothing", "/p/still-a-draft", "/nowhere", "/p/%00"])
def test_an_unknown_address_is_a_page_that_says_so(
    house: House, place: Place, browser: FlaskClient, path: str
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Still a draft")

    answer = browser.get(path)

    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_a_section_page_lists_its_own_posts(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="About mail", published=True)
        make_post(session, place.craft, place.author, title="About craft", published=True)

    page = browser.get("/s/mail").text

    assert "About mail" in page
    assert "About craft" not in page


def test_an_empty_section_says_what_will_be_here(place: Place, browser: FlaskClient) -> None:
    assert "The first post of this section will appear" in browser.get("/s/craft").text


def test_one_client_searches_sixty_times_a_minute(house: House, place: Place) -> None:
    limited = House(house.settings.model_copy(update={"rate_limits": True}), house.ring)
    browser = create_app(limited).test_client()
    with time_machine.travel(house.now(), tick=False):
        codes = [browser.get("/search?q=mail").status_code for _time in range(62)]

    assert codes == [200] * 60 + [429] * 2
    assert browser.get("/archive").status_code == 200
    limited.database.close()
