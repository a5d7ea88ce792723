"""Free-standing pages, such as About."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.domain.errors import BadPost, Conflict, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.names import one_line, slug_of
from newsletter.models import Page, Publication
from newsletter.publishing.posts import MAX_TITLE
from newsletter.publishing.versions import readers_see
from newsletter.rendering.content import read_content

RESERVED = frozenset(
    {
        *("account", "address", "mute", "sign-in", "sign-out"),
        *(
            "archive",
            "atom-xml",
            "by",
            "card-png",
            "confirm",
            "embed",
            "feed",
            "feed-json",
            "feed-xml",
            "healthz",
        ),
        *("icon-svg", "language", "media", "p", "pages", "preferences", "read", "readyz", "robots-txt", "s"),
        *("search", "sitemap-xml", "static", "studio", "subscribe", "theme", "theme-css", "u", "well-known"),
    }
)
"""Names in addresses that the site needs for itself; a test holds them beside its routes."""


@dataclass(frozen=True)
class PageText:
    """A page as its author wants it."""

    title: str
    markdown: str
    slug: str = ""
    in_navigation: bool = True
    position: int = 0


def write_page(
    session: Session, publication: Publication, wanted: PageText, now: datetime, version: int | None = None
) -> Page:
    """Make a page, or change the one of that name. Raises BadPost, or Conflict when it changed since."""
    title = one_line(wanted.title)
    if not title or len(title) > MAX_TITLE:
        raise BadPost(f"The page needs a title of at most {MAX_TITLE} characters.")
    slug = slug_of(wanted.slug or title)
    if slug in RESERVED:
        raise BadPost(f"The site itself uses the address /{slug}. Choose another one.")
    markdown = wanted.markdown.replace("\r\n", "\n").replace("\0", "")
    read_content(markdown)
    page = _page(session, publication.id, slug)
    if page is None:
        page = Page(publication_id=publication.id, public_id=new_public_id(), slug=slug, version=0)
        session.add(page)
    elif version is not None and page.version != version:
        raise Conflict("Somebody saved this page since you opened it. Copy your text, reload, and try again.")
    page.title, page.markdown, page.updated_at = title, markdown, now
    page.in_navigation, page.position = wanted.in_navigation, wanted.position
    page.version += 1
    session.flush()
    readers_see(session, publication.id)
    return page


def remove_page(session: Session, publication: Publication, slug: str) -> None:
    """Take a page away. Raises NotFound."""
    session.delete(find_page(session, publication.id, slug))
    readers_see(session, publication.id)


def refuse_taken(session: Session, publication_id: int, slug: str) -> None:
    """Raise Conflict if a page has this address already."""
    if _page(session, publication_id, slug) is not None:
        raise Conflict("There is a page at /{slug} already. Choose another address.", slug=slug)


def move_page(session: Session, publication_id: int, slug: str, wanted: str) -> None:
    """Give a page another address, as a part of writing it. Raises NotFound, or Conflict if it is taken."""
    page, wanted = find_page(session, publication_id, slug), slug_of(wanted)
    if wanted != page.slug:
        refuse_taken(session, publication_id, wanted)
        page.slug = wanted
        session.flush()


def find_page(session: Session, publication_id: int, slug: str) -> Page:
    """The page of that name. Raises NotFound."""
    page = _page(session, publication_id, slug)
    if page is None:
        raise NotFound("There is no page at this address. It may have moved.")
    return page


def pages_of(session: Session, publication_id: int) -> Sequence[Page]:
    """All pages in their order."""
    query = select(Page).where(Page.publication_id == publication_id)
    return session.scalars(query.order_by(Page.position, Page.id)).all()


def _page(session: Session, publication_id: int, slug: str) -> Page | None:
    return session.scalar(select(Page).where(Page.publication_id == publication_id, Page.slug == slug))
