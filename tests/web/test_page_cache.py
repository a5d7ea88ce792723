"""Pages that are kept: always the newest, the right ones for each reader, and cheap to ask for again."""

import gzip
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from newsletter.models import Post
from newsletter.publishing.posts import Draft, edit_post, find_post
from newsletter.publishing.publications import about, change_publication, the_publication
from newsletter.publishing.versions import COUNTS, discussion, readers_see
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.factories import NOW, make_post
from tests.support.queries import counting_queries
from tests.support.stack import wait_for
from tests.web.conftest import Author, Place


@pytest.fixture
def post(house: House, place: Place) -> Post:
    with house.database.writing() as session:
        return make_post(session, place.mail, place.author, title="First", published=True)


@pytest.fixture
def other_process(house: House):
    """Another web process of the same installation, with a cache of its own."""
    other = House(house.settings, house.ring)
    yield create_app(other).test_client()
    other.database.close()


PAGES = ["/", "/archive", "/s/mail", "/by/mara-lindqvist", "/p/first"]


@pytest.mark.parametrize("path", PAGES)
def test_a_kept_page_is_the_very_page_and_asks_the_database_nothing_but_its_version(
    house: House, post: Post, browser: FlaskClient, path: str
) -> None:
    first = browser.get(path)
    with counting_queries(house) as counter:
        second = browser.get(path)

    assert first.status_code == 200
    assert second.data == first.data
    assert second.headers["ETag"] == first.headers["ETag"]
    assert counter.number == 0


@pytest.mark.parametrize("path", PAGES)
def test_what_is_published_or_edited_is_seen_at_once_and_in_every_process(
    house: House, post: Post, browser: FlaskClient, other_process: FlaskClient, path: str
) -> None:
    for client in (browser, other_process):
        assert "Second" not in client.get(path).text
    with house.database.writing() as session:
        found = find_post(session, post.public_id)
        edit_post(session, found, Draft("Second", "words", found.section_id), found.version, NOW)

    assert "Second" in browser.get(path).text
    wait_for(lambda: "Second" in other_process.get(path).text)


def test_renaming_the_publication_is_seen_at_once(house, post, browser: FlaskClient) -> None:
    assert "Return Path" in browser.get("/").text
    with house.database.writing() as session:
        publication = the_publication(session)
        wanted = about(publication)
        change_publication(session, publication, type(wanted)(**{**vars(wanted), "name": "Other Path"}))

    assert "Other Path" in browser.get("/").text


def test_a_comment_makes_only_those_pages_old_that_show_it(
    house: House, place: Place, post: Post, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Quiet", published=True)
    tags = {path: browser.get(path).headers["ETag"] for path in ("/", "/p/first", "/p/quiet")}
    with house.database.writing() as session:
        session.execute(update(Post).where(Post.id == post.id).values(comments=7))
        readers_see(session, post.publication_id, COUNTS, discussion(post.public_id))

    with counting_queries(house) as counter:
        for _time in range(3):
            assert browser.get("/p/quiet").headers["ETag"] == tags["/p/quiet"]
    assert [statement.count("content_version") > 0 for statement in counter.statements] == [True]
    for path in ("/", "/p/first"):
        assert browser.get(path).headers["ETag"] != tags[path]


def test_a_page_says_hours_and_is_made_anew_when_they_have_passed(house: House, place: Place) -> None:
    moments = [NOW + timedelta(hours=2, minutes=10)]
    later = House(house.settings, house.ring, now=lambda: moments[0])
    browser = create_app(later).test_client()
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="First", published=True)

    assert "2 hours ago" in browser.get("/").text
    moments[0] = NOW + timedelta(hours=3)
    assert "3 hours ago" in browser.get("/").text
    later.database.close()


def test_a_reader_who_has_the_page_is_told_so(post: Post, browser: FlaskClient) -> None:
    first = browser.get("/p/first")
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ):
        again = browser.get("/p/first", headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        assert "Content-Security-Policy" in again.headers
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "when it was last Tuesday"},
    ):
        assert browser.get("/p/first", headers=headers).status_code == 200


def test_a_packed_page_is_the_same_page_under_a_tag_of_its_own(post: Post, browser: FlaskClient) -> None:
    plain = browser.get("/p/first")
    packed = browser.get("/p/first", headers={"Accept-Encoding": "br, gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Content-Encoding" not in browser.get("/p/first", headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_a_head_request_gets_the_headers_of_the_page(post: Post, browser: FlaskClient) -> None:
    before = browser.head("/p/first")
    page, head = browser.get("/p/first"), browser.head("/p/first")

    assert before.data == head.data == b""
    assert head.headers["ETag"] == page.headers["ETag"]
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


def test_languages_and_themes_are_kept_apart(post: Post, browser: FlaskClient) -> None:
    english = browser.get("/").text
    arabic = browser.get("/", headers={"Accept-Language": "ar"}).text
    browser.set_cookie("theme", "dark")
    dark = browser.get("/").text

    assert 'lang="en"' in english
    assert 'lang="ar" dir="rtl"' in arabic
    assert 'data-theme="dark"' in dark
    assert 'data-theme="dark"' not in english


def test_filters_are_kept_apart_and_what_others_add_to_an_address_is_not(
    house: House, post: Post, browser: FlaskClient
) -> None:
    plain = browser.get("/archive")
    with counting_queries(house) as counter:
        assert browser.get("/archive?utm_source=mail&fbclid=1").data == plain.data
    assert counter.number == 0
    assert browser.get("/archive?sort=top").data != plain.data
    assert b"utm_source" not in browser.get("/archive?sort=top&utm_source=x").data


def test_who_is_signed_in_gets_pages_of_their_own(author: Author, post: Post, browser: FlaskClient) -> None:
    browser.get("/p/first")
    answer = author.get("/p/first")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/subscribe", "/search?q=first", "/nowhere", "/p/nothing", "/archive?page=9"]
)
def test_what_differs_or_went_wrong_is_not_kept(post: Post, browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)

    assert "ETag" not in answer.headers
    assert "s-maxage" not in answer.headers.get("Cache-Control", "")


def test_shared_caches_may_keep_a_page_for_a_second(post: Post, browser: FlaskClient) -> None:
    headers = browser.get("/").headers

    assert headers["Cache-Control"].startswith("public, max-age=0, s-maxage=1")
    assert set(headers["Vary"].split(", ")) == {"Accept-Encoding", "Accept-Language", "Cookie"}


def test_without_room_nothing_is_kept(house: House, post: Post) -> None:
    small = House(house.settings.model_copy(update={"page_cache_megabytes": 0}), house.ring)
    client = create_app(small).test_client()

    assert client.get("/").status_code == 200
    assert "ETag" not in client.get("/").headers
    small.database.close()


def test_while_the_database_is_away_kept_pages_stay(house: House, post: Post, browser: FlaskClient) -> None:
    kept = browser.get("/p/first")
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE content_version RENAME TO elsewhere")

    assert browser.get("/p/first").data == kept.data
    assert browser.get("/").status_code == 503
