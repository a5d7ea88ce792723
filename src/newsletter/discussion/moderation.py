"""What moderators do; every act is written down with its reason."""

from datetime import datetime

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from newsletter.accounts.audit import Actor, deeds_on, record
from newsletter.accounts.identities import Permission, roles_of
from newsletter.accounts.signing_in import Visitor
from newsletter.audience.suppression import Hasher
from newsletter.database import insert_if_absent, rows_changed
from newsletter.discussion.cases import subject_of
from newsletter.discussion.comments import Desk
from newsletter.discussion.moving import empty, locked, move, settle_reports
from newsletter.discussion.moving import show as show_readers
from newsletter.discussion.reporting import reason_of
from newsletter.discussion.telling import leave_notices, tell
from newsletter.domain.errors import BadInput, Conflict, NotAllowed
from newsletter.domain.states import CommentState
from newsletter.models import Ban, Comment, Identity, Post


def may_moderate(visitor: Visitor | None, post: Post) -> bool:
    """Whether a visitor keeps order under a post: editors everywhere, authors under their own."""
    if visitor is None:
        return False
    is_author = post.author_id == visitor.identity.id and visitor.may(Permission.WRITE)
    return is_author or visitor.may(Permission.MODERATE)


def approve(session: Session, desk: Desk, comment: Comment, visitor: Visitor, now: datetime) -> None:
    """Show a comment that waited. Safe to repeat. Raises NotAllowed and Conflict."""
    comment = _taken(session, comment, visitor)
    if comment.state is CommentState.VISIBLE:
        return
    if comment.state is not CommentState.HELD:
        raise Conflict("This comment does not wait any more: somebody has dealt with it.")
    move(session, comment, CommentState.VISIBLE)
    _write_down(session, comment, visitor, "approve", "")
    tell(session, desk.bell, comment, now)


def hide(session: Session, comment: Comment, visitor: Visitor, reason: str, now: datetime) -> None:
    """Keep a comment from readers. Safe to repeat. Raises NotAllowed and Conflict."""
    comment = _taken(session, comment, visitor)
    before = comment.state
    if before is CommentState.HIDDEN:
        return
    move(session, comment, CommentState.HIDDEN)
    settle_reports(session, comment, now)
    _write_down(session, comment, visitor, "hide", reason, was=before.value)


def show(session: Session, comment: Comment, visitor: Visitor, reason: str, now: datetime) -> None:
    """Show a hidden comment again. Safe to repeat. Raises NotAllowed and Conflict."""
    comment = _taken(session, comment, visitor)
    if comment.state is CommentState.VISIBLE:
        return
    if comment.state is CommentState.HELD:
        raise Conflict("This comment was never shown. Approve it instead.")
    is_news = _was_held(session, comment)
    move(session, comment, CommentState.VISIBLE)
    _write_down(session, comment, visitor, "show", reason)
    if is_news:
        leave_notices(session, comment, now)


def remove(session: Session, comment: Comment, visitor: Visitor, reason: str, now: datetime) -> None:
    """Delete what somebody wrote, for good. Safe to repeat. Raises NotAllowed."""
    comment = _taken(session, comment, visitor)
    if comment.state is CommentState.DELETED:
        return
    empty(session, comment, now)
    _write_down(session, comment, visitor, "remove", reason)


def pin(session: Session, comment: Comment, visitor: Visitor, reason: str, _now: datetime) -> None:
    """Put a thread above all others. Safe to repeat. Raises NotAllowed and BadInput."""
    comment = _taken(session, comment, visitor)
    if comment.root_id is not None:
        raise BadInput("Only a comment that begins a thread can be pinned.")
    if comment.state is not CommentState.VISIBLE:
        raise BadInput("Only a comment that is shown can be pinned.")
    _set_pinned(session, comment, visitor, reason, pinned=True)


def unpin(session: Session, comment: Comment, visitor: Visitor, reason: str, _now: datetime) -> None:
    """Let a pinned thread stand where it stood. Safe to repeat. Raises NotAllowed."""
    _set_pinned(session, _taken(session, comment, visitor), visitor, reason, pinned=False)


def dismiss_reports(session: Session, comment: Comment, visitor: Visitor, now: datetime) -> None:
    """Find nothing wrong with a reported comment. Safe to repeat. Raises NotAllowed."""
    comment = _taken(session, comment, visitor)
    settled = settle_reports(session, comment, now)
    if settled:
        _write_down(session, comment, visitor, "dismiss reports", "", reports=len(settled))


def ban(
    session: Session, hasher: Hasher, identity: Identity, visitor: Visitor, reason: str, now: datetime
) -> None:
    """Let somebody join in no more, also under a new account with the same address. Raises NotAllowed."""
    _require_editor(visitor)
    if identity.erased_at is not None:
        raise BadInput("This person is not here any more.")
    if roles_of(session, identity):
        raise NotAllowed("Whoever writes here cannot be banned. Take their role away first.")
    reason = reason_of(reason)
    values = {"address_hash": hasher.hash_key(identity.address_key), "identity_id": identity.id}
    if insert_if_absent(
        session, Ban, publication_id=identity.publication_id, **values, reason=reason, at=now
    ):
        _write_down_of(session, identity, visitor, "ban", reason)


def unban(
    session: Session, hasher: Hasher, identity: Identity, visitor: Visitor, reason: str, _now: datetime
) -> None:
    """Let somebody join in again. Safe to repeat. Raises NotAllowed."""
    _require_editor(visitor)
    theirs = or_(Ban.address_hash == hasher.hash_key(identity.address_key), Ban.identity_id == identity.id)
    lifted = session.execute(delete(Ban).where(Ban.publication_id == identity.publication_id, theirs))
    if rows_changed(lifted):
        _write_down_of(session, identity, visitor, "unban", reason_of(reason))


def _taken(session: Session, comment: Comment, visitor: Visitor) -> Comment:
    """The comment, locked for a moderator. Raises NotAllowed."""
    comment = locked(session, comment)
    if not may_moderate(visitor, comment.post):
        raise NotAllowed("Only moderators may do that: the author of the post, the editors, the owner.")
    return comment


def _require_editor(visitor: Visitor) -> None:
    if not visitor.may(Permission.MODERATE):
        raise NotAllowed("Only editors and the owner may ban people from the discussion.")


def _set_pinned(session: Session, comment: Comment, visitor: Visitor, reason: str, *, pinned: bool) -> None:
    if comment.pinned is pinned:
        return
    comment.pinned = pinned
    session.flush()
    show_readers(session, comment.post)
    _write_down(session, comment, visitor, "pin" if pinned else "unpin", reason)


def _was_held(session: Session, comment: Comment) -> bool:
    """Whether a hidden comment was hidden before anybody saw it."""
    hidden = [deed for deed in deeds_on(session, subject_of(comment)) if deed.action == "hide"]
    return bool(hidden) and hidden[0].detail.get("was") == CommentState.HELD


def _write_down(
    session: Session, comment: Comment, visitor: Visitor, action: str, reason: str, **detail: object
) -> None:
    actor = Actor(visitor.identity.address or "")
    kept = {"reason": reason_of(reason), **detail}
    record(session, comment.publication_id, actor, action, subject_of(comment), **kept)


def _write_down_of(session: Session, identity: Identity, visitor: Visitor, action: str, reason: str) -> None:
    actor, subject = Actor(visitor.identity.address or ""), f"identity {identity.public_id}"
    record(session, identity.publication_id, actor, action, subject, reason=reason)
