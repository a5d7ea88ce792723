"""What somebody said and liked is taken back, and every count with it.

Rows are locked as the room `discussion` does it: comments, the posts they stand under, the versions.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from newsletter.domain.states import CommentState
from newsletter.models import Comment, CommentLike, Identity, MutedThread, Post, PostLike, Report
from newsletter.publishing.versions import COUNTS, SITE, discussion, readers_see


@dataclass(frozen=True)
class _Said:
    """The visible comments of somebody: how many under each post, and as answers in each thread."""

    under: Mapping[int, int]
    answers: Mapping[int, int]


def silence(session: Session, identity: Identity, now: datetime) -> None:
    """Remove the likes of a person, empty their comments, and what was said in reports."""
    liked_posts = session.scalars(
        delete(PostLike).where(PostLike.identity_id == identity.id).returning(PostLike.post_id)
    ).all()
    liked_comments = session.scalars(
        delete(CommentLike).where(CommentLike.identity_id == identity.id).returning(CommentLike.comment_id)
    ).all()
    session.execute(delete(MutedThread).where(MutedThread.identity_id == identity.id))
    said = _said(session, identity)
    _settle_reports(session, identity, now)
    _count_comments(session, said, liked_comments)
    _empty_comments(session, identity)
    _count_posts(session, said, liked_posts)
    around = select(Comment.post_id).where(Comment.id.in_(liked_comments))
    changed = {*said.under, *liked_posts, *session.scalars(around)}
    _show(session, identity, changed)


def _said(session: Session, identity: Identity) -> _Said:
    rows = session.execute(
        select(Comment.post_id, Comment.root_id, Comment.state)
        .where(Comment.identity_id == identity.id)
        .order_by(Comment.id)
        .with_for_update()
    ).all()
    visible = [row for row in rows if row.state is CommentState.VISIBLE]
    roots = Counter(row.root_id for row in visible if row.root_id is not None)
    return _Said(Counter(row.post_id for row in visible), roots)


def _settle_reports(session: Session, identity: Identity, now: datetime) -> None:
    """Reports about them are settled; what they reported of others still waits, without their words."""
    theirs = select(Comment.id).where(Comment.identity_id == identity.id)
    about_them = Report.comment_id.in_(theirs)
    session.execute(update(Report).where(about_them).values(settled_at=func.coalesce(Report.settled_at, now)))
    session.execute(update(Report).where(about_them | (Report.identity_id == identity.id)).values(reason=""))


def _empty_comments(session: Session, identity: Identity) -> None:
    """Delete what they wrote; its rows stay, for answers may hang on them."""
    theirs = select(Comment.id).where(Comment.identity_id == identity.id)
    session.execute(delete(CommentLike).where(CommentLike.comment_id.in_(theirs)))
    session.execute(
        update(Comment)
        .where(Comment.identity_id == identity.id)
        .values(state=CommentState.DELETED, markdown="", html="", pinned=False, likes=0, edited_at=None)
    )


def _count_comments(session: Session, said: _Said, liked: Collection[int]) -> None:
    for comment_id in sorted({*said.answers, *liked}):
        fewer = {
            "answers": Comment.answers - said.answers.get(comment_id, 0),
            "likes": Comment.likes - int(comment_id in liked),
        }
        session.execute(update(Comment).where(Comment.id == comment_id).values(**fewer))


def _count_posts(session: Session, said: _Said, liked: Collection[int]) -> None:
    for post_id in sorted({*said.under, *liked}):
        post = update(Post).where(Post.id == post_id)
        session.execute(post.values(likes=Post.likes - int(post_id in liked)))
        if post_id in said.under:
            newest = select(func.max(Comment.created_at)).where(
                Comment.post_id == post_id, Comment.state == CommentState.VISIBLE
            )
            fewer = Post.comments - said.under[post_id]
            session.execute(post.values(comments=fewer, commented_at=newest.scalar_subquery()))


def _show(session: Session, identity: Identity, posts: Collection[int]) -> None:
    scopes = {
        discussion(public_id)
        for public_id in session.scalars(select(Post.public_id).where(Post.id.in_(posts)))
    }
    if scopes:
        scopes.add(COUNTS)
    if identity.slug is not None:  # what they once wrote carries their name
        scopes.add(SITE)
    if scopes:
        readers_see(session, identity.publication_id, *scopes)
