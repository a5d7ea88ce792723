"""Feeds, read by the parser that most feed readers are made with."""

import json
import time
from calendar import timegm
from datetime import timedelta
from itertools import product

import feedparser
import pytest
from flask.testing import FlaskClient

from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Publication
from newsletter.publishing.placing import Placement, place_post
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.factories import NOW, make_post
from tests.support.queries import counting_queries
from tests.web.conftest import Place
from tests.web.machines.conftest import SITE_URL, publish

NAMES = ["feed.xml", "atom.xml", "feed.json"]
XML = ["feed.xml", "atom.xml"]
PREFIXES = ["", "/s/mail", "/by/mara-lindqvist"]


def read(browser: FlaskClient, path: str) -> feedparser.FeedParserDict:
    """A feed as it was meant: the parser leaves its HTML as it is."""
    answer = browser.get(path)
    assert answer.status_code == 200
    headers = {"content-type": answer.headers["Content-Type"]}
    parsed = feedparser.parse(
        answer.data, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    assert not parsed.bozo, parsed.bozo_exception
    return parsed


def moment(parsed: time.struct_time) -> float:
    return timegm(parsed)


def titles(browser: FlaskClient, path: str) -> list[str]:
    if path.endswith("json"):
        return [item["title"] for item in browser.get(path).get_json(force=True)["items"]]
    return [entry.title for entry in read(browser, path).entries]


@pytest.mark.parametrize(("name", "version"), [("feed.xml", "rss20"), ("atom.xml", "atom10")])
def test_a_feed_tells_everything_about_its_posts(
    house: House, place: Place, browser: FlaskClient, name: str, version: str
) -> None:
    changed = NOW + timedelta(hours=5)
    post = publish(
        house,
        place,
        "The envelope",
        subtitle="What is on it",
        markdown="*Bounces* go there.",
        updated_at=changed,
    )

    parsed = read(browser, f"/{name}")

    assert parsed.version == version
    assert parsed.feed.title == "Return Path"
    assert parsed.feed.link == f"{SITE_URL}/"
    assert parsed.feed.language == "en"
    assert parsed.feed.generator == "Newsletter"
    assert moment(parsed.feed.updated_parsed) == changed.timestamp()
    assert [each.href for each in parsed.feed.links if each.rel == "self"] == [f"{SITE_URL}/{name}"]
    (entry,) = parsed.entries
    assert entry.title == "The envelope"
    assert entry.link == f"{SITE_URL}/p/the-envelope"
    assert entry.id == f"tag:example.org,2026-11-20:post/{post.public_id}"
    assert entry.author == "Mara Lindqvist"
    assert entry.summary == "What is on it"
    assert "How mail works" in {tag.label or tag.term for tag in entry.tags}
    assert moment(entry.published_parsed) == NOW.timestamp()
    assert moment(entry.updated_parsed) == changed.timestamp()
    (content,) = entry.content
    assert content.type == "text/html"
    assert content.value.strip() == "<p><em>Bounces</em> go there.</p>"


def test_json_tells_the_same(house: House, place: Place, browser: FlaskClient) -> None:
    post = publish(house, place, "The envelope", subtitle="What is on it", markdown="*Bounces* go there.")

    feed = json.loads(browser.get("/feed.json").data)

    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Return Path",
        "home_page_url": f"{SITE_URL}/",
        "feed_url": f"{SITE_URL}/feed.json",
        "description": "Return Path",
        "favicon": f"{SITE_URL}/icon.svg",
        "authors": [{"name": "Return Path", "url": f"{SITE_URL}/"}],
        "language": "en",
        "items": [
            {
                "id": f"tag:example.org,2026-11-20:post/{post.public_id}",
                "url": f"{SITE_URL}/p/the-envelope",
                "title": "The envelope",
                "content_html": "<p><em>Bounces</em> go there.</p>\n",
                "summary": "What is on it",
                "date_published": "2026-11-20T12:00:00Z",
                "date_modified": "2026-11-20T12:00:00Z",
                "authors": [{"name": "Mara Lindqvist", "url": f"{SITE_URL}/by/mara-lindqvist"}],
                "tags": ["How mail works"],
            }
        ],
    }


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("feed.xml", "application/rss+xml"),
        ("atom.xml", "application/atom+xml"),
        ("feed.json", "application/feed+json"),
    ],
)
def test_a_feed_says_what_it_is(place: Place, browser: FlaskClient, name: str, mimetype: str) -> None:
    assert browser.get(f"/{name}").headers["Content-Type"] == f"{mimetype}; charset=utf-8"


@pytest.mark.parametrize("name", NAMES)
def test_sections_and_authors_have_feeds_of_their_own(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    publish(house, place, "About mail")
    publish(house, place, "About craft", section=place.craft)

    assert set(titles(browser, f"/{name}")) == {"About mail", "About craft"}
    assert titles(browser, f"/s/mail/{name}") == ["About mail"]
    assert titles(browser, f"/s/craft/{name}") == ["About craft"]
    assert set(titles(browser, f"/by/mara-lindqvist/{name}")) == {"About mail", "About craft"}


def test_the_feed_of_a_section_names_it(house: House, place: Place, browser: FlaskClient) -> None:
    rss, atom = read(browser, "/s/mail/feed.xml").feed, read(browser, "/s/mail/atom.xml").feed

    assert rss.title == atom.title == "How mail works · Return Path"
    assert rss.link == atom.link == f"{SITE_URL}/s/mail"
    assert atom.id == f"tag:example.org,2026-11-20:section/{place.mail.public_id}"


def test_the_feed_of_an_author_names_them(house: House, place: Place, browser: FlaskClient) -> None:
    atom = read(browser, "/by/mara-lindqvist/atom.xml").feed

    assert atom.title == "Mara Lindqvist · Return Path"
    assert atom.author == "Mara Lindqvist"
    assert atom.author_detail.href == f"{SITE_URL}/by/mara-lindqvist"


def test_a_feed_without_posts_is_a_feed(place: Place, browser: FlaskClient) -> None:
    for prefix, name in product(PREFIXES, XML):
        parsed = read(browser, f"{prefix}/{name}")

        assert parsed.entries == []
        assert moment(parsed.feed.updated_parsed) == NOW.timestamp()


def test_there_is_no_feed_of_nothing(browser: FlaskClient) -> None:
    assert {browser.get(f"/{name}").status_code for name in NAMES} == {404}


def test_there_is_no_feed_of_what_is_not_there(place: Place, browser: FlaskClient) -> None:
    paths = [f"{prefix}/{name}" for prefix, name in product(("/s/nothing", "/by/nobody"), NAMES)]

    assert {browser.get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_listed_is_in_feeds(house: House, place: Place, browser: FlaskClient, name: str) -> None:
    publish(house, place, "For all")
    publish(house, place, "By link", access=PostAccess.UNLISTED)
    publish(house, place, "By mail", access=PostAccess.EMAIL_ONLY)
    publish(house, place, "Not yet", state=PostState.DRAFT)

    assert titles(browser, f"/{name}") == ["For all"]


@pytest.mark.parametrize("name", XML)
def test_an_id_stays_when_the_address_of_its_post_changes(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    post = publish(house, place, "Before")
    (before,) = read(browser, f"/{name}").entries
    with house.database.writing() as session:
        place_post(session, session.merge(post), Placement("after", PostAccess.PUBLIC))

    (after,) = read(browser, f"/{name}").entries

    assert after.link == f"{SITE_URL}/p/after"
    assert after.id == before.id


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_holds_the_newest_thirty(house: House, place: Place, browser: FlaskClient, name: str) -> None:
    with house.database.writing() as session:
        for number in range(32):
            post = make_post(session, place.mail, place.author, title=f"Letter {number}", published=True)
            post.published_at = NOW + timedelta(days=number)

    assert titles(browser, f"/{name}") == [f"Letter {number}" for number in range(31, 1, -1)]


def test_a_feed_asks_the_database_no_more_often_for_more_posts(
    house: House, place: Place, uncached: House
) -> None:
    browser = create_app(uncached).test_client()
    paths = [f"{prefix}/{name}" for prefix, name in product(PREFIXES, NAMES)]

    def asked(path: str) -> int:
        with counting_queries(uncached) as counter:
            browser.get(path)
        return counter.number

    publish(house, place, "One")
    for_one = [asked(path) for path in paths]
    for number in range(5):
        publish(house, place, f"More {number}")

    assert [asked(path) for path in paths] == for_one
    assert max(for_one) <= 5


def test_a_logo_stands_for_the_feed(house: House, place: Place, browser: FlaskClient) -> None:
    logo = "https://cdn.example/logo.png"
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).look = {"logo_url": logo}

    assert read(browser, "/feed.xml").feed.image.href == logo
    assert read(browser, "/atom.xml").feed.logo == logo
    assert json.loads(browser.get("/feed.json").data)["icon"] == logo


def test_what_an_author_did_before_publishing_is_no_change(
    house: House, place: Place, browser: FlaskClient
) -> None:
    publish(house, place, "Waited long", updated_at=NOW - timedelta(days=30))

    (entry,) = read(browser, "/atom.xml").entries

    assert moment(entry.updated_parsed) == moment(entry.published_parsed) == NOW.timestamp()


def test_the_short_address_leads_to_the_feed(place: Place, browser: FlaskClient) -> None:
    answer = browser.get("/feed")

    assert answer.status_code == 301
    assert answer.location == "/feed.xml"
