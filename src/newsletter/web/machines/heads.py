"""What the head of each page tells those who index it, and those who show links to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Page, Post, Section
from newsletter.web.machines import structured
from newsletter.web.machines.feed import MIMETYPES
from newsletter.web.machines.site import Illustration, Site, changed_at, published_at, timestamp
from newsletter.web.machines.structured import Crumb, Node

Property = tuple[str, str]


class FeedLink(NamedTuple):
    """A feed that a page leads to."""

    mimetype: str
    title: str
    url: str


@dataclass(frozen=True)
class Head:
    """What `meta(head)` of `machines/meta.html` prints."""

    description: str
    canonical: str
    robots: str
    properties: Sequence[Property]
    names: Sequence[Property]
    feeds: Sequence[FeedLink]
    data: Node


@dataclass(frozen=True)
class Sheet:
    """What all pages have in common."""

    title: str
    description: str
    url: str
    picture: Illustration


def head_of_home(site: Site) -> Head:
    """Of the front page."""
    sheet = Sheet(site.publication.name, site.about, site.links.home(), site.card())
    return _head(site, sheet, structured.graph(structured.website(site)))


def head_of_list(site: Site, title: str, url: str, page: int = 1) -> Head:
    """Of any other list of posts, such as the archive."""
    sheet = Sheet(title, site.about, numbered(url, page), site.card())
    data = structured.collection(site, title, sheet.url, site.about)
    return _head(site, sheet, structured.graph(data, _crumbs(site, (title, url))))


def head_of_section(site: Site, section: Section, page: int = 1) -> Head:
    """Of a section's page."""
    url, about = site.links.section(section.slug), section.description or site.about
    sheet = Sheet(section.name, about, numbered(url, page), site.card())
    data = structured.collection(site, section.name, sheet.url, about)
    feeds = _feeds(site, site.titled(section.name), url)
    return _head(site, sheet, structured.graph(data, _crumbs(site, (section.name, url))), feeds)


def head_of_author(site: Site, author: Identity, page: int = 1) -> Head:
    """Of an author's page."""
    name, url = site.writer(author).name, site.links.author(author.slug or "")
    sheet = Sheet(name, author.bio or site.about, numbered(url, page), site.card())
    data = structured.profile(site, author, sheet.url)
    feeds = _feeds(site, site.titled(name), url)
    return _head(site, sheet, structured.graph(data, _crumbs(site, (name, url))), feeds)


def head_of_page(site: Site, page: Page, summary: str) -> Head:
    """Of a free-standing page."""
    sheet = Sheet(page.title, summary, site.links.page(page.slug), site.card())
    data = structured.web_page(site, page, summary)
    return _head(site, sheet, structured.graph(data, _crumbs(site, (page.title, sheet.url))))


def head_of_post(site: Site, post: Post, summary: str) -> Head:
    """Of a post's page. The summary must hold nothing that the page itself does not show."""
    sheet = Sheet(post.title, summary, site.links.post(post.slug), site.illustration(post))
    section = (post.section.name, site.links.section(post.section.slug))
    data = structured.graph(
        structured.article(site, post, summary), _crumbs(site, section, (post.title, sheet.url))
    )
    writer = site.writer(post.author)
    return Head(
        description=summary,
        canonical="" if post.access is PostAccess.EMAIL_ONLY else sheet.url,
        robots=_ROBOTS if post.access in _LISTED else "noindex",
        properties=(
            ("og:type", "article"),
            *_common(site, sheet),
            ("article:published_time", timestamp(published_at(post))),
            ("article:modified_time", timestamp(changed_at(post))),
            ("article:section", post.section.name),
            *([("article:author", writer.url)] if writer.url else []),
        ),
        names=_card(sheet),
        feeds=(*_feeds(site, site.titled(section[0]), section[1]), *_feeds_of_site(site)),
        data=data,
    )


def numbered(url: str, page: int) -> str:
    """The address of a page of a list."""
    return url if page == 1 else f"{url}{'&' if '?' in url else '?'}page={page}"


def territorial(locale: str) -> str:
    """A language as OpenGraph writes it: with a country, the likeliest if none is set."""
    try:
        parsed = Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError):
        return "en_US"
    tags = get_global("likely_subtags")
    likely = tags.get(f"{parsed.language}_{parsed.script}") or tags.get(parsed.language) or "en_US"
    return f"{parsed.language}_{parsed.territory or likely.rsplit('_', 1)[1]}"


_ROBOTS = "max-image-preview:large"
_LISTED = (PostAccess.PUBLIC, PostAccess.SUBSCRIBERS)


def _head(site: Site, sheet: Sheet, data: Node, feeds: Sequence[FeedLink] = ()) -> Head:
    return Head(
        description=sheet.description,
        canonical=sheet.url,
        robots=_ROBOTS,
        properties=(("og:type", "website"), *_common(site, sheet)),
        names=_card(sheet),
        feeds=(*feeds, *_feeds_of_site(site)),
        data=data,
    )


def _common(site: Site, sheet: Sheet) -> Sequence[Property]:
    picture = sheet.picture
    return (
        ("og:title", sheet.title),
        ("og:description", sheet.description),
        ("og:url", sheet.url),
        ("og:site_name", site.publication.name),
        ("og:locale", territorial(site.publication.locale)),
        ("og:image", picture.url),
        ("og:image:type", picture.mimetype),
        ("og:image:width", str(picture.width)),
        ("og:image:height", str(picture.height)),
        ("og:image:alt", picture.alt),
    )


def _card(sheet: Sheet) -> Sequence[Property]:
    return (
        ("twitter:card", "summary_large_image"),
        ("twitter:title", sheet.title),
        ("twitter:description", sheet.description),
        ("twitter:image", sheet.picture.url),
        ("twitter:image:alt", sheet.picture.alt),
    )


def _feeds(site: Site, title: str, of: str) -> Sequence[FeedLink]:
    return [FeedLink(mimetype, title, site.links.feed(name, of)) for name, mimetype in MIMETYPES.items()]


def _feeds_of_site(site: Site) -> Sequence[FeedLink]:
    return _feeds(site, site.publication.name, site.links.home())


def _crumbs(site: Site, *steps: Crumb) -> Node:
    return structured.breadcrumbs([(site.publication.name, site.links.home()), *steps])
