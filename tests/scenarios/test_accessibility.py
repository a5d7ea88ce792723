"""No page has anything that axe-core calls serious, nor is any wider than the screen."""

import logging
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import running_chromium
from tests.support.full_site import Pages, running_full_site
from tests.support.gallery import Scheme, findings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def site() -> Iterator[Pages]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_full_site() as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_no_page_has_a_serious_finding(site: Pages, chromium: Browser, size: str, scheme: Scheme) -> None:
    """`make gallery` asks the same of phones in light and desktops in dark."""
    assert findings(chromium, site, size, scheme) == []
