"""A site in a real browser: its pages, and the mails it sends."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.domain.states import SubscriberState
from newsletter.models import Subscriber
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.ports import free_port
from tests.support.relay import Accepted, Relay
from tests.support.serving import serving


@dataclass
class Site:
    """A site with posts, its relay, and a reader's browser."""

    house: House
    relay: Relay
    url: str
    context: BrowserContext
    page: Page

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def mail_of(self, address: str, subject: str) -> Accepted:
        """Send what waits; the newest mail to an address."""
        with ThreadPoolExecutor(1) as elsewhere:  # the browser's own loop is running in this thread
            elsewhere.submit(self._send_notices).result()
        return [each for each in self.relay.to(address) if each.message["Subject"].startswith(subject)][-1]

    def _send_notices(self) -> None:
        sender = self.house.sender()
        sender.send_notices(lambda: False)
        sender.close()

    def open_mailed(self, kind: str, address: str, subject: str) -> Page:
        """Follow the link in a mail."""
        return self.open(urlsplit(self.mail_of(address, subject).link(kind)).path)

    def state_of(self, address: str) -> SubscriberState | None:
        with self.house.database.reading() as session:
            return session.scalar(select(Subscriber.state).where(Subscriber.address == address))


@contextmanager
def browsing(chromium: Browser, javascript: bool) -> Iterator[BrowserContext]:
    """A browser of its own; whatever it refuses, or a script that fails, is an error."""
    context = chromium.new_context(java_script_enabled=javascript, locale="en-US")
    if javascript:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console", lambda message: complaints.append(message.text) if "Security" in message.text else None
    )
    yield context
    context.close()
    assert complaints == []


@contextmanager
def running_site(settings: Settings, relay: Relay, fill: Callable[[House], None]) -> Iterator[House]:
    """A site that is served, filled with what a test needs."""
    port = free_port()
    values = {"site_url": f"http://127.0.0.1:{port}", "smtp_url": SecretStr(relay.url), "form_seconds": 0}
    house = House(settings.model_copy(update=values), lambda _job, _ids: None)
    fill(house)
    with serving(create_app(house), port):
        yield house
    house.database.close()
