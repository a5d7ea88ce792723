"""Likes: one of a person, undoable, and counted exactly however many like at once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from newsletter.accounts.signing_in import Visitor
from newsletter.audience.suppression import Hasher
from newsletter.database import insert_if_absent, rows_changed
from newsletter.discussion.joining import refuse_banned
from newsletter.discussion.moving import show
from newsletter.domain.errors import NotAllowed, NotFound
from newsletter.domain.states import CommentState, PostState
from newsletter.models import Comment, CommentLike, Post, PostLike


def like_post(session: Session, hasher: Hasher, post: Post, visitor: Visitor, now: datetime) -> bool:
    """Like a post; whether it was not liked before. Raises NotAllowed."""
    refuse_banned(session, hasher, visitor)
    if not insert_if_absent(session, PostLike, post_id=post.id, identity_id=visitor.identity.id, at=now):
        return False
    _count_post(session, post, 1)
    return True


def unlike_post(session: Session, _hasher: Hasher, post: Post, visitor: Visitor, _now: datetime) -> bool:
    """Like a post no more; whether it was liked before."""
    its = PostLike.post_id == post.id, PostLike.identity_id == visitor.identity.id
    if not rows_changed(session.execute(delete(PostLike).where(*its))):
        return False
    _count_post(session, post, -1)
    return True


def like_comment(session: Session, hasher: Hasher, comment: Comment, visitor: Visitor, now: datetime) -> bool:
    """Like a comment; whether it was not liked before. Raises NotAllowed."""
    refuse_banned(session, hasher, visitor)
    values = {"comment_id": comment.id, "identity_id": visitor.identity.id, "at": now}
    if not insert_if_absent(session, CommentLike, **values):
        return False
    if not _count_comment(session, comment, 1):
        raise NotAllowed("This comment is not shown, so it cannot be liked.")
    return True


def unlike_comment(
    session: Session, _hasher: Hasher, comment: Comment, visitor: Visitor, _now: datetime
) -> bool:
    """Like a comment no more; whether it was liked before."""
    its = CommentLike.comment_id == comment.id, CommentLike.identity_id == visitor.identity.id
    if not rows_changed(session.execute(delete(CommentLike).where(*its))):
        return False
    _count_comment(session, comment, -1)
    return True


def liked_posts(session: Session, visitor: Visitor | None, post_ids: Collection[int]) -> set[int]:
    """Which of these posts the visitor likes."""
    if visitor is None or not post_ids:
        return set()
    its = PostLike.identity_id == visitor.identity.id, PostLike.post_id.in_(post_ids)
    return set(session.scalars(select(PostLike.post_id).where(*its)))


def liked_comments(session: Session, visitor: Visitor | None, comment_ids: Collection[int]) -> set[int]:
    """Which of these comments the visitor likes."""
    if visitor is None or not comment_ids:
        return set()
    its = CommentLike.identity_id == visitor.identity.id, CommentLike.comment_id.in_(comment_ids)
    return set(session.scalars(select(CommentLike.comment_id).where(*its)))


def _count_post(session: Session, post: Post, by: int) -> None:
    likes = session.scalar(
        update(Post)
        .where(Post.id == post.id, Post.state == PostState.PUBLISHED)
        .values(likes=Post.likes + by)
        .returning(Post.likes)
        .execution_options(synchronize_session=False)
    )
    if likes is None:
        raise NotFound("There is no post at this address.")
    set_committed_value(post, "likes", likes)
    show(session, post)


def _count_comment(session: Session, comment: Comment, by: int) -> bool:
    """Whether it was there to be counted for: only what is shown gains likes, and all may lose them."""
    may = (Comment.state == CommentState.VISIBLE,) if by > 0 else ()
    likes = session.scalar(
        update(Comment)
        .where(Comment.id == comment.id, *may)
        .values(likes=Comment.likes + by)
        .returning(Comment.likes)
        .execution_options(synchronize_session=False)
    )
    if likes is None:
        return False
    set_committed_value(comment, "likes", likes)
    show(session, session.get_one(Post, comment.post_id))
    return True
