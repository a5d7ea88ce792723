"""The reading site in a real browser, scripts off and on: read, page, search, filter, join, leave."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from newsletter.domain.states import PostAccess, SubscriberState
from newsletter.models import Post
from newsletter.publishing.free_pages import PageText, write_page
from newsletter.publishing.placing import Placement, place_post
from newsletter.wiring import House
from tests.conftest import fresh_database, settings_for
from tests.support.browsed_site import Site, browsing, running_site
from tests.support.factories import make_author, make_post, make_publication, make_section
from tests.support.relay import Relay

pytestmark = pytest.mark.slow

LONG = "".join(f"## Part {number}\n\n{'Words of a long post. ' * 120}\n\n" for number in range(4))
NOTED = "The first line.[^1]\n\n```python\nprint('hello')\n```\n\n[^1]: A note.\n"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, javascript: bool) -> Iterator[str]:
    """Each way of browsing meets the other database."""
    with fresh_database("postgresql" if javascript else "sqlite", request, tmp_path) as url:
        yield url


@pytest.fixture
def site(
    database_url: str, tmp_path: Path, relay: Relay, chromium: Browser, javascript: bool
) -> Iterator[Site]:
    settings = settings_for(tmp_path, database_url=database_url)
    with running_site(settings, relay, _fill) as house, browsing(chromium, javascript) as context:
        yield Site(house, relay, house.settings.site_url, context, context.new_page())


def _fill(house: House) -> None:
    now = house.now()
    with house.database.writing() as session:
        publication = make_publication(session)
        mail = make_section(session, publication, "mail", "How mail works")
        craft = make_section(session, publication, "craft", "Craft")
        author = make_author(session, publication)
        for number in range(23):
            make_post(session, mail, author, title=f"Mail letter {number}", published=True)
        for title, markdown in (("A long read", LONG), ("Noted", NOTED), ("For some", LONG)):
            make_post(session, craft, author, title=title, markdown=markdown, published=True)
        write_page(session, publication, PageText("About", "We write about mail."), now)
        posts = session.scalars(select(Post).order_by(Post.id)).all()
        for age, post in enumerate(reversed(posts)):
            values = {"published_at": now - timedelta(days=age * 40), "likes": age, "comments": age % 3}
            session.execute(
                update(Post)
                .where(Post.id == post.id)
                .values(**values, commented_at=now - timedelta(days=age))
            )
        session.expire_all()
        locked = session.scalars(select(Post).where(Post.title == "For some")).one()
        session.refresh(locked, ["cover"])
        place_post(session, locked, Placement(locked.slug, PostAccess.SUBSCRIBERS))


def test_a_reader_finds_a_post_reads_it_and_goes_on_to_the_next(site: Site, javascript: bool) -> None:
    page = site.open("/")
    page.get_by_role("link", name="All posts").click()
    expect(page.get_by_role("heading", name="Archive")).to_be_visible()
    page.get_by_role("link", name="A long read").click()

    expect(page.get_by_role("heading", level=1, name="A long read")).to_be_visible()
    page.get_by_role("link", name="Part 3").click()
    assert page.url.endswith("#part-3")
    page.get_by_role("link", name="After this one").click()
    expect(page.get_by_role("heading", level=1, name="Noted")).to_be_visible()
    if javascript:
        page.get_by_role("button", name="Copy", exact=True).click()
        assert page.evaluate("navigator.clipboard.readText()").strip() == "print('hello')"
        page.get_by_role("button", name="Copy link").first.click()
        assert page.evaluate("navigator.clipboard.readText()").endswith("/p/noted")
    else:
        assert page.get_by_role("button", name="Copy").count() == 0
    page.get_by_role("navigation", name="Sections and pages").get_by_role("link", name="About").click()
    expect(page.get_by_text("We write about mail.")).to_be_visible()


def test_the_archive_is_paged_sorted_and_filtered_by_links_and_a_form(site: Site) -> None:
    page = site.open("/archive")
    assert page.locator(".entry").count() == 20
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".entry")).to_have_count(6)
    assert page.get_by_role("link", name="Page 2").get_attribute("aria-current") == "page"

    order = page.get_by_role("navigation", name="Order of the list")
    order.get_by_role("link", name="Top").click()
    expect(page.get_by_text("a comment counts as two likes")).to_be_visible()
    first = page.locator(".entry").first.get_by_role("heading")
    expect(first).to_have_text("Mail letter 2")
    order.get_by_role("link", name="Discussions").click()
    expect(first).to_have_text("Noted")

    page.get_by_label("Section", exact=True).select_option("Craft")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".entry")).to_have_count(2)
    page.get_by_role("navigation", name="Order of the list").get_by_role("link", name="Latest").click()
    page.get_by_label("Section", exact=True).select_option("All sections")
    page.wait_for_load_state()
    year = page.get_by_label("Year").locator("option").last.inner_text()
    page.get_by_label("Year").select_option(year)
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".year")).to_have_text([year])


def test_searching_marks_what_was_found(site: Site) -> None:
    page = site.open("/archive")
    page.get_by_label("Search the posts").fill("note line")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("link", name="Noted")).to_be_visible()
    expect(page.locator("mark").filter(has_text=re.compile("^line$", re.IGNORECASE)).first).to_be_visible()
    page.get_by_label("Search the posts").fill("zeppelin")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No post holds all these words")).to_be_visible()


PLACES = {
    "/": "Get Return Path by email",
    "/s/craft": "Follow Craft",
    "/p/noted": "Follow Craft",
    "/by/mara-lindqvist": "Get Return Path by email",
    "/p/for-some": "Follow Craft",
    "/subscribe": "",
    "/embed": "",
}


def test_one_can_subscribe_from_every_place(site: Site) -> None:
    page = site.page
    for number, (path, box) in enumerate(PLACES.items()):
        address = f"reader{number}@example.org"
        form = site.open(path).locator("main form").filter(has_text=box).first
        form.get_by_label("Your email address").fill(address)
        form.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
        expect(page.get_by_text(address).first).to_be_visible()

        site.open_mailed("confirm", address, "Confirm")
        assert site.state_of(address) is SubscriberState.PENDING
        page.get_by_role("button", name="Yes, confirm").click()
        expect(page.get_by_role("heading", name="You are in")).to_be_visible()
        assert site.state_of(address) is SubscriberState.ACTIVE


def test_a_link_opened_in_another_browser_confirms_just_as_well(site: Site, chromium: Browser) -> None:
    site.open("/subscribe").get_by_label("Your email address").fill("ada@example.org")
    site.page.locator("main").get_by_role("button", name="Subscribe").click()
    link = site.mail_of("ada@example.org", "Confirm").link("confirm")

    with browsing(chromium, javascript=False) as elsewhere:
        other = elsewhere.new_page()
        other.goto(link)
        other.get_by_role("button", name="Yes, confirm").click()
        expect(other.get_by_role("heading", name="You are in")).to_be_visible()


def test_a_reader_chooses_leaves_regrets_and_comes_back(site: Site) -> None:
    page = site.open("/")
    page.get_by_label("Your email address").fill("ada@example.org")
    page.locator("main").get_by_role("button", name="Subscribe").click()
    site.open_mailed("confirm", "ada@example.org", "Confirm")
    page.get_by_role("button", name="Yes, confirm").click()

    page.get_by_label("Craft").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("How mail works").uncheck()
    page.get_by_role("button", name="Save").click()
    assert site.state_of("ada@example.org") is SubscriberState.LEFT

    page.get_by_label("Craft").check()
    page.get_by_role("button", name="Save").click()
    assert site.state_of("ada@example.org") is SubscriberState.ACTIVE


def test_light_dark_and_the_language_are_chosen_and_stay(site: Site) -> None:
    page = site.open("/archive?sort=top")
    page.get_by_role("button", name="Dark").click()
    assert page.url.endswith("/archive?sort=top")
    expect(page.locator("body")).to_have_css("background-color", "rgb(22, 21, 20)")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    site.open("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_a_reader_who_is_lost_is_shown_the_way(site: Site) -> None:
    page = site.open("/p/a-long-reed")

    page.get_by_role("link", name="A long read").click()
    expect(page.get_by_role("heading", level=1, name="A long read")).to_be_visible()


def test_the_keyboard_reaches_everything(site: Site) -> None:
    page = site.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    inside = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert inside
