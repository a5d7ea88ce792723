"""Comments: written, changed for a while, deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.accounts.signing_in import Visitor
from newsletter.audience.suppression import Hasher
from newsletter.discussion.bans import was_banned
from newsletter.discussion.joining import require_joining
from newsletter.discussion.moving import appear, empty, locked, show, with_people
from newsletter.discussion.telling import tell
from newsletter.domain.discussions import (
    EDIT_WITHIN,
    MAX_LINKS,
    comment_text,
    depth_of,
    is_young,
    path_of,
    says_something,
)
from newsletter.domain.errors import BadInput, NotAllowed, NotFound, TooMany
from newsletter.domain.states import CommentState
from newsletter.jobs import Bell
from newsletter.models import Comment, Identity, Post, Publication
from newsletter.rendering.comments import links_in, render_comment, words_in

A_MINUTE, AN_HOUR = 5, 40
"""How many comments one person may write in that time."""

_TWICE_WITHIN = timedelta(minutes=1)
_MAY_CHANGE = (CommentState.VISIBLE, CommentState.HELD)


@dataclass(frozen=True)
class Desk:
    """What writing a comment needs beside the database."""

    bell: Bell
    hasher: Hasher
    limits: bool = True


def find_comment(session: Session, public_id: str) -> Comment:
    """The comment with this id, whatever its state. Raises NotFound."""
    comment = session.scalar(with_people().where(Comment.public_id == public_id))
    if comment is None:
        raise NotFound("There is no such comment.")
    return comment


def write_comment(
    session: Session,
    desk: Desk,
    post: Post,
    visitor: Visitor,
    markdown: str,
    now: datetime,
    parent: Comment | None = None,
) -> Comment:
    """Keep what somebody wrote under a post; the same sent twice is one comment.

    Raises NotAllowed, BadInput and TooMany.
    """
    publication = session.get_one(Publication, post.publication_id)
    require_joining(session, desk.hasher, post, publication, visitor)
    if parent is not None:
        _refuse_answer(post, parent)
    text, html = _read(markdown)
    _take_turn(session, visitor.identity)
    comment = _draft(post, visitor, now, parent)
    comment.markdown, comment.html = text, html
    twin = _twin_of(session, comment, now)
    if twin is not None:
        return twin
    if desk.limits:
        _refuse_haste(session, visitor.identity, now)
    if publication.holds_first_comments and not visitor.roles and _is_new_here(session, visitor.identity):
        comment.state = CommentState.HELD
    _keep(session, comment, parent)
    if comment.state is CommentState.VISIBLE:
        appear(session, comment)
        show(session, post)
        tell(session, desk.bell, comment, now)
    return find_comment(session, comment.public_id)


def edit_comment(session: Session, comment: Comment, visitor: Visitor, markdown: str, now: datetime) -> None:
    """Change one's own comment while it is young. Raises NotAllowed and BadInput."""
    text, html = _read(markdown)
    comment = locked(session, comment)
    if comment.identity_id != visitor.identity.id:
        raise NotAllowed("Only who wrote a comment can change it.")
    if not may_edit(comment, visitor, now):
        minutes = int(EDIT_WITHIN.total_seconds() // 60)
        raise NotAllowed(
            "A comment can be changed for {minutes} minutes, as long as it is shown.", minutes=minutes
        )
    if not visitor.roles and was_banned(session, visitor.identity):
        raise NotAllowed("The moderators have closed the discussion to you. You can delete what you wrote.")
    if text != comment.markdown:
        comment.markdown, comment.html, comment.edited_at = text, html, now
        session.flush()
        show(session, comment.post)


def may_edit(comment: Comment, visitor: Visitor | None, now: datetime) -> bool:
    """Whether a visitor may change a comment."""
    is_own = visitor is not None and comment.identity_id == visitor.identity.id
    return is_own and comment.state in _MAY_CHANGE and is_young(comment.created_at, now)


def delete_comment(session: Session, comment: Comment, visitor: Visitor, now: datetime) -> None:
    """Take back one's own comment, whatever its age. Safe to repeat. Raises NotAllowed."""
    comment = locked(session, comment)
    if comment.identity_id != visitor.identity.id:
        raise NotAllowed("Only who wrote a comment can delete it.")
    if comment.state is not CommentState.DELETED:
        empty(session, comment, now)


def _read(markdown: str) -> tuple[str, str]:
    text = comment_text(markdown)
    html = render_comment(text)
    if not says_something(words_in(html)):
        raise BadInput("The comment is empty. Write something first.")
    if links_in(html) > MAX_LINKS:
        raise BadInput("The comment has too many links: {limit} are the limit.", limit=MAX_LINKS)
    return text, html


def _refuse_answer(post: Post, parent: Comment) -> None:
    if parent.post_id != post.id:
        raise NotFound("There is no such comment here.")
    if parent.state is not CommentState.VISIBLE:
        raise NotAllowed("This comment is not shown, so it cannot be answered.")


def _take_turn(session: Session, identity: Identity) -> None:
    """One after another of one person: a form sent twice at once is seen as twice."""
    there = select(Identity.id).where(Identity.id == identity.id, Identity.erased_at.is_(None))
    if session.scalar(there.with_for_update(key_share=True)) is None:
        raise NotAllowed("This account is no longer here. Sign in again to write.")


def _draft(post: Post, visitor: Visitor, now: datetime, parent: Comment | None) -> Comment:
    return Comment(
        publication_id=post.publication_id,
        post_id=post.id,
        identity_id=visitor.identity.id,
        parent_id=parent.id if parent else None,
        root_id=(parent.root_id or parent.id) if parent else None,
        state=CommentState.VISIBLE,
        created_at=now,
    )


def _keep(session: Session, comment: Comment, parent: Comment | None) -> None:
    session.add(comment)
    session.flush()
    comment.path = path_of(comment.id, parent.path if parent else "")
    comment.depth = depth_of(comment.path)
    session.flush()


def _twin_of(session: Session, comment: Comment, now: datetime) -> Comment | None:
    return session.scalar(
        with_people()
        .where(
            Comment.identity_id == comment.identity_id,
            Comment.created_at > now - _TWICE_WITHIN,
            Comment.post_id == comment.post_id,
            Comment.parent_id == comment.parent_id,
            Comment.markdown == comment.markdown,
        )
        .order_by(Comment.id.desc())
        .limit(1)
    )


def _refuse_haste(session: Session, identity: Identity, now: datetime) -> None:
    lately = Comment.created_at > now - timedelta(minutes=1)
    written = select(func.count().filter(lately), func.count()).where(
        Comment.identity_id == identity.id, Comment.created_at > now - timedelta(hours=1)
    )
    in_a_minute, in_an_hour = session.execute(written).one()
    if in_a_minute >= A_MINUTE:
        raise TooMany("That is many comments in a short time. Please wait a minute.")
    if in_an_hour >= AN_HOUR:
        raise TooMany("That is many comments in a short time. Please go on in an hour.")


def _is_new_here(session: Session, identity: Identity) -> bool:
    seen = Comment.identity_id == identity.id, Comment.state == CommentState.VISIBLE
    return session.scalar(select(Comment.id).where(*seen).limit(1)) is None
