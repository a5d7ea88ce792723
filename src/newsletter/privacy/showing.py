"""Where on the site somebody can be seen."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity, Post
from newsletter.publishing.versions import SITE, discussion, readers_see


def looks_different(session: Session, identity: Identity) -> None:
    """Say that somebody's name or picture has changed, wherever it stands."""
    posts = select(Post.public_id).where(
        Post.id.in_(
            select(Comment.post_id).where(
                Comment.identity_id == identity.id, Comment.state == CommentState.VISIBLE
            )
        )
    )
    scopes = {discussion(public_id) for public_id in session.scalars(posts)}
    if identity.slug is not None:
        scopes.add(SITE)
    if scopes:
        readers_see(session, identity.publication_id, *scopes)
