"""Lists of published posts: the archive and its orders, sections, authors, what stands beside a post."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, func, select, tuple_
from sqlalchemy.orm import Session, defer, joinedload

from newsletter.domain.errors import NotFound
from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Identity, Post

PER_PAGE = 20
RELATED = 3


class Order(StrEnum):
    """What comes first in the archive."""

    LATEST = "latest"
    TOP = "top"
    DISCUSSIONS = "discussions"


@dataclass(frozen=True)
class Wanted:
    """Which posts a list shows, and which page of it."""

    publication_id: int
    order: Order = Order.LATEST
    section_id: int | None = None
    author_id: int | None = None
    year: int | None = None
    time_zone: str = "UTC"
    page: int = 1


@dataclass(frozen=True)
class Listing:
    """One page of a list."""

    posts: Sequence[Post]
    page: int
    pages: int
    total: int


def list_posts(session: Session, wanted: Wanted) -> Listing:
    """One page of a list. Raises NotFound for a page behind the last one."""
    query = _narrowed(wanted)
    total = session.scalar(select(func.count()).select_from(query.with_only_columns(Post.id).subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    if wanted.page > pages:
        raise NotFound("This list ends on page {pages}.", pages=pages)
    ordered = query.order_by(*_ordering(wanted.order))
    posts = session.scalars(ordered.offset((wanted.page - 1) * PER_PAGE).limit(PER_PAGE)).all()
    return Listing(posts, wanted.page, pages, total)


def latest_posts(session: Session, wanted: Wanted, limit: int) -> Sequence[Post]:
    """The newest posts, with their texts."""
    query = _narrowed(wanted, with_text=True)
    return session.scalars(query.order_by(*_newest_first()).limit(limit)).all()


def featured_posts(session: Session, publication_id: int, limit: int) -> Sequence[Post]:
    """What the publisher wants to be found, newest first."""
    query = _listed(publication_id).where(Post.featured)
    return session.scalars(query.order_by(*_newest_first()).limit(limit)).all()


def discussed_posts(session: Session, publication_id: int, limit: int) -> Sequence[Post]:
    """The posts commented on last."""
    query = _narrowed(Wanted(publication_id, Order.DISCUSSIONS))
    return session.scalars(query.order_by(*_ordering(Order.DISCUSSIONS)).limit(limit)).all()


def all_addresses(session: Session, publication_id: int, limit: int) -> Sequence[tuple[str, datetime]]:
    """The name in addresses of every listed post, and when it last changed; newest first."""
    query = select(Post.slug, Post.updated_at, Post.published_at).where(*_is_listed(publication_id))
    rows = session.execute(query.order_by(*_newest_first()).limit(limit))
    return [(slug, max(changed, published or changed)) for slug, changed, published in rows]


def titles_by_address(session: Session, publication_id: int, limit: int) -> Sequence[tuple[str, str]]:
    """Name in addresses and title of the newest listed posts."""
    query = select(Post.slug, Post.title).where(*_is_listed(publication_id))
    return [(slug, title) for slug, title in session.execute(query.order_by(*_newest_first()).limit(limit))]


def years_of(session: Session, publication_id: int, time_zone: str) -> Sequence[int]:
    """The years that have posts, newest first, by the publication's own clock."""
    listed = _is_listed(publication_id)
    ends = select(func.min(Post.published_at), func.max(Post.published_at)).where(*listed)
    first, last = session.execute(ends).one()
    if first is None or last is None:
        return ()
    zone = ZoneInfo(time_zone)
    years = range(last.astimezone(zone).year, first.astimezone(zone).year - 1, -1)
    counts = [func.count().filter(_in_year(year, time_zone)) for year in years]
    found = session.execute(select(*counts).where(*listed)).one()
    return [year for year, count in zip(years, found, strict=True) if count]


def neighbours(session: Session, post: Post) -> tuple[Post | None, Post | None]:
    """The listed posts published just before and just after."""
    place, here = tuple_(Post.published_at, Post.id), (post.published_at, post.id)
    listed = _listed(post.publication_id)
    before = listed.where(place < here).order_by(*_newest_first())
    after = listed.where(place > here).order_by(Post.published_at, Post.id)
    return session.scalar(before.limit(1)), session.scalar(after.limit(1))


def related_posts(session: Session, post: Post, besides: Sequence[Post | None]) -> Sequence[Post]:
    """The newest posts of the same section that are not shown already."""
    shown = [post.id, *(each.id for each in besides if each is not None)]
    query = _listed(post.publication_id).where(Post.section_id == post.section_id, Post.id.not_in(shown))
    return session.scalars(query.order_by(*_newest_first()).limit(RELATED)).all()


def find_author(session: Session, publication_id: int, slug: str) -> Identity:
    """The author with this name in addresses. Raises NotFound."""
    author = session.scalar(
        select(Identity).where(
            Identity.publication_id == publication_id, Identity.slug == slug, Identity.erased_at.is_(None)
        )
    )
    if author is None:
        raise NotFound("There is no author at this address.")
    return author


def authors_of(session: Session, publication_id: int) -> Sequence[Identity]:
    """Everybody who has written a post that is listed, by name."""
    writers = select(Post.author_id).where(*_is_listed(publication_id))
    return session.scalars(
        select(Identity)
        .where(Identity.id.in_(writers), Identity.erased_at.is_(None))
        .order_by(Identity.name, Identity.id)
    ).all()


def is_listed(post: Post) -> bool:
    """Whether lists, feeds and searches show a post."""
    return post.state is PostState.PUBLISHED and post.access in _OPEN


_OPEN = (PostAccess.PUBLIC, PostAccess.SUBSCRIBERS)


def _listed(publication_id: int, *, with_text: bool = False) -> Select[Post]:
    people = [
        joinedload(Post.section, innerjoin=True),
        joinedload(Post.author, innerjoin=True),
        joinedload(Post.cover),
    ]
    query = select(Post).options(*people, *(() if with_text else (defer(Post.markdown),)))
    return query.where(*_is_listed(publication_id))


def _is_listed(publication_id: int) -> Sequence[ColumnElement[bool]]:
    return Post.publication_id == publication_id, Post.state == PostState.PUBLISHED, Post.access.in_(_OPEN)


def _narrowed(wanted: Wanted, *, with_text: bool = False) -> Select[Post]:
    query = _listed(wanted.publication_id, with_text=with_text)
    if wanted.section_id is not None:
        query = query.where(Post.section_id == wanted.section_id)
    if wanted.author_id is not None:
        query = query.where(Post.author_id == wanted.author_id)
    if wanted.year is not None:
        query = query.where(_in_year(wanted.year, wanted.time_zone))
    if wanted.order is Order.DISCUSSIONS:
        query = query.where(Post.comments > 0)
    return query


def _ordering(order: Order) -> Sequence[UnaryExpression[Any]]:
    if order is Order.TOP:
        # A comment takes more than a like does: it counts twice.
        return ((Post.likes + 2 * Post.comments).desc(), *_newest_first())
    if order is Order.DISCUSSIONS:
        return (Post.commented_at.desc(), *_newest_first())
    return _newest_first()


def _newest_first() -> Sequence[UnaryExpression[Any]]:
    return Post.published_at.desc(), Post.id.desc()


def _in_year(year: int, time_zone: str) -> ColumnElement[bool]:
    zone = ZoneInfo(time_zone)
    begins, ends = (datetime(each, 1, 1, tzinfo=zone).astimezone(UTC) for each in (year, year + 1))
    return and_(Post.published_at >= begins, Post.published_at < ends)
