"""No page has anything that axe-core calls serious, nor is any wider than the screen.

Each page is looked at in one way every day, and in another by `make chaos`; `make gallery` has all four.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

import pytest
from playwright.sync_api import Browser

from tests.support.full_site import Pages, running_full_site
from tests.support.gallery import Scheme, findings

WAYS: tuple[tuple[str, Scheme], ...] = (
    ("phone", "dark"),
    ("desktop", "light"),
    ("phone", "light"),
    ("desktop", "dark"),
)
_EVERY_DAY = 2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def site() -> Iterator[Pages]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_full_site() as site:
        yield site


@pytest.mark.parametrize(
    "number",
    [pytest.param(n, marks=[] if n < _EVERY_DAY else [pytest.mark.long]) for n in range(len(WAYS))],
    ids=[" ".join(way) for way in WAYS],
)
def test_no_page_has_a_serious_finding(site: Pages, chromium: Browser, number: int) -> None:
    mine = replace(
        site,
        readers=share(site.readers, number),
        people=share(site.people, number),
        studio=share(site.studio, number),
    )

    assert findings(chromium, mine, *WAYS[number]) == []


def share(pages: Mapping[str, str], number: int) -> dict[str, str]:
    return dict(islice(pages.items(), number % _EVERY_DAY, None, _EVERY_DAY))
