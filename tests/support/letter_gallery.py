"""Pictures of every letter: three widths, light, dark, and as programs show it that know no styles."""

import base64
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, Route

from tests.support.letters import sample_letters

WIDTHS = (320, 600, 800)
Look = Literal["light", "dark", "bare"]
LOOKS: tuple[Look, ...] = ("light", "dark", "bare")
_ON_SHEETS = {"light": 600, "dark": 320, "bare": 600}
_TALLEST = 6000

_STYLE = re.compile(r'<style>.*?</style>| (?:style|bgcolor|align|valign|class)="[^"]*"', re.DOTALL)
_PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="640">
<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="#cfd8d3"/><stop offset="1" stop-color="#7f9a94"/>
</linearGradient></defs><rect width="1200" height="640" fill="url(#g)"/>
<circle cx="880" cy="210" r="90" fill="#f4efe4"/>
<path d="M0 520 L340 300 L620 480 L860 360 L1200 560 V640 H0 Z" fill="#48625d"/></svg>"""


def shoot_letters(browser: Browser, folder: Path) -> None:
    """Write `NAME-WIDTH-LOOK.png` for all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for look in LOOKS:
        for width in WIDTHS:
            page = browser.new_page(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if look == "dark" else "light",
                device_scale_factor=2 if width < 600 else 1,
            )
            page.route("https://**/*", _serve)
            for name, raw in sample_letters().items():
                page.set_content(_html(raw, look), wait_until="load")
                _save(page, folder / f"{name}-{width}-{look}.png", width)
            page.close()


def make_sheets(browser: Browser, folder: Path, into: Path) -> None:
    """Put the letters of each look side by side into `letters-LOOK.png`."""
    for look, width in _ON_SHEETS.items():
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        cells = "".join(
            f'<figure><img src="data:image/png;base64,{_base64(folder / f"{name}-{width}-{look}.png")}">'
            f"<figcaption>{name}</figcaption></figure>"
            for name in sample_letters()
        )
        style = (
            "body{margin:20px;background:#d9d5cd;font:13px sans-serif;"
            "display:grid;grid-template-columns:repeat(6,1fr);gap:16px;align-items:start}"
            "figure{margin:0}img{width:100%;display:block;border-radius:4px}"
            "figcaption{padding:6px 2px;color:#444}"
        )
        page.set_content(f"<style>{style}</style>{cells}")
        _save_small(page.screenshot(full_page=True), into / f"letters-{look}.png")
        page.close()


def _save_small(picture: bytes, path: Path) -> None:
    """A palette is enough, at less than half the bytes: these pictures are kept in the repository."""
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def _html(raw: bytes, look: Look) -> str:
    message = message_from_bytes(raw, policy=default_policy)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("html",))
    assert part is not None
    html = str(part.get_content())
    return _STYLE.sub("", html) if look == "bare" else html


def _serve(route: Route) -> None:
    """Every picture is this one: nothing is fetched."""
    route.fulfill(body=_PICTURE, content_type="image/svg+xml")


def _save(page: Page, path: Path, width: int) -> None:
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), _TALLEST)
    shown = int(page.evaluate("document.documentElement.scrollWidth"))
    assert shown <= width or path.stem.endswith("bare"), f"{path.stem} is {shown} pixels wide"
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")
