"""What a feed says, before it is written in one of three forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import NamedTuple

from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Post, Section
from newsletter.rendering.content import read_content
from newsletter.rendering.feed_form import feed_html
from newsletter.web.languages import gettext
from newsletter.web.machines.site import Illustration, Site, Writer, changed_at, published_at

RSS, ATOM, JSON = "feed.xml", "atom.xml", "feed.json"
MIMETYPES: Mapping[str, str] = {
    RSS: "application/rss+xml",
    ATOM: "application/atom+xml",
    JSON: "application/feed+json",
}
"""The three forms by their names in addresses."""


@dataclass(frozen=True)
class Item:
    """One post."""

    id: str
    url: str
    title: str
    summary: str
    html: str
    writer: Writer
    section: Section
    cover: Illustration | None
    published_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Channel:
    """What a feed is of: the site, a section or an author."""

    id: str
    title: str
    about: str
    page_url: str
    writer: Writer


@dataclass(frozen=True)
class Feed:
    """A channel with its newest posts."""

    channel: Channel
    site: Site
    items: Sequence[Item]

    @property
    def changed_at(self) -> datetime:
        """When anything of it changed last."""
        moments = [item.changed_at for item in self.items]
        return max(moments, default=self.site.publication.created_at.astimezone(UTC))

    def url(self, name: str) -> str:
        """Its own address."""
        return self.site.links.feed(name, self.channel.page_url)


def channel_of_site(site: Site) -> Channel:
    """Everything."""
    home = site.links.home()
    name = site.publication.name
    return Channel(site.tag("site"), name, site.about, home, Writer(name, home))


def channel_of_section(site: Site, section: Section) -> Channel:
    """What one can follow by itself."""
    about = section.description or site.about
    url = site.links.section(section.slug)
    writer = Writer(site.publication.name, site.links.home())
    return Channel(site.tag("section", section.public_id), site.titled(section.name), about, url, writer)


def channel_of_author(site: Site, author: Identity, slug: str) -> Channel:
    """What one author wrote."""
    writer = site.writer(author)
    about = author.bio or site.about
    url = site.links.author(slug)
    return Channel(site.tag("author", author.public_id), site.titled(writer.name), about, url, writer)


def make_feed(site: Site, channel: Channel, posts: Sequence[Post]) -> Feed:
    """A feed of these posts."""
    return Feed(channel, site, [_item(site, post) for post in posts])


class _Text(NamedTuple):
    html: str
    opening: str


def _item(site: Site, post: Post) -> Item:
    url, whole = site.links.post(post.slug), post.access is not PostAccess.SUBSCRIBERS
    text = _text(post.markdown, url, whole=whole)
    return Item(
        id=site.tag("post", post.public_id),
        url=url,
        title=post.title,
        summary=post.subtitle or text.opening,
        html=_cover_html(site.cover(post)) + text.html + ("" if whole else _way_to_the_rest(url)),
        writer=site.writer(post.author),
        section=post.section,
        cover=site.cover(post),
        published_at=published_at(post),
        changed_at=changed_at(post),
    )


@lru_cache(maxsize=128)  # the same posts stand in many feeds, and are dear to read
def _text(markdown: str, url: str, *, whole: bool) -> _Text:
    content = read_content(markdown)
    shown = content if whole else content.teaser()
    return _Text(feed_html(shown.tokens, url), shown.opening())


def _cover_html(cover: Illustration | None) -> str:
    if cover is None:
        return ""
    size = f'width="{cover.width}" height="{cover.height}"'
    return f'<figure><img src="{escape(cover.url)}" alt="{escape(cover.alt)}" {size}></figure>\n'


def _way_to_the_rest(url: str) -> str:
    words = gettext("The rest of this post is for subscribers. Open it on the site")
    return f'<p><a href="{escape(url)}">{escape(words)}</a></p>\n'
