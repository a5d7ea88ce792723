"""What a browser with our policy makes of heads and icons."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Browser, Page

from newsletter.web.app import create_app
from newsletter.web.machines.heads import head_of_post
from newsletter.wiring import House
from tests.support.chromium import running_chromium
from tests.support.serving import serving
from tests.web.conftest import Place
from tests.web.machines.conftest import a_post, a_site
from tests.web.machines.reading import PAGE

pytestmark = pytest.mark.slow


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
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context() as context:
        yield context.new_page()


@pytest.fixture
def site(house: House, place: Place) -> Iterator[str]:
    app: Flask = create_app(house)
    app.add_url_rule("/a-head", view_func=a_head)
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


def a_head() -> str:
    return render_template_string(PAGE, head=head_of_post(a_site(), a_post(), "In short"))


@pytest.mark.parametrize("path", ["/a-head", "/icon.svg"])
def test_nothing_is_refused_by_our_own_policy(site: str, page: Page, path: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    answer = page.goto(site + path)

    assert answer is not None
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page.wait_for_load_state("networkidle")
    assert said == []


def test_a_browser_that_refuses_something_says_so(site: str, page: Page) -> None:
    page.goto(f"{site}/a-head")

    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.evaluate("document.head.appendChild(document.createElement('script')).textContent = '1'")


def test_a_browser_keeps_linked_data_as_data(site: str, page: Page) -> None:
    page.goto(f"{site}/a-head")

    data = page.evaluate(
        "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"
    )

    assert data["@context"] == "https://schema.org"


def test_the_icon_is_drawn_in_its_colours(site: str, page: Page) -> None:
    page.goto(f"{site}/icon.svg")

    fill = page.evaluate("getComputedStyle(document.querySelector('rect')).fill")

    assert fill == "rgb(31, 95, 91)"
