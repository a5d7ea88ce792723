"""Addresses of free-standing pages: no two have the same, and a page can move."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.domain.errors import Conflict
from newsletter.domain.names import slug_of
from newsletter.models import Page
from newsletter.publishing.free_pages import find_page


def refuse_taken(session: Session, publication_id: int, slug: str) -> None:
    """Raise Conflict if a page has this address already."""
    taken = select(Page.id).where(Page.publication_id == publication_id, Page.slug == slug)
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict(f"There is a page at /{slug} already. Choose another address.")


def move_page(session: Session, publication_id: int, slug: str, wanted: str) -> None:
    """Give a page another address, as a part of writing it. Raises NotFound, or Conflict if it is taken."""
    page, wanted = find_page(session, publication_id, slug), slug_of(wanted)
    if wanted != page.slug:
        refuse_taken(session, publication_id, wanted)
        page.slug = wanted
        session.flush()
