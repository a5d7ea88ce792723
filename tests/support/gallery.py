"""Takes pictures of every page and mail, light and dark, and asks axe-core. Run by `make gallery`."""

import base64
import logging
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from newsletter.web.context import SESSION_COOKIE
from tests.support.chromium import running_chromium
from tests.support.full_site import Pages, running_full_site
from tests.support.letter_gallery import make_sheets, shoot_letters

OUT = Path("var/gallery")
PICTURES = Path("docs/pictures")
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
Scheme = Literal["light", "dark"]
TALLEST = 7000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_WAYS = ("INBOX ", "AR ", "EMPTY ")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:]
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with running_full_site() as site, running_chromium() as browser:
        _shoot(browser, site, only)
        if not only or "letters" in only:
            shoot_letters(browser, OUT / "letters")
            make_sheets(browser, OUT / "letters", PICTURES)
        if not only:
            _overview(browser)
            serious = [
                (size, scheme, *each)
                for size, scheme in product(SIZES, SCHEMES)
                for each in findings(browser, site, size, scheme)
            ]
            print("\n".join(map(str, serious)) or "axe-core finds nothing serious on any page")
            sys.exit(1 if serious else 0)


def findings(browser: Browser, site: Pages, size: str, scheme: Scheme) -> list[tuple[str, str, object]]:
    """What axe-core calls serious or critical on any page, and pages that are wider than the screen."""
    found: list[tuple[str, str, object]] = []
    for name, page in _walk(browser, site, size, scheme):
        answer = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
        found += [
            (name, each["id"], [node["html"][:160] for node in each["nodes"][:3]])
            for each in answer["violations"]
            if each["impact"] in {"serious", "critical"}
        ]
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if beyond > 0:
            found.append((name, "wider than the screen", beyond))
    return found


def _walk(
    browser: Browser, site: Pages, size: str, scheme: Scheme, only: Sequence[str] = ()
) -> Iterator[tuple[str, Page]]:
    """Every page, opened: the readers' as a stranger or as one of them, the studio's as an author."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    who = ((site.readers, ""), (site.people, site.reader_secret), (site.studio, site.secret))
    for names, secret in who:
        context.clear_cookies()
        if secret:
            context.add_cookies([{"name": SESSION_COOKIE, "value": secret, "url": site.base}])
        for name, where in names.items():
            if not only or name in only:
                page = open_page(context, site, where)
                yield name, page
                page.close()
    context.close()


def _shoot(browser: Browser, site: Pages, only: list[str]) -> None:
    for size, scheme in product(SIZES, SCHEMES):
        for name, page in _walk(browser, site, size, scheme, only):
            page.wait_for_load_state("networkidle")
            _save(page, OUT / f"{name}-{size}-{scheme}.png")


def open_page(context: BrowserContext, site: Pages, where: str) -> Page:
    """Go to a page in the way its address says."""
    page = context.new_page()
    way, _, path = where.rpartition(" ") if where.startswith(_WAYS) else ("", "", where)
    if way == "AR":
        page.set_extra_http_headers({"Accept-Language": "ar"})
    base = {"INBOX": site.inbox, "EMPTY": site.empty}.get(way, site.base)
    if where.startswith("POST "):
        _verb, address, *form = where.split(" ")
        page.goto(base + address)
        for pair in form:
            name, value = pair.split("=")
            page.fill(f"input[name={name}]", value)
        page.locator("form").first.evaluate("form => { form.noValidate = true }")
        page.locator("main button").first.click()
        page.wait_for_load_state()
    else:
        page.goto(base + path)
    return page


def _overview(browser: Browser) -> None:
    """The picture in the README, put together from three others."""
    page = browser.new_page(viewport={"width": 1500, "height": 640})
    shown = ("home-desktop-light", "letters/tables-320-light", "studio-campaign-phone-dark")
    frames = "".join(
        f'<div style="width:{width}px"><img src="data:image/png;base64,{_base64(OUT / f"{name}.png")}"></div>'
        for name, width in zip(shown, (880, 270, 270), strict=True)
    )
    style = (
        "body{margin:0;display:flex;gap:20px;padding:20px;background:#d9d5cd}img{width:100%;display:block}"
        "div{height:600px;overflow:hidden;border-radius:8px;flex:none}"
    )
    page.set_content(f"<style>{style}</style>{frames}")
    page.screenshot(path=PICTURES / "overview.png")
    page.close()


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def _save(page: Page, path: Path) -> None:
    """The whole page, up to a height that picture programs open."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    width = page.viewport_size["width"] if page.viewport_size else 1280
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})


if __name__ == "__main__":
    main()
