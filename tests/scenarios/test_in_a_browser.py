"""The whole way in a real browser, with JavaScript off: subscribe, confirm, get a letter, leave, get none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.accounts.identities import RoleName
from newsletter.accounts.signing_in import make_sign_in
from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import CampaignState
from newsletter.models import Campaign, Identity
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.conftest import fresh_database, settings_for
from tests.scenarios.conftest import Works
from tests.support.factories import make_author, make_publication, make_section, make_subscriber
from tests.support.ports import free_port
from tests.support.relay import Relay
from tests.support.serving import serving
from tests.support.stack import wait_for

pytestmark = pytest.mark.slow

READER = "ada@example.org"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, javascript: bool) -> Iterator[str]:
    """Each way of browsing meets the other database."""
    with fresh_database("sqlite" if javascript else "postgresql", request, tmp_path) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path) -> Settings:
    return settings_for(tmp_path, database_url=database_url, site_url=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def site(works: Works) -> Iterator[str]:
    """The running site, with a worker behind it."""
    house = works.house
    with house.database.writing() as session:
        publication = make_publication(session)
        mail = make_section(session, publication, "mail", "How mail works")
        make_subscriber(session, publication, mail, address="another@example.net")  # who stays
        make_section(session, publication, "craft", "Craft")
        make_author(session, publication, role=RoleName.OWNER)
    works.start_worker()
    url = house.settings.site_url
    with serving(create_app(house), int(url.rsplit(":", 1)[1])):
        yield url


def letter_page(page: Page, relay: Relay, subject: str) -> str:
    """Wait for a mail and open its HTML as a mail program would. Returns its text."""
    relay.wait_for(lambda relay: any(each.message["Subject"] == subject for each in relay.to(READER)))
    letter = next(each for each in relay.to(READER) if each.message["Subject"] == subject)
    page.set_content(letter.html)
    return letter.text


def publish(house: House, page: Page, site: str, title: str) -> None:
    """Sign in to the studio, write a post and mail it, all by hand."""
    with house.database.writing() as session:
        author = session.query(Identity).one()
        link = make_sign_in(session, author, house.now())
    page.goto(house.links.sign_in(link.public_id, link.created_at))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Write", exact=True).click()
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Text, in Markdown").fill("Dear {{ name | reader }},\n\nthis is **bold** news.")
    page.get_by_label("Section").select_option("mail")
    page.get_by_role("button", name="Save and publish…").click()
    page.get_by_role("button", name="Publish and mail it").click()
    page.get_by_role("heading", name=title).wait_for()


def campaign_is_over(house: House, number: int) -> bool:
    with house.database.reading() as session:
        campaigns = session.query(Campaign).all()
        return len(campaigns) == number and all(each.state is CampaignState.FINISHED for each in campaigns)


def test_a_reader_comes_gets_a_letter_and_leaves(
    works: Works, site: str, relay: Relay, chromium: Browser, javascript: bool
) -> None:
    house = works.house
    reader = chromium.new_context(java_script_enabled=javascript).new_page()
    author = chromium.new_context(java_script_enabled=javascript).new_page()

    reader.goto(site)
    reader.get_by_role("link", name="Subscribe").first.click()
    reader.get_by_label("Your email address").fill(READER)
    reader.get_by_label("Your name").fill("Ada")
    reader.get_by_label("Craft").uncheck()
    reader.locator("main").get_by_role("button", name="Subscribe").click()
    expect(reader.get_by_role("main")).to_contain_text(READER)

    letter_page(reader, relay, "Confirm your subscription to Return Path")
    reader.get_by_role("link", name="Confirm my subscription").click()
    reader.get_by_role("button", name="Yes, confirm my subscription").click()
    expect(reader.get_by_role("main")).to_contain_text("You are in")
    letter_page(reader, relay, "Welcome to Return Path")

    publish(house, author, site, "First news")
    text = letter_page(reader, relay, "First news")
    assert "Dear Ada," in text
    assert reader.get_by_text("Dear Ada,").is_visible()
    reader.get_by_role("link", name="Leave How mail works").click()
    reader.get_by_role("button", name="Leave How mail works").click()
    expect(reader.get_by_role("main")).to_contain_text("You left How mail works")

    wait_for(lambda: campaign_is_over(house, 1))
    expect(author.get_by_text("Done. Every letter")).to_be_visible()  # from here on it does not reload itself
    publish(house, author, site, "Second news")
    wait_for(lambda: campaign_is_over(house, 2))
    assert not any(each.message["Subject"] == "Second news" for each in relay.to(READER))
    with house.database.reading() as session:
        assert [count_deliveries(session, each.id).accepted for each in session.query(Campaign)] == [2, 1]
