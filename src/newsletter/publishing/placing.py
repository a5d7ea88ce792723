"""How a post stands on the site: its address, who may read it and write below it, its cover."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.database import insert_if_absent
from newsletter.domain.errors import BadInput, Conflict
from newsletter.domain.names import slug_of
from newsletter.domain.states import Discussing, PostAccess, PostState
from newsletter.media.pictures import describe_picture
from newsletter.models import FormerSlug, Picture, Post
from newsletter.publishing.posts import show_changes
from newsletter.publishing.versions import readers_see


@dataclass(frozen=True)
class Placement:
    """What may be changed about it at any time; letters under way stay as they are."""

    slug: str
    access: PostAccess
    featured: bool = False
    cover: str = ""
    discussing: Discussing | None = None


def placement(post: Post) -> Placement:
    """How it stands now."""
    cover = post.cover.public_id if post.cover else ""
    return Placement(post.slug, post.access, post.featured, cover, post.discussing)


def place_post(session: Session, post: Post, wanted: Placement) -> None:
    """Change how a post stands. Its former address keeps leading to it.

    Raises Conflict when another post has the address, BadInput when there is no such picture.
    """
    slug = slug_of(wanted.slug)
    if slug != post.slug:
        _move(session, post, slug)
    post.access, post.featured, post.discussing = wanted.access, wanted.featured, wanted.discussing
    post.cover = _picture(session, post.publication_id, wanted.cover)
    session.flush()
    show_changes(session, post)


def describe_cover(session: Session, post: Post, alt: str) -> None:
    """Describe a post's cover, wherever the picture is one; nothing without a cover. Raises BadInput."""
    if post.cover is not None:
        describe_picture(post.cover, alt)
        session.flush()
        readers_see(session, post.publication_id)


def _move(session: Session, post: Post, slug: str) -> None:
    here = post.publication_id
    of_others = (
        select(Post.id).where(Post.publication_id == here, Post.slug == slug),
        select(FormerSlug.id).where(
            FormerSlug.publication_id == here, FormerSlug.slug == slug, FormerSlug.post_id != post.id
        ),
    )
    if any(session.scalar(query.limit(1)) is not None for query in of_others):
        raise Conflict(f"Another post has, or had, the address “{slug}”. Choose a different one.")
    session.execute(delete(FormerSlug).where(FormerSlug.publication_id == here, FormerSlug.slug == slug))
    if post.state is PostState.PUBLISHED:  # nobody knows the address of a draft
        insert_if_absent(session, FormerSlug, publication_id=here, post_id=post.id, slug=post.slug)
    post.slug = slug


def _picture(session: Session, publication_id: int, public_id: str) -> Picture | None:
    if not public_id:
        return None
    picture = session.scalar(
        select(Picture).where(Picture.publication_id == publication_id, Picture.public_id == public_id)
    )
    if picture is None:
        raise BadInput("There is no such picture. Choose one from the list, or upload it first.")
    return picture
