"""A site with one of everything on it: posts of all kinds, pictures, campaigns, mails, and all pages."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.identities import the_author
from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.audience.consents import Words
from newsletter.audience.subscribing import Request, ask_to_subscribe
from newsletter.audience.suppression import SuppressionReason, suppress
from newsletter.cli.sample.filling import LIVE_POST, add_post, fill_publication, fill_subscribers
from newsletter.delivery.freezing import campaigns_to_freeze, freeze_audience
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import CampaignState, PostAccess, UncertainPolicy
from newsletter.mail.catcher import Spool
from newsletter.media.pictures import keep_picture, make_picture
from newsletter.migrations import upgrade
from newsletter.models import (
    Batch,
    Campaign,
    Consent,
    Identity,
    Notice,
    Post,
    Publication,
    Section,
    Subscriber,
)
from newsletter.publishing.campaigns import begin_campaign, freeze_content
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.free_pages import PageText, write_page
from newsletter.publishing.letters import Edition
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import find_post, find_published
from newsletter.publishing.publications import NewSection, add_section
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.web.inbox.app import create_inbox
from newsletter.wiring import House
from tests.support.full_discussion import discuss
from tests.support.landscapes import landscape
from tests.support.ports import free_port
from tests.support.relay import Relay, running_relay
from tests.support.serving import serving

_SAMPLES = Path(__file__).parent.parent / "samples"
LONG = _SAMPLES / "long-letter.md"
BLOCKS = _SAMPLES / "posts" / "everything.md"
UNREADY = """See [the page](https://bit.ly/3abc) and [example.org](https://www.example.com/).

![](https://pictures.example.org/harbour.jpg)

### A heading of the third rank

Dear {{ name }}, these are the words of a draft that somebody has written in a hurry.
"""
_ABOUT = """This is where a publisher says who writes, about what, and how often.

## How to reach us

Answer any letter; a person reads it.
"""
_ARABIC = """هذه رسالة قصيرة عن البريد وكيف يصل. تبدأ الرسالة عند من يكتبها، وتنتهي عند من يقرأها.

## من الخادم إلى الخادم

يسأل الخادم الأول عن عنوان الخادم الثاني، ثم يسلّمه الرسالة `250 OK` ويودّعه.
"""


@dataclass(frozen=True)
class Pages:
    """Addresses by name. Some say how they are reached: `POST`, `AR` (in Arabic), `EMPTY`, `INBOX`."""

    base: str
    inbox: str
    empty: str
    readers: dict[str, str]
    people: dict[str, str]
    """Of a reader who is signed in."""
    studio: dict[str, str]
    reader_secret: str
    secret: str


class _NoBar:
    def show(self, done: int, total: int) -> None:
        """Say nothing."""


@contextmanager
def running_full_site() -> Iterator[Pages]:
    """Serve it, an empty site, and the catcher's inbox."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        relay = stack.enter_context(running_relay())
        ports = [free_port() for _each in range(3)]
        house, empty = _house(scratch / "full", relay, ports[0]), _house(scratch / "empty", relay, ports[2])
        spool = Spool(scratch / "inbox")
        apps: list[Flask] = [create_app(house), create_inbox(spool), create_app(empty)]
        for app, port in zip(apps, ports, strict=True):
            stack.enter_context(serving(app, port))
        for each in (house, empty):
            stack.callback(each.database.close)
        _found(empty)
        pages = _fill(house, relay, spool)
        base, inbox, empty_base = (f"http://127.0.0.1:{port}" for port in ports)
        yield Pages(base, inbox, empty_base, *pages)


def _found(house: House) -> None:
    """A publication on its first day."""
    with house.database.writing() as session:
        publication = fill_publication(session, house.now())
        session.execute(update(Post).values(state="draft"))
        publication.tagline = ""


def _house(folder: Path, relay: Relay, port: int) -> House:
    folder.mkdir()
    values: dict[str, Any] = {
        "data_dir": folder,
        "secret_key": "x" * 40,
        "site_url": f"http://127.0.0.1:{port}",
        "smtp_url": relay.url,
        "rate_limits": False,
        "form_seconds": 0,
    }
    settings = Settings(_env_file=None, **values)  # type: ignore[call-arg]
    house = House(settings, lambda _job, _ids: None)
    upgrade(house.database.engine)
    return house


def _fill(
    house: House, relay: Relay, spool: Spool
) -> tuple[dict[str, str], dict[str, str], dict[str, str], str, str]:
    now = house.now()
    with house.database.writing() as session:
        publication = fill_publication(session, now)
        publication.rhythm = "every second Thursday"
        add_section(session, publication, NewSection("letters", "An empty section", "Nothing here yet."), now)
        write_page(session, publication, PageText("About", _ABOUT), now)
    fill_subscribers(house.database, 110, now, _NoBar())
    with house.database.writing() as session:
        authors = {each.address or "": each for each in session.scalars(select(Identity))}
        live = add_post(session, publication, authors, read_post_file(LIVE_POST), now)
        arabic = PostFile("كيف يصل البريد", _ARABIC, "رسالة قصيرة عن الطريق", "mail", "arabic")
        older = {
            name: add_post(
                session, publication, authors, PostFile(**{**file.__dict__, "published": now - ago}), now
            )
            for name, file, ago in (
                ("long", read_post_file(LONG), timedelta(days=6)),
                ("blocks", read_post_file(BLOCKS), timedelta(days=5)),
                ("arabic", arabic, timedelta(hours=22)),
            )
        }
        unready = PostFile("A draft that is not quite ready", UNREADY, section="mail")
        draft = add_post(session, publication, authors, unready, now)
        secret = _signed_in(session, the_author(session, publication.id, None), now)
    _decorate(house, publication)
    sending, finished = _campaign(house, publication, older["long"]), _campaign(house, publication, live)
    mails = _mails(house, relay, publication, spool)
    _pretend(house, sending)
    readers = _readers_pages(house, mails)
    people, reader_secret = discuss(house, "the-envelope-is-not-the-letter")
    studio = _studio_pages(live, older["long"], draft, sending, finished)
    return readers, people, studio, reader_secret, secret


def _signed_in(session: Session, identity: Identity, now: datetime) -> str:
    return sign_in(session, make_sign_in(session, identity, now).public_id, now).secret


def _decorate(house: House, publication: Publication) -> None:
    """Covers, likes, comments and access, as they come to a site over time."""
    made = [make_picture(landscape(number), f"landscape {number}.jpg") for number in range(3)]
    with house.database.writing() as session:
        author = the_author(session, publication.id, None)
        covers = [
            keep_picture(session, house.media, publication.id, author.id, each, house.now()) for each in made
        ]
        for slug, cover in zip(("arabic", "a-queue-is-a-bell", "waiting-together"), covers, strict=True):
            post = find_published(session, publication.id, slug)
            place_post(session, post, Placement(slug, PostAccess.PUBLIC, cover=cover.public_id))
        locked = find_published(session, publication.id, "a-lease-is-a-promise-about-time")
        place_post(session, locked, Placement(locked.slug, PostAccess.SUBSCRIBERS, featured=True))
        session.execute(
            update(Post).values(
                likes=Post.id * 37 % 101, comments=Post.id * 7 % 13, commented_at=Post.published_at
            )
        )


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


def _readers_pages(house: House, mails: list[Any]) -> dict[str, str]:
    letter = next(each for each in mails if each.message["List-Unsubscribe"])
    leave = letter.unsubscribe_url.removeprefix(house.settings.site_url)
    with house.database.writing() as session:
        consent = session.scalars(select(Consent).order_by(Consent.id.desc())).first()
        reader, stopped = session.scalars(select(Subscriber).order_by(Subscriber.id).limit(2))
        post = session.scalars(select(Post).where(Post.access == PostAccess.SUBSCRIBERS)).one()
        author = the_author(session, reader.publication_id, None)
        assert consent is not None
        assert stopped.address is not None
        suppress(
            session,
            house.hasher,
            stopped.publication_id,
            parse_address(stopped.address),
            reason=SuppressionReason.COMPLAINT,
            now=house.now(),
        )
    links, site = house.links, house.settings.site_url
    return {
        "home": "/",
        "home-arabic": "AR /",
        "home-empty": "EMPTY /",
        "section": "/s/mail",
        "section-empty": "/s/letters",
        "archive": "/archive",
        "archive-top": "/archive?sort=top",
        "archive-discussions": "/archive?sort=discussions",
        "archive-arabic": "AR /archive",
        "archive-empty": "EMPTY /archive",
        "author": "/by/mara-lindqvist",
        "about": "/about",
        "search": "/search?q=queue",
        "search-nothing": "/search?q=zeppelin",
        "post": "/p/the-envelope-is-not-the-letter",
        "post-cover": "/p/a-queue-is-a-bell",
        "post-long-title": "/p/the-dot-at-the-end",
        "post-blocks": "/p/one-of-everything",
        "post-long": "/p/a-field-guide-to-the-smtp-conversation",
        "post-locked": "/p/a-lease-is-a-promise-about-time",
        "post-unlocked": links.reading(post.public_id).removeprefix(site),
        "post-arabic": "AR /p/arabic",
        "subscribe": "/subscribe",
        "subscribe-arabic": "AR /subscribe",
        "subscribe-error": "POST /subscribe address=not-an-address",
        "check-inbox": "POST /subscribe address=somebody-with-a-rather-long-address@subdomain.example.org",
        "embed": "/embed",
        "confirm": links.confirm(consent.public_id, consent.at).removeprefix(site),
        "leave": leave,
        "left": f"POST {leave}",
        "preferences": links.preferences(reader.public_id).removeprefix(site),
        "preferences-stopped": links.preferences(stopped.public_id).removeprefix(site),
        "not-found": "/p/the-envelope-is-no-letter",
        "bad-link": "/u/nothing",
        "mute": (mute := links.mute(author.public_id).removeprefix(site)),
        "muted": f"POST {mute}",
        "sign-in": "/sign-in",
        "link-sent": "POST /sign-in address=somebody-with-a-rather-long-address@subdomain.example.org",
    }


def _studio_pages(live: str, long: str, draft: str, sending: Campaign, finished: Campaign) -> dict[str, str]:
    return {
        "studio": "/studio/",
        "studio-write": f"/studio/posts/{live}",
        "studio-new": "/studio/posts/new",
        "studio-preview": f"/studio/posts/{long}/preview",
        "studio-settings": f"/studio/posts/{long}/settings",
        "studio-publish": f"/studio/posts/{draft}/publish",
        "studio-sent": f"/studio/posts/{live}/publish",
        "studio-campaign": f"/studio/campaigns/{sending.public_id}",
        "studio-campaign-done": f"/studio/campaigns/{finished.public_id}",
        "studio-pictures": "/studio/pictures",
        "studio-pages": "/studio/pages",
        "studio-page": "/studio/pages/about",
        "studio-embed": "/studio/embed",
        "studio-discussion": "/studio/discussion",
        "studio-discussion-reported": "/studio/discussion?which=reported",
        "studio-discussion-newest": "/studio/discussion?which=newest",
        "inbox": "INBOX /",
        "inbox-message": "INBOX /1",
    }
