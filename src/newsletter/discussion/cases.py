"""What waits for the moderators, with everything they need to decide."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from newsletter.accounts.audit import Deed
from newsletter.discussion.moving import with_people
from newsletter.domain.states import CommentState
from newsletter.models import AuditEntry, Ban, Comment, Post, Report

CASES_PER_PAGE = 20
Which = Literal["held", "reported", "newest"]


class Complaint(NamedTuple):
    """What somebody reported, and when; settled ones were dealt with before."""

    reason: str
    at: datetime
    is_settled: bool = False


@dataclass(frozen=True)
class Case:
    """A comment as moderators look at it: complaints oldest first, deeds newest first."""

    comment: Comment
    reports: Sequence[Complaint]
    is_banned: bool
    deeds: Sequence[Deed]


@dataclass(frozen=True)
class Waiting:
    """How many comments wait for a moderator, and how many are reported."""

    held: int
    reported: int


def subject_of(comment: Comment) -> str:
    """The name under which deeds on a comment are written down."""
    return f"comment {comment.public_id}"


def queue(
    session: Session, publication_id: int, which: Which, page: int = 1, author_id: int | None = None
) -> Sequence[Case]:
    """One page of what waits, or of all comments; of one author's posts where one is named."""
    query = with_people().where(*_within(publication_id, author_id), _is(which))
    newest_first = which == "newest"
    ordered = query.order_by(Comment.id.desc() if newest_first else Comment.id)
    comments = session.scalars(ordered.offset((page - 1) * CASES_PER_PAGE).limit(CASES_PER_PAGE)).all()
    return _cases(session, comments)


def case_of(session: Session, comment: Comment) -> Case:
    """A single comment as moderators look at it."""
    return _cases(session, [comment])[0]


def waiting(session: Session, publication_id: int, author_id: int | None = None) -> Waiting:
    """How much waits for the moderators, or for one author."""
    which: Sequence[Which] = ("held", "reported")
    counts = [
        select(func.count()).where(*_within(publication_id, author_id), _is(each)).scalar_subquery()
        for each in which
    ]
    held, reported = session.execute(select(*counts)).one()
    return Waiting(held, reported)


def _within(publication_id: int, author_id: int | None) -> Sequence[ColumnElement[bool]]:
    if author_id is None:
        return (Comment.publication_id == publication_id,)
    posts = select(Post.id).where(Post.publication_id == publication_id, Post.author_id == author_id)
    return (Comment.post_id.in_(posts),)


def _is(which: Which) -> ColumnElement[bool]:
    if which == "held":
        return Comment.state == CommentState.HELD
    if which == "newest":
        return Comment.state != CommentState.DELETED
    return Comment.id.in_(select(Report.comment_id).where(Report.settled_at.is_(None)))


def _cases(session: Session, comments: Sequence[Comment]) -> Sequence[Case]:
    reports = _reports_on(session, [each.id for each in comments])
    deeds = _deeds_on(session, comments)
    writers = {each.identity_id for each in comments}
    banned = set(session.scalars(select(Ban.identity_id).where(Ban.identity_id.in_(writers))))
    return [
        Case(each, reports[each.id], each.identity_id in banned, deeds[subject_of(each)]) for each in comments
    ]


def _reports_on(session: Session, comment_ids: Collection[int]) -> Mapping[int, Sequence[Complaint]]:
    found: defaultdict[int, list[Complaint]] = defaultdict(list)
    query = select(Report).where(Report.comment_id.in_(comment_ids)).order_by(Report.at, Report.identity_id)
    for each in session.scalars(query):
        found[each.comment_id].append(Complaint(each.reason, each.at, each.settled_at is not None))
    return found


def _deeds_on(session: Session, comments: Sequence[Comment]) -> Mapping[str, Sequence[Deed]]:
    found: defaultdict[str, list[Deed]] = defaultdict(list)
    subjects = [subject_of(each) for each in comments]
    query = select(AuditEntry).where(AuditEntry.subject.in_(subjects))
    for each in session.scalars(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())):
        found[each.subject].append(Deed(each.at, each.actor, each.action, each.detail))
    return found
