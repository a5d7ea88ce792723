"""The publication, its authors and its pictures, as machines are told of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from newsletter.domain.links import Links
from newsletter.domain.pictures import EXTENSIONS, PictureAddress
from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Post, Publication
from newsletter.publishing.looks import look_of

CARD_SIZE = (1200, 630)
"""Pixels, as every network asks for."""


class Writer(NamedTuple):
    """Who wrote something; without an address, the publication itself."""

    name: str
    url: str = ""


class Illustration(NamedTuple):
    """A picture that stands for a page."""

    url: str
    width: int
    height: int
    mimetype: str
    alt: str


@dataclass(frozen=True)
class Site:
    """The publication and its addresses."""

    publication: Publication
    links: Links

    @property
    def logo(self) -> str:
        """The address of its logo, if it has one."""
        return look_of(self.publication).logo_url

    @property
    def about(self) -> str:
        """What it is about, in its own words."""
        return self.publication.description or self.publication.tagline or self.publication.name

    def titled(self, part: str) -> str:
        """The name of a part of it, where it stands alone."""
        return f"{part} · {self.publication.name}"

    def tag(self, kind: str, public_id: str = "") -> str:
        """A name that stays when addresses change (RFC 4151)."""
        began = self.publication.created_at.astimezone(UTC).date().isoformat()
        return f"tag:{self.publication.list_domain},{began}:{kind}" + (f"/{public_id}" if public_id else "")

    def writer(self, author: Identity) -> Writer:
        """An author, or the publication for one who is not named."""
        if not is_named(author):
            return Writer(self.publication.sender_name)
        return Writer(author.name, self.links.author(author.slug) if author.slug else "")

    def cover(self, post: Post) -> Illustration | None:
        """The picture its author chose."""
        cover = post.cover
        if cover is None:
            return None
        address = PictureAddress(cover.public_id, cover.width, cover.height, EXTENSIONS[cover.kind])
        mimetype = f"image/{cover.kind}"
        return Illustration(
            self.links.file(address.whole), cover.width, cover.height, mimetype, cover.alt or post.title
        )

    def illustration(self, post: Post) -> Illustration:
        """Its cover, else its card."""
        if post.access is PostAccess.EMAIL_ONLY:  # which has no card that anybody could see
            return self.cover(post) or self.card()
        return self.cover(post) or Illustration(
            self.links.card(post.slug), *CARD_SIZE, "image/png", post.title
        )

    def card(self) -> Illustration:
        """The card of the site itself."""
        return Illustration(self.links.card(), *CARD_SIZE, "image/png", self.publication.name)


def is_named(author: Identity) -> bool:
    """Whether an author has a name, and wants it to be known still."""
    return bool(author.name) and author.erased_at is None


def published_at(post: Post) -> datetime:
    """When readers could see it first."""
    assert post.published_at is not None, "only what is published is told of"
    return post.published_at.astimezone(UTC)


def changed_at(post: Post) -> datetime:
    """When readers saw it change last: what its author did before it was published does not count."""
    return max(published_at(post), post.updated_at.astimezone(UTC))


def timestamp(moment: datetime) -> str:
    """A moment as RFC 3339 writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
