"""Comments move between their states, and the numbers that count them move along in the same transaction.

Rows are locked from below upwards: a comment, the one its thread began with, the post, the versions.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from newsletter.domain.errors import Conflict, NotFound
from newsletter.domain.states import COMMENT_MOVES, CommentState
from newsletter.models import Comment, CommentLike, Identity, Post, Report
from newsletter.publishing.versions import COUNTS, discussion, readers_see


def with_people() -> Select[Comment]:
    """Comments with who wrote them and what they are about."""
    return select(Comment).options(
        joinedload(Comment.identity, innerjoin=True).joinedload(Identity.picture),
        joinedload(Comment.post, innerjoin=True),
    )


def locked(session: Session, comment: Comment) -> Comment:
    """The comment as it is now; until this transaction ends nobody else changes it. Raises NotFound."""
    found = session.scalar(
        with_people()
        .where(Comment.id == comment.id)
        .with_for_update(of=Comment, key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such comment.")
    return found


def move(session: Session, comment: Comment, target: CommentState) -> None:
    """Bring a locked comment into another state. Raises Conflict when there is no way there."""
    before = comment.state
    if target not in COMMENT_MOVES[before]:
        raise Conflict(_SENTENCES[before])
    comment.state = target
    comment.pinned = comment.pinned and target is CommentState.VISIBLE
    session.flush()
    if target is CommentState.VISIBLE:
        appear(session, comment)
    elif before is CommentState.VISIBLE:
        _disappear(session, comment)
    show(session, comment.post)


def empty(session: Session, comment: Comment, now: datetime) -> None:
    """Delete a locked comment: its place may stay, nothing of what it said. Raises Conflict."""
    session.execute(delete(CommentLike).where(CommentLike.comment_id == comment.id))
    comment.markdown = comment.html = ""
    comment.likes = 0
    comment.edited_at = None
    settle_reports(session, comment, now)
    move(session, comment, CommentState.DELETED)


def settle_reports(session: Session, comment: Comment, now: datetime) -> Sequence[int]:
    """Lay the open reports of a comment to rest; returns whose they were."""
    return session.scalars(
        update(Report)
        .where(Report.comment_id == comment.id, Report.settled_at.is_(None))
        .values(settled_at=now)
        .returning(Report.identity_id)
        .execution_options(synchronize_session=False)
    ).all()


def appear(session: Session, comment: Comment) -> None:
    """Count a comment that is visible from now on."""
    _count(session, comment, 1)
    newer = or_(Post.commented_at.is_(None), Post.commented_at < comment.created_at)
    session.execute(
        update(Post)
        .where(Post.id == comment.post_id, newer)
        .values(commented_at=comment.created_at)
        .execution_options(synchronize_session=False)
    )


def show(session: Session, post: Post) -> None:
    """Let readers see what has changed below a post."""
    readers_see(session, post.publication_id, COUNTS, discussion(post.public_id))


def _disappear(session: Session, comment: Comment) -> None:
    _count(session, comment, -1)
    newest = select(func.max(Comment.created_at)).where(
        Comment.post_id == comment.post_id, Comment.state == CommentState.VISIBLE
    )
    # A statement of its own: the post is locked by now, so this sees what others committed before.
    session.execute(
        update(Post)
        .where(Post.id == comment.post_id, Post.commented_at <= comment.created_at)
        .values(commented_at=newest.scalar_subquery())
        .execution_options(synchronize_session=False)
    )


def _count(session: Session, comment: Comment, by: int) -> None:
    quietly = {"synchronize_session": False}
    if comment.root_id is not None:
        root = update(Comment).where(Comment.id == comment.root_id).values(answers=Comment.answers + by)
        session.execute(root, execution_options=quietly)
    post = update(Post).where(Post.id == comment.post_id).values(comments=Post.comments + by)
    session.execute(post, execution_options=quietly)


_SENTENCES = {
    CommentState.VISIBLE: "This comment is shown already.",
    CommentState.HELD: "This comment waits for a moderator.",
    CommentState.HIDDEN: "This comment was hidden by a moderator.",
    CommentState.DELETED: "This comment was deleted.",
}
