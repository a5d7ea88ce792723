"""Readers ask the moderators to look at a comment."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.accounts.signing_in import Visitor
from newsletter.database import insert_if_absent
from newsletter.discussion.bans import was_banned
from newsletter.domain.discussions import MAX_REASON
from newsletter.domain.errors import BadInput, NotAllowed, TooMany
from newsletter.domain.names import one_line
from newsletter.domain.states import CommentState
from newsletter.models import Comment, Report

REPORTS_AN_HOUR = 20


def report_comment(session: Session, comment: Comment, visitor: Visitor, reason: str, now: datetime) -> None:
    """Report a comment; a second time by the same person is nothing new. Raises NotAllowed and BadInput."""
    if comment.identity_id == visitor.identity.id:
        raise NotAllowed("This comment is your own. You can delete it.")
    if comment.state is not CommentState.VISIBLE:
        raise NotAllowed("This comment is not shown any more, so there is nothing to report.")
    if not visitor.roles and was_banned(session, visitor.identity):
        raise NotAllowed("The moderators have closed the discussion to you.")
    reason = reason_of(reason)
    _refuse_flood(session, visitor, now)
    whose = {"comment_id": comment.id, "identity_id": visitor.identity.id}
    insert_if_absent(session, Report, **whose, reason=reason, at=now)


def reason_of(text: str) -> str:
    """A reason on one line. Raises BadInput when it is too long."""
    reason = one_line(text)
    if len(reason) > MAX_REASON:
        raise BadInput("The reason is too long: {limit} characters are the limit.", limit=MAX_REASON)
    return reason


def _refuse_flood(session: Session, visitor: Visitor, now: datetime) -> None:
    made = select(func.count()).where(
        Report.identity_id == visitor.identity.id, Report.at > now - timedelta(hours=1)
    )
    if (session.scalar(made) or 0) >= REPORTS_AN_HOUR:
        raise TooMany("That is many reports in a short time. Please go on in an hour.")
