"""The map of the site, read by a parser of its own."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from usp.objects.sitemap import IndexXMLSitemap, PagesXMLSitemap
from usp.tree import sitemap_from_str

from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Post
from newsletter.publishing.free_pages import PageText, write_page
from newsletter.web.app import create_app
from newsletter.web.machines.sitemap import PER_FILE
from newsletter.wiring import House
from tests.support.factories import NOW, make_author
from tests.support.queries import counting_queries
from tests.web.conftest import Place
from tests.web.machines.conftest import SITE_URL, publish


def places(browser: FlaskClient, path: str = "/sitemap.xml") -> Mapping[str, datetime | None]:
    """The addresses of a map, and when each changed last."""
    answer = browser.get(path)
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    parsed = sitemap_from_str(answer.text)
    assert isinstance(parsed, PagesXMLSitemap)
    return {page.url.removeprefix(SITE_URL): page.last_modified for page in parsed.all_pages()}


def test_the_map_names_every_page_there_is(house: House, place: Place, browser: FlaskClient) -> None:
    publish(house, place, "For all")
    publish(house, place, "For subscribers", access=PostAccess.SUBSCRIBERS)
    with house.database.writing() as session:
        write_page(session, place.publication, PageText("About", "We write."), NOW)

    assert set(places(browser)) == {
        "/",
        "/archive",
        "/s/mail",
        "/s/craft",
        "/by/mara-lindqvist",
        "/about",
        "/p/for-all",
        "/p/for-subscribers",
    }


def test_the_map_names_nothing_else(house: House, place: Place, browser: FlaskClient) -> None:
    publish(house, place, "By link", access=PostAccess.UNLISTED)
    publish(house, place, "By mail", access=PostAccess.EMAIL_ONLY)
    publish(house, place, "Not yet", state=PostState.DRAFT)
    with house.database.writing() as session:
        make_author(session, place.publication, "silent@example.org")

    assert set(places(browser)) == {"/", "/archive", "/s/mail", "/s/craft"}


def test_the_map_says_when_a_page_changed(house: House, place: Place, browser: FlaskClient) -> None:
    later = NOW + timedelta(days=1)
    publish(house, place, "Early")
    publish(house, place, "Edited", updated_at=later)
    with house.database.writing() as session:
        write_page(session, place.publication, PageText("About", "We write."), later)

    found = places(browser)

    assert found["/p/early"] == NOW
    assert found["/p/edited"] == found["/about"] == found["/"] == later
    assert found["/s/mail"] is None


def test_addresses_of_all_scripts_are_written_as_the_web_wants_them(
    house: House, place: Place, browser: FlaskClient
) -> None:
    publish(house, place, "Grüße & שלום")

    assert "/p/gr%C3%BC%C3%9Fe-%D7%A9%D7%9C%D7%95%D7%9D" in places(browser)


def test_there_is_no_map_of_nothing(browser: FlaskClient) -> None:
    assert browser.get("/sitemap.xml").status_code == 404
    assert browser.get("/sitemap-1.xml").status_code == 404


@pytest.mark.slow
def test_a_large_site_has_a_map_in_sheets(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        session.execute(insert(Post), [a_row(place, number) for number in range(PER_FILE)])

    index = sitemap_from_str(browser.get("/sitemap.xml").text)
    assert isinstance(index, IndexXMLSitemap)
    urls = [sheet.url.removeprefix(SITE_URL) for sheet in index.sub_sitemaps]
    sheets = [places(browser, url) for url in urls]

    assert urls == ["/sitemap-1.xml", "/sitemap-2.xml"]
    assert [len(sheet) for sheet in sheets] == [PER_FILE, 5]
    assert set(sheets[0]) | set(sheets[1]) >= {"/archive", "/p/letter-0", f"/p/letter-{PER_FILE - 1}"}
    assert browser.get("/sitemap-3.xml").status_code == 404
    assert browser.get("/sitemap-0.xml").status_code == 404


def a_row(place: Place, number: int) -> dict[str, object]:
    return {
        "publication_id": place.publication.id,
        "section_id": place.mail.id,
        "author_id": place.author.id,
        "public_id": new_public_id(),
        "slug": f"letter-{number}",
        "title": "A letter",
        "subtitle": "",
        "markdown": "",
        "state": PostState.PUBLISHED,
        "access": PostAccess.PUBLIC,
        "version": 1,
        "featured": False,
        "likes": 0,
        "comments": 0,
        "created_at": NOW,
        "updated_at": NOW,
        "published_at": NOW,
    }


def test_the_map_asks_the_database_no_more_often_for_more_posts(
    house: House, place: Place, uncached: House
) -> None:
    browser = create_app(uncached).test_client()
    publish(house, place, "One")
    with counting_queries(uncached) as for_one:
        places(browser)
    publish(house, place, "Two")

    with counting_queries(uncached) as for_two:
        places(browser)

    assert for_two.number == for_one.number <= 6
