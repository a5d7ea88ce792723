"""No page has anything that axe-core calls serious, nor is any wider than the screen."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import running_chromium
from tests.support.full_site import Pages, running_full_site
from tests.support.gallery import findings

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


def test_no_page_has_a_serious_finding(site: Pages, chromium: Browser) -> None:
    """`make gallery` asks for every page in light and dark, on phones and desktops."""
    readers, studio = replace(site, studio={}), replace(site, readers={})

    assert findings(chromium, readers, "phone", "dark") == []
    assert findings(chromium, readers, "desktop", "light") == []
    assert findings(chromium, studio, "phone", "light") == []
