"""A post's page: who may read what, where it was before, and what stands around it."""

from email import message_from_bytes
from email.policy import default

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from newsletter.accounts.signing_in import make_sign_in
from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Post, Section
from newsletter.publishing.letters import Edition, Reader, compose_letter, values_for
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import find_post
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.support.factories import make_post
from tests.web.conftest import Author, Place

LONG = "".join(f"## Part {number}\n\n{'Many words stand here. ' * 120}\n\n" for number in range(4))
LOCKED = "The beginning is open.\n\n<!-- more -->\n\nThe rest is precious.\n"


def publish(house: House, place: Place, title: str = "A letter", **values: object) -> Post:
    with house.database.writing() as session:
        return make_post(session, place.mail, place.author, title=title, published=True, **values)  # type: ignore[arg-type]


def set_access(house: House, post: Post, access: PostAccess, slug: str = "") -> None:
    with house.database.writing() as session:
        found = find_post(session, post.public_id)
        place_post(session, found, Placement(slug or found.slug, access))


def private_path(house: House, post: Post) -> str:
    return house.links.reading(post.public_id).removeprefix("http://localhost")


def test_of_a_post_for_subscribers_others_read_the_beginning(
    house: House, place: Place, browser: FlaskClient, author: Author
) -> None:
    post = publish(house, place, markdown=LOCKED)
    set_access(house, post, PostAccess.SUBSCRIBERS)

    page, whole = browser.get("/p/a-letter"), author.get("/p/a-letter")

    assert "The beginning is open." in page.text
    assert "precious" not in page.text
    assert "The rest is for subscribers" in page.text
    assert "precious" in whole.text
    assert "precious" in browser.get(private_path(house, post)).text


@pytest.mark.parametrize("access", [PostAccess.SUBSCRIBERS, PostAccess.EMAIL_ONLY])
def test_the_letter_leads_to_a_page_that_search_engines_are_kept_from(
    house: House, place: Place, browser: FlaskClient, access: PostAccess
) -> None:
    post = publish(house, place)
    set_access(house, post, access)
    with house.database.reading() as session:
        found = find_post(session, post.public_id)
        edition = Edition(place.publication, found.section, found)
    plan = compose_letter(house.composer, house.links, edition)
    reader = Reader("ada@example.org", "Ada", place.reader.public_id)
    raw = plan.merge(values_for(house.links, found.section.public_id, reader, "id@example.org", house.now()))
    text = message_from_bytes(raw, policy=default).get_body(("plain",)).get_content()  # type: ignore[union-attr]

    answer = browser.get(private_path(house, post))

    assert house.links.reading(post.public_id) in text
    assert answer.status_code == 200
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_post_by_email_only_has_no_page_of_its_own(house, place, browser: FlaskClient) -> None:
    set_access(house, publish(house, place), PostAccess.EMAIL_ONLY)

    answer = browser.get("/p/a-letter")

    assert answer.status_code == 404
    assert "went out by email only" in answer.text


def test_an_unlisted_post_is_for_whoever_has_its_address(house, place, browser: FlaskClient) -> None:
    set_access(house, publish(house, place), PostAccess.UNLISTED)

    answer = browser.get("/p/a-letter")

    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "A letter" not in browser.get("/archive").text


def test_a_reading_link_of_a_draft_or_a_forged_one_shows_nothing(
    house: House, place: Place, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        draft = make_post(session, place.mail, place.author, markdown="secret draft")

    answers = [browser.get(private_path(house, draft)), browser.get(private_path(house, draft)[:-2] + "xx")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "secret draft" not in "".join(answer.text for answer in answers)


def test_a_former_address_leads_to_the_post_however_often_it_moved(
    house: House, place: Place, browser: FlaskClient
) -> None:
    post = publish(house, place)
    for slug in ("second", "third", "a-letter", "fourth"):
        set_access(house, post, PostAccess.PUBLIC, slug)

    for slug in ("a-letter", "second", "third"):
        answer = browser.get(f"/p/{slug}")
        assert (answer.status_code, answer.headers["Location"]) == (301, "/p/fourth")
    assert browser.get("/p/fourth").status_code == 200


def test_a_long_post_has_a_table_of_contents_and_a_short_one_has_none(house, place, browser) -> None:
    publish(house, place, "Long", markdown=LONG)
    publish(house, place, "Short", markdown="## One\n\n## Two\n\n## Three\n\nwords")

    long = browser.get("/p/long").text

    assert '<a href="#part-2">Part 2</a>' in long
    assert '<h2 id="part-2">' in long
    assert "In this post" not in browser.get("/p/short").text


def test_a_missing_post_is_answered_with_what_was_perhaps_meant(house, place, browser: FlaskClient) -> None:
    publish(house, place, "The envelope is not the letter")

    for path in ("/p/the-envelope-is-not-a-letter", "/p/envelope-letter", "/the-envelope-is-not-the-leter"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "The envelope is not the letter" in answer.text
    assert "Perhaps you meant" not in browser.get("/p/something-quite-different").text


HOSTILE = '<script>alert(1)</script>\u202e"&'


def test_hostile_names_are_shown_as_what_they_are(house: House, place: Place, browser: FlaskClient) -> None:
    publish(house, place)
    with house.database.writing() as session:
        session.execute(update(Section).where(Section.id == place.mail.id).values(name=HOSTILE))
        session.execute(update(Identity).values(name=HOSTILE, bio=HOSTILE))
        session.execute(update(Post).values(subtitle=HOSTILE))

    for path in ("/", "/archive", "/s/mail", "/by/mara-lindqvist", "/p/a-letter", "/search?q=hello"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/archive?page=0",
            "/archive?page=-1",
            "/archive?page=two",
            "/archive?page=99999999999",
            "/archive?page=2",
        ),
        *(
            "/archive?sort=random",
            "/archive?section=none",
            "/archive?year=1066",
            "/archive?year=x",
            "/s/mail?page=9",
        ),
        *(
            "/archive?page=%00",
            "/by/nobody",
            "/search?q=letter&page=7",
            "/archive?page=٣",
            "/archive?sort[]=top",
        ),
    ],
)
def test_wild_paging_and_filters_are_answered_with_a_sentence(house, place, browser, path: str) -> None:
    publish(house, place)

    answer = browser.get(path)

    assert answer.status_code == (200 if "sort[]" in path else 404)
    assert "went wrong" not in answer.text


@pytest.mark.parametrize(
    ("typed", "leads"),
    [
        ("/archive?sort=top", "/archive?sort=top"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/%09/evil\t.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
@pytest.mark.parametrize("switch", ["theme", "language"])
def test_a_switch_leads_back_into_this_site_only(place, browser, switch: str, typed: str, leads: str) -> None:
    answer = browser.post(
        f"/{switch}", data={switch: {"theme": "dark", "language": "de"}[switch], "next": typed}
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, leads)
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_a_switch_knows_its_positions_only(place: Place, browser: FlaskClient) -> None:
    assert browser.post("/theme", data={"theme": "pink"}).status_code == 400
    assert browser.post("/language", data={"language": "tlh"}).status_code == 400
    assert "theme=;" in browser.post("/theme", data={"theme": ""}).headers["Set-Cookie"]


def test_signing_in_takes_no_session_that_somebody_else_chose(
    house: House, place: Place, browser: FlaskClient
) -> None:
    browser.set_cookie(SESSION_COOKIE, "chosen")
    with house.database.writing() as session:
        link = make_sign_in(session, place.author, house.now())
    browser.post(house.links.sign_in(link.public_id, link.created_at).removeprefix("http://localhost"))
    cookie = browser.get_cookie(SESSION_COOKIE)

    assert cookie is not None
    assert cookie.value != "chosen"
    assert browser.get("/studio/").status_code == 200
    browser.set_cookie(SESSION_COOKIE, "chosen")
    assert browser.get("/studio/").status_code == 302


def test_a_page_is_light(house: House, place: Place, browser: FlaskClient) -> None:
    """Without pictures below 60 KB, of which scripts below 15 KB; nothing is packed."""
    publish(house, place, markdown="A usual post. " * 900)
    sizes = {}
    for path in ("/p/a-letter", "/static/tokens.css", "/static/site.css", "/theme.css", "/static/site.js"):
        with browser.get(path) as answer:
            sizes[path] = len(answer.data)

    assert sum(sizes.values()) < 60_000
    assert sizes["/static/site.js"] < 15_000
