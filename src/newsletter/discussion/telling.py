"""Who is told by mail of a comment, and how they end it."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.database import insert_if_absent
from newsletter.domain.states import CommentState
from newsletter.jobs import Bell, Job
from newsletter.models import Ban, Comment, Identity, MutedThread, Notice, Post

TOLD_AT_MOST = 100
"""Of the people in one thread, those who wrote last."""


def tell(session: Session, bell: Bell, comment: Comment, now: datetime) -> None:
    """Mail the post's author and the people of the thread that a comment became visible."""
    if leave_notices(session, comment, now):
        bell.ring_after_commit(session, Job.NOTICES)


def leave_notices(session: Session, comment: Comment, now: datetime) -> int:
    """Write down whom to mail about a comment, for the next sweep to find; how many they are."""
    told = session.scalars(select(Identity.id).where(*_wants_to_hear(comment))).all()
    session.add_all(
        Notice(
            publication_id=comment.publication_id,
            kind="comment",
            identity_id=identity_id,
            payload={"comment": comment.public_id},
            next_at=now,
            created_at=now,
        )
        for identity_id in told
    )
    return len(told)


def mute(session: Session, identity: Identity, comment: Comment, now: datetime) -> None:
    """No more mail about the thread of this comment. Safe to repeat."""
    insert_if_absent(session, MutedThread, comment_id=_root_of(comment), identity_id=identity.id, at=now)


def unmute(session: Session, identity: Identity, comment: Comment) -> None:
    """Mail about the thread of this comment again. Safe to repeat."""
    session.execute(delete(MutedThread).where(*_muted(identity, comment)))


def has_muted(session: Session, identity: Identity, comment: Comment) -> bool:
    """Whether somebody wants no mail about the thread of this comment."""
    return session.scalar(select(MutedThread.comment_id).where(*_muted(identity, comment))) is not None


def mute_all(session: Session, identity: Identity) -> None:
    """No more mail about any discussion. Safe to repeat."""
    session.execute(update(Identity).where(Identity.id == identity.id).values(hears_of_comments=False))


def unmute_all(session: Session, identity: Identity) -> None:
    """Mail about discussions again. Safe to repeat."""
    session.execute(update(Identity).where(Identity.id == identity.id).values(hears_of_comments=True))


def _wants_to_hear(comment: Comment) -> tuple[ColumnElement[bool], ...]:
    root = _root_of(comment)
    author = select(Post.author_id).where(Post.id == comment.post_id).scalar_subquery()
    present = (
        select(Comment.identity_id)
        .where(or_(Comment.id == root, Comment.root_id == root), Comment.state == CommentState.VISIBLE)
        .group_by(Comment.identity_id)
        .order_by(func.max(Comment.id).desc())
        .limit(TOLD_AT_MOST)
    )
    return (
        or_(Identity.id == author, Identity.id.in_(present)),
        Identity.id != comment.identity_id,
        Identity.hears_of_comments.is_(True),
        Identity.erased_at.is_(None),
        Identity.confirmed_at.is_not(None),
        ~exists().where(MutedThread.comment_id == root, MutedThread.identity_id == Identity.id),
        ~exists().where(Ban.identity_id == Identity.id),
    )


def _muted(identity: Identity, comment: Comment) -> tuple[ColumnElement[bool], ...]:
    return MutedThread.comment_id == _root_of(comment), MutedThread.identity_id == identity.id


def _root_of(comment: Comment) -> int:
    return comment.root_id or comment.id
