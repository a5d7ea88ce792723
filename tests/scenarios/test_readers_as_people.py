"""Readers with accounts in a real browser, scripts off and on: from signing in to being forgotten."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from newsletter.accounts.identities import RoleName
from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.models import Identity, Post, Subscriber
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.conftest import fresh_database, settings_for
from tests.support.browsed_site import Site, browsing, running_site
from tests.support.discussions import make_comment, make_reader
from tests.support.factories import make_author, make_post, make_publication, make_section, make_subscriber
from tests.support.relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ADA = "ada@example.org"
NOUR = "nour@example.org"
MARA = "mara@example.org"
HERE = "/p/first"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, javascript: bool) -> Iterator[str]:
    """Each way of browsing meets the other database."""
    with fresh_database("sqlite" if javascript else "postgresql", request, tmp_path) as url:
        yield url


@pytest.fixture
def site(
    database_url: str, tmp_path: Path, relay: Relay, chromium: Browser, javascript: bool
) -> Iterator[Site]:
    settings = settings_for(tmp_path, database_url=database_url)
    with running_site(settings, relay, fill) as house, browsing(chromium, javascript) as context:
        yield Site(house, relay, house.settings.site_url, context, context.new_page())


def fill(house: House) -> None:
    """A post with a comment by Nour, two sections, and Ada who gets one of them."""
    with house.database.writing() as session:
        publication = make_publication(session)
        mail = make_section(session, publication, "mail", "How mail works")
        make_section(session, publication, "craft", "Craft")
        author = make_author(session, publication, MARA, RoleName.OWNER)
        post = make_post(session, mail, author, title="First", published=True)
        make_subscriber(session, publication, mail, address=ADA)
        nour = make_reader(session, publication, NOUR, "نور")
        make_comment(session, house, post, nour, markdown="Who has the letter meanwhile?", now=house.now())


def sign_in_as(site: Site, address: str) -> None:
    """As by the mailed link, without the mail."""
    with site.house.database.writing() as session:
        identity = session.scalars(select(Identity).where(Identity.address == address)).one_or_none()
        if identity is None:
            publication = session.scalars(select(Post)).first()
            assert publication is not None
            identity = Identity(
                publication_id=publication.publication_id,
                address=address,
                address_key=address,
                name="Ada",
                created_at=site.house.now(),
            )
            session.add(identity)
            session.flush()
        now = site.house.now()
        secret = sign_in(session, make_sign_in(session, identity, now).public_id, now).secret
    site.context.clear_cookies()
    site.context.add_cookies([{"name": SESSION_COOKIE, "value": secret, "url": site.url}])


def comment_saying(page: Page, words: str) -> Locator:
    return page.locator("article.comment").filter(has_text=words).first


def choose(comment: Locator, what: str) -> None:
    """Something from the menu of a comment."""
    comment.locator("details.menu summary").click()
    comment.get_by_role("link", name=what, exact=True).click()


def test_a_reader_signs_in_by_a_mailed_link_and_comes_back_to_where_they_were(site: Site) -> None:
    page = site.open(HERE)
    page.get_by_role("link", name="Sign in to join in").click()
    page.get_by_label("Your email address").fill(ADA)
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()

    site.open_mailed("sign-in", ADA, "Sign in")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1, name="First")).to_be_visible()
    expect(page.get_by_role("link", name="Account")).to_be_visible()
    page.goto(site.mail_of(ADA, "Sign in").link("sign-in"))
    page.get_by_label("The address you asked for").fill(ADA)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("used already or is too old")).to_be_visible()


def test_on_another_device_the_address_is_typed_once_more(
    site: Site, chromium: Browser, javascript: bool
) -> None:
    site.open("/sign-in").get_by_label("Your email address").fill(ADA)
    site.page.get_by_role("button", name="Mail me a link").click()
    link = site.mail_of(ADA, "Sign in").link("sign-in")

    with browsing(chromium, javascript) as elsewhere:
        page = elsewhere.new_page()
        page.goto(link)
        expect(page.get_by_role("heading", name="Another browser asked for this link")).to_be_visible()
        page.get_by_label("The address you asked for").fill(NOUR)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Not signed in yet.")).to_be_visible()
        page.get_by_label("The address you asked for").fill(ADA)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text(ADA)).to_be_visible()


def test_a_reader_likes_comments_answers_edits_and_deletes(site: Site) -> None:
    sign_in_as(site, ADA)
    page = site.open(HERE)
    page.locator(".share-row .like").first.click()
    expect(page.locator(".share-row .like").first).to_have_attribute("aria-pressed", "true")
    comment_saying(page, "Who has the letter").locator(".like").click()
    expect(comment_saying(page, "Who has the letter").locator(".like")).to_have_attribute(
        "aria-pressed", "true"
    )

    comment_saying(page, "Who has the letter").get_by_role("link", name="Answer").click()
    page.get_by_label("Your answer").fill("Nobody, and that is *the* trouble.")
    page.get_by_role("button", name="Post the answer").click()
    expect(comment_saying(page, "Nobody, and that is the trouble.")).to_be_visible()

    site.open(HERE)
    choose(page.locator("article.comment").filter(has_text="the trouble").last, "Edit")
    page.get_by_label("Your comment").fill("Nobody, which RFC 1047 regrets.")
    page.locator("form.write button").click()
    expect(comment_saying(page, "Nobody, which RFC 1047 regrets.")).to_contain_text("Edited")

    choose(comment_saying(page, "Nobody, which RFC 1047 regrets."), "Delete")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("which RFC 1047 regrets")).to_have_count(0)
    with site.house.database.reading() as session:
        post = session.scalars(select(Post)).one()
        assert (post.likes, post.comments) == (1, 1)
    page.goto(site.url + HERE)
    page.locator(".share-row .like").first.click()
    expect(page.locator(".share-row .like").first).to_have_attribute("aria-pressed", "false")


def test_a_comment_is_reported_and_moderated_and_its_thread_goes_quiet(site: Site) -> None:
    sign_in_as(site, ADA)
    page = site.open(HERE)
    choose(comment_saying(page, "Who has the letter"), "Report")
    page.get_by_label(re.compile("What is wrong with it")).fill("Not about mail.")
    page.get_by_role("button", name="Report it").click()
    page.goto(site.url + HERE)
    page.get_by_label("Your comment").fill("I have a question as well.")
    page.get_by_role("button", name="Post the comment").click()
    expect(comment_saying(page, "I have a question as well.")).to_be_visible()

    sign_in_as(site, MARA)
    page.goto(site.url + "/studio/discussion?which=reported")
    case = page.locator("article.case").filter(has_text="Who has the letter")
    expect(case).to_contain_text("Not about mail.")
    case.get_by_label(re.compile("Reason")).fill("Somewhere else, please.")
    case.get_by_role("button", name="Hide").click()
    page.goto(site.url + HERE)
    comment_saying(page, "I have a question as well.").get_by_role("link", name="Answer").click()
    page.get_by_label("Your answer").fill("Ask it!")
    page.get_by_role("button", name="Post the answer").click()
    expect(comment_saying(page, "Ask it!")).to_be_visible()

    mail = site.mail_of(ADA, "Mara")
    assert "Ask it!" in mail.text
    site.context.clear_cookies()
    page.goto(site.url + HERE)
    expect(page.get_by_text("Who has the letter meanwhile?")).to_have_count(0)
    page.goto(site.url + urlsplit(mail.unsubscribe_url).path)
    page.locator("main form button").first.click()
    sign_in_as(site, MARA)
    page.goto(site.url + HERE)
    comment_saying(page, "Ask it!").get_by_role("link", name="Answer").click()
    page.get_by_label("Your answer").fill("Please do.")
    page.get_by_role("button", name="Post the answer").click()
    expect(comment_saying(page, "Please do.")).to_be_visible()
    assert "Ask it!" in site.mail_of(ADA, "Mara").text  # the newest mail is still that one


def test_a_reader_decides_what_comes_and_pauses_it(site: Site) -> None:
    sign_in_as(site, ADA)
    page = site.open("/account")
    page.get_by_label(re.compile("Craft")).check()
    page.locator("#sections button").click()
    expect(page.get_by_label(re.compile("Craft"))).to_be_checked()
    page.get_by_role("button", name="Pause for a month").click()
    expect(page.get_by_text("No letters come until")).to_be_visible()
    page.get_by_label("Once a week, everything new in one letter").check()
    page.locator("#rhythm button").click()
    expect(page.get_by_label("Once a week, everything new in one letter")).to_be_checked()
    page.get_by_role("textbox", name="Name").fill("Ada O.")
    page.locator("#name button").click()

    expect(page.get_by_role("heading", level=1, name="Ada O.")).to_be_visible()
    with site.house.database.reading() as session:
        reader = session.scalars(select(Subscriber).where(Subscriber.address == ADA)).one()
        assert (reader.rhythm, reader.paused_until is not None) == ("weekly", True)
    page.get_by_role("button", name="Send me letters again").click()
    expect(page.get_by_role("button", name="Pause for a month")).to_be_visible()


def test_an_account_moves_when_both_addresses_agree(site: Site) -> None:
    sign_in_as(site, ADA)
    page = site.open("/account")
    page.get_by_label("New address").fill("ada@example.net")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text("Press the buttons in the mails")).to_be_visible()

    for address in (ADA, "ada@example.net"):
        site.open(urlsplit(site.mail_of(address, "").link("address")).path)
        page.get_by_role("button", name="Yes, change the address").click()

    page.goto(site.url + "/account")
    expect(page.get_by_text("ada@example.net")).to_be_visible()
    assert site.state_of("ada@example.net") == "active"
    assert site.state_of(ADA) is None


def test_a_reader_takes_a_copy_along_and_is_forgotten(site: Site) -> None:
    sign_in_as(site, ADA)
    page = site.open(HERE)
    page.get_by_label("Your comment").fill("I was here.")
    page.get_by_role("button", name="Post the comment").click()
    expect(comment_saying(page, "I was here.")).to_be_visible()

    page.goto(site.url + "/account")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take a copy along").click()
    copy = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert ADA in json.dumps(copy)
    assert "I was here." in json.dumps(copy)
    page.get_by_role("link", name="Delete my account").click()
    page.get_by_role("button", name="Delete everything").click()

    page.goto(site.url + HERE)
    expect(page.get_by_text("I was here.")).to_have_count(0)
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert site.state_of(ADA) is None
