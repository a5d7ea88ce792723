"""Writing free-standing pages in the studio."""

import pytest
from flask import Flask
from sqlalchemy import select

from newsletter.domain.names import slug_of
from newsletter.models import Page
from newsletter.publishing.free_pages import RESERVED, PageText, write_page
from newsletter.publishing.versions import SITE, versions
from newsletter.wiring import House
from tests.support.factories import make_author
from tests.web.conftest import Author, Place, signed_in

FORM = {"title": "About", "markdown": "Who we are.", "slug": "about", "in_navigation": "yes", "position": "0"}


@pytest.fixture
def about(house: House, place: Place) -> Page:
    with house.database.writing() as session:
        return write_page(session, place.publication, PageText("About", "Who we are."), house.now())


def pages(house: House) -> dict[str, Page]:
    with house.database.reading() as session:
        return {each.slug: each for each in session.scalars(select(Page).order_by(Page.position))}


def test_a_page_is_written_and_listed(house: House, author: Author) -> None:
    assert "will be listed here" in author.get("/studio/pages").text
    assert author.get("/studio/pages/new").status_code == 200

    answer = author.post("/studio/pages/new", **FORM | {"slug": ""})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/studio/pages?saved=yes")
    page = pages(house)["about"]
    assert (page.title, page.markdown, page.in_navigation, page.version) == ("About", "Who we are.", True, 1)
    listed = author.get(answer.headers["Location"]).text
    assert 'href="/studio/pages/about"' in listed
    assert "Saved." in listed


def test_a_new_page_goes_behind_the_others(author: Author, about: Page) -> None:
    assert 'name="position" value="1"' in author.get("/studio/pages/new").text


def test_a_page_is_changed(house: House, author: Author, about: Page) -> None:
    shown = author.get("/studio/pages/about").text
    assert "Who we are." in shown
    assert 'name="version" value="1"' in shown

    form = {"title": "About us", "markdown": "New words.", "slug": "about", "position": "7", "version": "1"}
    assert author.post("/studio/pages/about", **form).status_code == 303

    page = pages(house)["about"]
    assert (page.title, page.markdown, page.in_navigation, page.position) == (
        "About us",
        "New words.",
        False,
        7,
    )


def test_a_page_can_move(house: House, author: Author, about: Page) -> None:
    answer = author.post("/studio/pages/about", **FORM | {"slug": "Who We Are", "version": "1"})

    assert answer.status_code == 303
    assert {slug: page.id for slug, page in pages(house).items()} == {"who-we-are": about.id}


def test_an_empty_address_stays_as_it_was(house: House, author: Author, about: Page) -> None:
    author.post("/studio/pages/about", **FORM | {"slug": " ", "title": "Something else", "version": "1"})

    assert [page.title for page in pages(house).values()] == ["Something else"]
    assert set(pages(house)) == {"about"}


@pytest.mark.parametrize("path", ["/studio/pages/new", "/studio/pages/about"])
@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"slug": "contact"}, 409, "There is a page at /contact already"),
        ({"slug": "studio"}, 400, "The site itself uses the address /studio"),
        ({"title": ""}, 400, "needs a title"),
        ({"title": "T" * 301}, 400, "needs a title"),
        ({"position": "first"}, 400, "must be a number from 0 to 999"),
        ({"position": "-1"}, 400, "must be a number from 0 to 999"),
        ({"position": "9" * 5000}, 400, "must be a number from 0 to 999"),
        ({"position": "1" + "0" * 30}, 400, "must be a number from 0 to 999"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    house: House, place: Place, author: Author, about: Page, path: str, wrong, status: int, says: str
) -> None:
    with house.database.writing() as session:
        write_page(session, place.publication, PageText("Contact", "Here."), house.now())
    before = {slug: page.title for slug, page in pages(house).items()}
    form = FORM | {"slug": "typed-name", "markdown": "My precious words & <tags>", "version": "1"}

    answer = author.post(path, **form | wrong)

    assert answer.status_code == status
    assert says in answer.text
    assert "My precious words &amp; &lt;tags&gt;" in answer.text
    for name, value in (form | wrong).items():
        assert (
            name == "in_navigation"
            or str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in answer.text
        )
    assert {slug: page.title for slug, page in pages(house).items()} == before


def test_saving_over_a_newer_version_keeps_both(house: House, author: Author, about: Page) -> None:
    author.post("/studio/pages/about", **FORM | {"markdown": "First.", "version": "1"})

    late = author.post("/studio/pages/about", **FORM | {"markdown": "Second words.", "version": "1"})
    moved = author.post("/studio/pages/about", **FORM | {"slug": "elsewhere", "version": "1"})

    assert late.status_code == moved.status_code == 409
    assert "Second words." in late.text
    assert {slug: page.markdown for slug, page in pages(house).items()} == {"about": "First."}


def test_what_is_written_on_a_page_that_was_removed_is_not_lost(
    house: House, author: Author, about: Page
) -> None:
    author.post("/studio/pages/about/remove")

    late = author.post("/studio/pages/about", **FORM | {"markdown": "Precious.", "version": "1"})

    assert late.status_code == 409
    assert "Precious." in late.text
    assert 'action="/studio/pages/new"' in late.text
    assert pages(house) == {}


def test_removing_takes_the_page_away(house: House, author: Author, about: Page) -> None:
    assert 'action="/studio/pages/about/remove"' in author.get("/studio/pages/about").text
    assert author.get("/studio/pages/about/remove").status_code == 405

    assert author.post("/studio/pages/about/remove").headers["Location"] == "/studio/pages"

    assert pages(house) == {}
    assert author.post("/studio/pages/about/remove").status_code == 404
    assert author.get("/studio/pages/about").status_code == 404


def test_whatever_changes_is_seen_by_readers(house: House, author: Author) -> None:
    seen = []
    for path, form in (
        ("/studio/pages/new", FORM),
        ("/studio/pages/about", FORM | {"title": "New", "version": "1"}),
        ("/studio/pages/about/remove", {}),
    ):
        author.post(path, **form)
        with house.database.reading() as session:
            seen.append(versions(session, [SITE])[SITE].number)

    assert seen == sorted(set(seen))


def test_pages_are_for_editors_and_owners(app: Flask, house: House, place: Place, about: Page) -> None:
    with house.database.writing() as session:
        other = make_author(session, place.publication, "idris@example.org")
    writer = signed_in(app, house, other)

    for path in ("/studio/pages", "/studio/pages/new", "/studio/pages/about"):
        assert writer.get(path).status_code == 403
    for path in ("/studio/pages/new", "/studio/pages/about", "/studio/pages/about/remove"):
        assert writer.post(path, **FORM | {"title": "Mine", "version": "1"}).status_code == 403
    assert [page.title for page in pages(house).values()] == ["About"]
    assert 'href="/studio/pages"' not in writer.get("/studio/").text
    assert 'href="/studio/pictures"' in writer.get("/studio/").text


def test_pages_and_pictures_are_found_from_the_overview(author: Author) -> None:
    overview = author.get("/studio/").text

    assert 'href="/studio/pages"' in overview
    assert 'href="/studio/pictures"' in overview


def test_no_page_can_take_an_address_that_the_site_needs(app: Flask) -> None:
    first = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}

    possible = {name for name in first if slug_of(name) == name}  # no page has a dot in its address

    assert {"media", "studio", "p", "s"} <= possible
    assert possible <= RESERVED
