"""Takes pictures of every page and mail: phone and desktop, light and dark. Run by `make gallery`."""

import base64
import logging
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import delete, insert, select, update

from newsletter.accounts.identities import the_author
from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.audience.subscribing import Request, Words, ask_to_subscribe
from newsletter.cli.processes import free_port
from newsletter.cli.sample.filling import LIVE_POST, add_post, fill_publication, fill_subscribers
from newsletter.delivery.freezing import campaigns_to_freeze, freeze_audience
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import CampaignState, UncertainPolicy
from newsletter.mail.catcher import Spool
from newsletter.migrations import upgrade
from newsletter.models import Batch, Campaign, Consent, Identity, Notice, Publication, Section, Subscriber
from newsletter.publishing.campaigns import begin_campaign, freeze_content
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import find_post
from newsletter.publishing.publications import NewSection, add_section
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.web.context import SESSION_COOKIE
from newsletter.web.inbox.app import create_inbox
from newsletter.wiring import House
from tests.support.chromium import running_chromium
from tests.support.letter_gallery import make_sheets, shoot_letters
from tests.support.relay import Relay, running_relay
from tests.support.serving import serving

OUT = Path("var/gallery")
PICTURES = Path("docs/pictures")
LONG = Path(__file__).parent.parent / "samples" / "long-letter.md"
BLOCKS = LONG.parent / "posts" / "everything.md"
UNREADY = """See [the page](https://bit.ly/3abc) and [example.org](https://www.example.com/).

![](https://pictures.example.org/harbour.jpg)

### A heading of the third rank

Dear {{ name }}, these are the words of a draft that somebody has written in a hurry.
"""
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
Scheme = Literal["light", "dark"]
TALLEST = 7000
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Stage:
    """A filled site and what to look at."""

    base: str
    inbox: str
    pages: dict[str, str]
    secret: str


class _NoBar:
    def show(self, done: int, total: int) -> None:
        """Say nothing."""


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch, running_relay() as relay:
        port, inbox_port = free_port(), free_port()
        house = _house(Path(scratch), relay, port)
        spool = Spool(Path(scratch) / "inbox")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        with serving(create_app(house), port), serving(create_inbox(spool), inbox_port):
            stage = _fill(house, relay, spool, port, inbox_port)
            with running_chromium() as browser:
                _shoot(browser, stage, only)
                if not only or "letters" in only:
                    shoot_letters(browser, OUT / "letters")
                    make_sheets(browser, OUT / "letters", PICTURES)
                if not only:
                    _overview(browser)
        house.database.close()


def _house(folder: Path, relay: Relay, port: int) -> House:
    values: dict[str, Any] = {
        "data_dir": folder,
        "secret_key": "x" * 40,
        "site_url": f"http://127.0.0.1:{port}",
        "smtp_url": relay.url,
    }
    settings = Settings(_env_file=None, **values)  # type: ignore[call-arg]
    house = House(settings, lambda _job, _ids: None)
    upgrade(house.database.engine)
    return house


def _fill(house: House, relay: Relay, spool: Spool, port: int, inbox_port: int) -> Stage:
    now = house.now()
    with house.database.writing() as session:
        publication = fill_publication(session, now)
        add_section(session, publication, NewSection("letters", "An empty section", "Nothing here yet."), now)
    fill_subscribers(house.database, 30, now, _NoBar())
    with house.database.writing() as session:
        authors = {each.address or "": each for each in session.scalars(select(Identity))}
        live = add_post(session, publication, authors, read_post_file(LIVE_POST), now)
        long_file = read_post_file(LONG)
        published = PostFile(**{**long_file.__dict__, "published": datetime(2026, 11, 20, tzinfo=UTC)})
        long = add_post(session, publication, authors, published, now)
        blocks_file = read_post_file(BLOCKS)
        blocks = PostFile(**{**blocks_file.__dict__, "published": datetime(2026, 11, 21, tzinfo=UTC)})
        add_post(session, publication, authors, blocks, now)
        unready = PostFile("A draft that is not quite ready", UNREADY, section="mail")
        draft = add_post(session, publication, authors, unready, now)
        secret = sign_in(
            session, make_sign_in(session, the_author(session, publication.id, None), now).public_id, now
        )
    sending, finished = _campaign(house, publication, long), _campaign(house, publication, live)
    mails = _mails(house, relay, publication, spool)
    _pretend(house, sending)
    pages = _pages(house, live, long, sending, finished, mails)
    pages["studio-publish"] = f"/studio/posts/{draft}/publish"
    base = f"http://127.0.0.1:{port}"
    return Stage(base, f"http://127.0.0.1:{inbox_port}", pages, secret)


def _campaign(house: House, publication: Publication, public_id: str) -> Campaign:
    with house.database.reading() as session:
        post = find_post(session, public_id)
    content = freeze_content(house.composer, house.links, Edition(publication, post.section, post))
    with house.database.writing() as session:
        return begin_campaign(session, house.bell, content, UncertainPolicy.RESEND, house.now())


def _pretend(house: House, campaign: Campaign) -> None:
    """Numbers of a large campaign half-way, for the look of them."""
    numbers = {"total": 1_000_000, "accepted": 412_308, "deferred": 1_204, "failed": 312, "skipped": 57}
    with house.database.writing() as session:
        session.execute(delete(Batch).where(Batch.campaign_id == campaign.id))
        values = {"campaign_id": campaign.id, "low": 1, "high": 9, "due_at": house.now(), "state": "done"}
        session.execute(insert(Batch).values(**values, **numbers, sending=8, uncertain=2))
        session.execute(
            update(Campaign)
            .where(Campaign.id == campaign.id)
            .values(state=CampaignState.SENDING, total=1_000_000, frozen_through=1, finished_at=None)
        )


def _mails(house: House, relay: Relay, publication: Publication, spool: Spool) -> list[Any]:
    with house.database.writing() as session:
        sections = session.scalars(select(Section)).all()
        request = Request(
            parse_address("nour@example.org"), "نور", [each.id for each in sections[:2]], Words("w", "s")
        )
        ask_to_subscribe(session, house.bell, house.hasher, publication.id, request, house.now())
        reader = session.scalars(select(Subscriber)).first()
        assert reader is not None
        for kind in ("welcome", "already"):
            session.add(
                Notice(
                    publication_id=publication.id,
                    kind=kind,
                    subscriber_id=reader.id,
                    next_at=house.now(),
                    created_at=house.now(),
                )
            )
    sender = house.sender()
    sender.send_notices(lambda: False)
    with house.database.reading() as session:
        waiting = campaigns_to_freeze(session)
    for campaign_id in waiting:
        freeze_audience(house.database, house.bell, campaign_id, 100)
    sender.send_due("gallery", lambda: False, lambda: None)
    sender.close()
    with house.database.writing() as session:
        session.execute(
            update(Campaign)
            .where(Campaign.id.in_(waiting))
            .values(state=CampaignState.FINISHED, finished_at=house.now())
        )
    kept = {each.message["Subject"]: each for each in relay.accepted}
    for each in relay.accepted:
        spool.add(each.return_path, [each.recipient], each.raw)
    return list(kept.values())


def _pages(
    house: House, live: str, long: str, sending: Campaign, finished: Campaign, mails: list[Any]
) -> dict[str, str]:
    letter = next(each for each in mails if each.message["List-Unsubscribe"])
    path = letter.unsubscribe_url.removeprefix(house.settings.site_url)
    with house.database.reading() as session:
        consent = session.scalars(select(Consent).order_by(Consent.id.desc())).first()
        reader = session.scalars(select(Subscriber)).first()
        assert consent is not None
        assert reader is not None
    links = house.links
    return {
        "home": "/",
        "section": "/s/mail",
        "section-empty": "/s/letters",
        "post": "/p/the-envelope-is-not-the-letter",
        "post-long-title": "/p/the-dot-at-the-end",
        "post-blocks": "/p/one-of-everything",
        "post-long": "/p/a-field-guide-to-the-smtp-conversation",
        "subscribe": "/subscribe",
        "subscribe-error": "POST /subscribe address=not-an-address",
        "check-inbox": "POST /subscribe address=somebody-with-a-rather-long-address@subdomain.example.org",
        "confirm": links.confirm(consent.public_id, consent.at).removeprefix(house.settings.site_url),
        "leave": path,
        "left": f"POST {path}",
        "preferences": links.preferences(reader.public_id).removeprefix(house.settings.site_url),
        "not-found": "/p/nothing",
        "bad-link": "/u/nothing",
        "sign-in": "/studio/sign-in",
        "studio": "/studio/",
        "studio-write": f"/studio/posts/{live}",
        "studio-new": "/studio/posts/new",
        "studio-preview": f"/studio/posts/{long}/preview",
        "studio-sent": f"/studio/posts/{live}/publish",
        "studio-campaign": f"/studio/campaigns/{sending.public_id}",
        "studio-campaign-done": f"/studio/campaigns/{finished.public_id}",
        "inbox": "INBOX /",
        "inbox-message": "INBOX /1",
    }


def _shoot(browser: Browser, stage: Stage, only: list[str]) -> None:
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
            )
            context.add_cookies([{"name": SESSION_COOKIE, "value": stage.secret, "url": stage.base}])
            for name, where in stage.pages.items():
                if not only or name in only:
                    _picture(context, stage, where, OUT / f"{name}-{size}-{scheme}.png")
            context.close()


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


def _picture(context: BrowserContext, stage: Stage, where: str, path: Path) -> None:
    page = context.new_page()
    if where.startswith("INBOX "):
        page.goto(stage.inbox + where.removeprefix("INBOX "))
    elif where.startswith("POST "):
        _verb, address, *form = where.split(" ")
        page.goto(stage.base + address)
        for pair in form:
            name, value = pair.split("=")
            page.fill(f"input[name={name}]", value)
        page.locator("form").first.evaluate("form => { form.noValidate = true }")
        page.locator("main button").first.click()
    else:
        page.goto(stage.base + where)
    page.wait_for_load_state("networkidle")
    _save(page, path)


def _save(page: Page, path: Path) -> None:
    """The whole page, up to a height that picture programs open."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    width = page.viewport_size["width"] if page.viewport_size else 1280
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    page.close()


if __name__ == "__main__":
    main()
