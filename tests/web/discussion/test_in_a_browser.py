"""Liking, answering and writing in Chromium, with scripts and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from newsletter.domain.states import CommentState
from newsletter.models import Identity, Post
from newsletter.publishing.publications import change_discussing, the_publication
from newsletter.web.app import create_app
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.support.chromium import running_chromium
from tests.support.serving import serving
from tests.web.conftest import Author
from tests.web.discussion.conftest import POST, all_comments, newest, say

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """One kind of database is enough here."""
    path = tmp_path / "newsletter.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def site(house: House) -> Iterator[str]:
    with serving(create_app(house)) as port:
        yield f"http://127.0.0.1:{port}"


def opened(chromium: Browser, site: str, reader: Author, *, scripts: bool = True) -> BrowserContext:
    context = chromium.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    cookie = reader.client.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    context.add_cookies([{"name": SESSION_COOKIE, "value": cookie.value, "url": site}])
    return context


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def either(request, chromium: Browser, site: str, reader: Author) -> Iterator[Page]:
    """Ada's browser, with scripts and then without."""
    with opened(chromium, site, reader, scripts=request.param) as context:
        yield context.new_page()


@pytest.fixture
def page(chromium: Browser, site: str, reader: Author) -> Iterator[Page]:
    with opened(chromium, site, reader) as context:
        yield context.new_page()


def test_a_post_is_liked_and_liked_no_more(house: House, post: Post, site: str, either: Page) -> None:
    either.goto(site + POST)
    for pressed, likes in (("true", 1), ("false", 0)):
        either.locator(".share-row button.like").first.click()
        for row in (0, 1):
            button = either.locator(".share-row button.like").nth(row)
            expect(button).to_have_attribute("aria-pressed", pressed)
            expect(button).to_contain_text(f"{likes} like{'s' * (likes != 1)}")
        with house.database.reading() as session:
            assert session.get_one(Post, post.id).likes == likes


def test_a_comment_is_answered(house: House, post: Post, jonas: Identity, site: str, either: Page) -> None:
    first = say(house, post, jonas, "Is anybody there?")
    either.goto(site + POST)

    either.locator(f"#c-{first.public_id} .comment-acts a", has_text="Answer").click()
    either.locator("label", has_text="Your answer").click()
    either.keyboard.type("Yes, *here*.")
    either.get_by_role("button", name="Post the answer").click()

    expect(either.locator("article em", has_text="here")).to_be_visible()
    assert newest(house).parent_id == first.id


def test_a_comment_is_written_changed_and_deleted(house: House, post: Post, site: str, either: Page) -> None:
    either.goto(site + POST)
    either.get_by_label("Your comment").fill("First words.")
    either.get_by_role("button", name="Post the comment").click()
    expect(either.locator(".comment-text", has_text="First words.")).to_be_visible()

    either.locator("details.menu > summary").click()
    either.get_by_role("link", name="Edit").click()
    expect(either.get_by_role("heading", name="Change your comment")).to_be_visible()
    either.get_by_label("Your comment").fill("Second words.")
    either.get_by_role("button", name="Save").click()
    expect(either.locator(".comment-text", has_text="Second words.")).to_be_visible()

    either.locator("details.menu > summary").click()
    either.get_by_role("link", name="Delete").click()
    either.get_by_role("button", name="Delete it").click()
    expect(either.locator(".comment-text")).to_have_count(0)
    assert newest(house).state is CommentState.DELETED


def test_with_scripts_one_stays_on_the_page_and_is_told(
    house: House, post: Post, jonas: Identity, site: str, page: Page
) -> None:
    first = say(house, post, jonas, "Is anybody there?")
    page.goto(site + POST)

    page.locator("[data-answer]").click()
    expect(page.locator("article form textarea")).to_be_focused()
    page.locator("article form textarea").fill("Yes.")
    page.get_by_role("button", name="Post the answer").click()

    expect(page.locator("[data-live]")).to_have_text("Your comment is there now.")
    nested = page.locator(f"li:has(> #c-{first.public_id}) .below article")
    expect(nested).to_contain_text("Yes.")
    expect(nested).to_be_focused()
    assert page.url == site + POST


def test_with_scripts_a_held_comment_is_announced_as_such(
    house: House, post: Post, jonas: Identity, site: str, page: Page
) -> None:
    say(house, post, jonas)
    with house.database.writing() as session:
        publication = the_publication(session)
        change_discussing(session, publication, publication.discussing, holds_first=True)
    page.goto(site + POST)

    page.get_by_label("Your comment").fill("My first.")
    page.get_by_role("button", name="Post the comment").click()

    expect(page.locator("[data-live]")).to_contain_text("waits until a moderator has seen it")
    expect(page.locator(".comment-state")).to_be_visible()


def test_with_scripts_what_is_wrong_is_said_in_place(
    house: House, post: Post, jonas: Identity, site: str, page: Page
) -> None:
    say(house, post, jonas)
    page.goto(site + POST)

    page.get_by_label("Your comment").fill("https://example.org/ " * 11)
    page.get_by_role("button", name="Post the comment").click()

    expect(page.locator("form.write .problem")).to_contain_text("too many links")
    expect(page.locator("form.write .problem")).to_be_focused()
    assert "example.org" in page.get_by_label("Your comment").input_value()
    assert len(all_comments(house)) == 1


def test_an_answer_can_be_put_away(house: House, post: Post, jonas: Identity, site: str, page: Page) -> None:
    say(house, post, jonas)
    page.goto(site + POST)

    page.locator("[data-answer]").click()
    page.locator("[data-cancel]").click()

    expect(page.locator("article form")).to_have_count(0)
    expect(page.locator("[data-answer]")).to_be_focused()


def test_a_thread_folds_away_by_its_line(
    house: House, post: Post, ada: Identity, jonas: Identity, site: str, either: Page
) -> None:
    first = say(house, post, ada, "A question?")
    say(house, post, jonas, "An answer.", first)
    either.goto(site + POST)

    either.locator("details.answers").click(position={"x": 4, "y": 90})
    expect(either.get_by_text("An answer.")).to_be_hidden()
    either.locator("details.answers > summary").click()
    expect(either.get_by_text("An answer.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_and_nothing_refused(
    house: House,
    post: Post,
    ada: Identity,
    jonas: Identity,
    author: Author,
    reader: Author,
    chromium,
    site,
    scheme,
) -> None:
    comment = say(house, post, ada, "Deep " + "w" * 300)
    for level in range(8):
        comment = say(house, post, (jonas, ada)[level % 2], f"مستوى {level} `code`\n\n> quoted", comment)
    here, said = f"{POST}/comments/{comment.public_id}", []
    studio = ["", "?which=newest", "/banned", "/settings", f"/comments/{comment.public_id}"]
    paths = [(reader, path) for path in (POST, f"{POST}/comments", here)]
    paths += [(reader, here + what) for what in ("/answer", "/edit", "/delete")]
    paths += [(author, here + "/report"), *((author, f"/studio/discussion{each}") for each in studio)]

    for who, path in paths:
        with opened(chromium, site, who) as context:
            page = context.new_page()
            page.emulate_media(color_scheme=scheme)
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(site + path)
            answer = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
            bad = [each for each in answer["violations"] if each["impact"] in {"serious", "critical"}]
            assert not bad, (path, [(each["id"], each["nodes"][0]["html"][:200]) for each in bad])
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    assert said == []
