"""No page has anything that axe-core calls serious: light and dark, phone and desktop."""

import logging
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from newsletter.web.context import SESSION_COOKIE
from tests.support.chromium import running_chromium
from tests.support.full_site import Pages, running_full_site
from tests.support.gallery import SIZES, Scheme, open_page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def site() -> Iterator[Pages]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_full_site() as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_serious_finding(site: Pages, chromium: Browser, size: str, scheme: Scheme) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    findings = []
    for names in (site.readers, site.studio):
        for name, where in names.items():
            page = open_page(context, site, where)
            for violation in Axe().run(page, options={"runOnly": RULES}).response["violations"]:
                if violation["impact"] in {"serious", "critical"}:
                    nodes = [node["html"][:160] for node in violation["nodes"][:2]]
                    findings.append((name, violation["id"], nodes))
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if overflow > 0:
                findings.append((name, "wider than the screen", [overflow]))
            page.close()
        context.add_cookies([{"name": SESSION_COOKIE, "value": site.secret, "url": site.base}])
    context.close()

    assert findings == []
