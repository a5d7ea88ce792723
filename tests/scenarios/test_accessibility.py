"""No page has anything that axe-core calls serious, nor is any wider than the screen.

Each page is looked at in one way; `make gallery` looks at all of them in all four.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

import pytest
from playwright.sync_api import Browser

from tests.support.chromium import running_chromium
from tests.support.full_site import Pages, running_full_site
from tests.support.gallery import Scheme, findings

WAYS: tuple[tuple[str, Scheme], ...] = (
    ("phone", "dark"),
    ("desktop", "light"),
    ("phone", "light"),
    ("desktop", "dark"),
)

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
    for number, (device, scheme) in enumerate(WAYS):
        mine = replace(
            site,
            readers=share(site.readers, number),
            people=share(site.people, number),
            studio=share(site.studio, number),
        )

        assert findings(chromium, mine, device, scheme) == []


def share(pages: Mapping[str, str], number: int) -> dict[str, str]:
    return dict(islice(pages.items(), number, None, len(WAYS)))
