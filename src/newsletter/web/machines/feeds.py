"""Feeds of the site, of sections and of authors, as RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from flask import Response, g, redirect
from werkzeug.wrappers import Response as BaseResponse

from newsletter.models import Post
from newsletter.publishing.archive import Wanted, find_author, latest_posts
from newsletter.publishing.publications import section_at, the_publication
from newsletter.publishing.versions import SITE
from newsletter.web.context import house
from newsletter.web.keeping import keep
from newsletter.web.languages import LANGUAGES
from newsletter.web.machines.blueprint import machines
from newsletter.web.machines.feed import (
    ATOM,
    JSON,
    MIMETYPES,
    RSS,
    Channel,
    channel_of_author,
    channel_of_section,
    channel_of_site,
    make_feed,
)
from newsletter.web.machines.json_feed import write_json
from newsletter.web.machines.site import Site, timestamp
from newsletter.web.machines.xml_answers import xml_answer

_NEWEST = 30


@machines.get("/feed")
def short_feed() -> BaseResponse:
    """What people type."""
    return redirect("/feed.xml", 301)


@machines.get("/feed.xml", defaults={"name": RSS})
@machines.get("/atom.xml", defaults={"name": ATOM})
@machines.get("/feed.json", defaults={"name": JSON})
def site_feed(name: str) -> Response:
    """The newest posts."""
    with house().database.reading() as session:
        keep(session, SITE)
        site = Site(the_publication(session), house().links)
        posts = latest_posts(session, Wanted(site.publication.id), _NEWEST)
    return _answer(name, site, channel_of_site(site), posts)


@machines.get("/s/<slug>/feed.xml", defaults={"name": RSS})
@machines.get("/s/<slug>/atom.xml", defaults={"name": ATOM})
@machines.get("/s/<slug>/feed.json", defaults={"name": JSON})
def section_feed(slug: str, name: str) -> Response:
    """The newest posts of a section."""
    with house().database.reading() as session:
        keep(session, SITE)
        site = Site(the_publication(session), house().links)
        section = section_at(session, site.publication, slug)
        posts = latest_posts(session, Wanted(site.publication.id, section_id=section.id), _NEWEST)
    return _answer(name, site, channel_of_section(site, section), posts)


@machines.get("/by/<slug>/feed.xml", defaults={"name": RSS})
@machines.get("/by/<slug>/atom.xml", defaults={"name": ATOM})
@machines.get("/by/<slug>/feed.json", defaults={"name": JSON})
def author_feed(slug: str, name: str) -> Response:
    """The newest posts of an author."""
    with house().database.reading() as session:
        keep(session, SITE)
        site = Site(the_publication(session), house().links)
        author = find_author(session, site.publication.id, slug)
        posts = latest_posts(session, Wanted(site.publication.id, author_id=author.id), _NEWEST)
    return _answer(name, site, channel_of_author(site, author, slug), posts)


def rfc_822(moment: datetime) -> str:
    """A moment as RSS writes it."""
    return format_datetime(moment, usegmt=True)


def _answer(name: str, site: Site, channel: Channel, posts: Sequence[Post]) -> Response:
    _speak_as(site.publication.locale)
    feed = make_feed(site, channel, posts)
    if name == JSON:
        return Response(write_json(feed, feed.url(name)), content_type=f"{MIMETYPES[name]}; charset=utf-8")
    template = "machines/rss.xml" if name == RSS else "machines/atom.xml"
    values = {"rfc_822": rfc_822, "timestamp": timestamp}
    return xml_answer(template, MIMETYPES[name], feed=feed, own_url=feed.url(name), **values)


def _speak_as(locale: str) -> None:
    """In the publication's language, whoever asks: a feed is the same for everybody."""
    own = locale.split("-", maxsplit=1)[0].lower()
    g.language = own if own in LANGUAGES else "en"
