"""The description of a cover: what is read out instead of it."""

from sqlalchemy.orm import Session

from newsletter.media.pictures import describe_picture
from newsletter.models import Post
from newsletter.publishing.versions import readers_see


def describe_cover(session: Session, post: Post, alt: str) -> None:
    """Describe a post's cover, wherever the picture is one; nothing without a cover. Raises BadInput."""
    if post.cover is not None:
        describe_picture(post.cover, alt)
        session.flush()
        readers_see(session, post.publication_id)
