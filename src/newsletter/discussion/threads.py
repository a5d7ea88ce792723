"""Reading a discussion: pages of threads, and one comment with all below it, by few questions."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.moderation import may_moderate
from newsletter.domain.discussions import ANSWERS_SHOWN, PER_PAGE, ThreadOrder, end_of
from newsletter.domain.errors import NotFound
from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity, Post

BRANCH_PAGE = 100
_WAITING = (CommentState.HELD, CommentState.HIDDEN)


@dataclass(frozen=True)
class Thread:
    """A comment that begins a thread, its first answers in reading order, and how many more there are."""

    comment: Comment
    answers: Sequence[Comment]
    more: int


@dataclass(frozen=True)
class Threads:
    """One page of the threads under a post; the total is of all its visible comments."""

    threads: Sequence[Thread]
    order: ThreadOrder
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class Branch:
    """A comment, what it answers, and one page of what is below it in reading order."""

    comment: Comment
    answers: Sequence[Comment]
    page: int
    pages: int
    above: Comment | None


def list_threads(
    session: Session, post: Post, order: ThreadOrder, page: int, visitor: Visitor | None = None
) -> Threads:
    """One page of a post's threads, the pinned ones first. Raises NotFound behind the last page."""
    shown = Comment.post_id == post.id, Comment.root_id.is_(None), _sees(visitor, post, Comment.answers > 0)
    total = select(Post.comments).where(Post.id == post.id).scalar_subquery()
    count, comments = session.execute(select(func.count(), total).where(*shown)).one()
    pages = _pages(count, PER_PAGE, page)
    query = _with_writers().where(*shown).order_by(Comment.pinned.desc(), *_ordering(order))
    heads = session.scalars(query.offset((page - 1) * PER_PAGE).limit(PER_PAGE)).all()
    answers, numbers = _first_answers(session, post, [each.id for each in heads], visitor)
    threads = [Thread(each, answers[each.id], numbers[each.id] - len(answers[each.id])) for each in heads]
    return Threads(threads, order, page, pages, comments)


def thread_of(session: Session, comment: Comment, page: int = 1, visitor: Visitor | None = None) -> Branch:
    """A comment with what is below it. Raises NotFound where the visitor sees neither, or behind the end."""
    post = session.get_one(Post, comment.post_id)
    root = comment.root_id or comment.id
    below = (
        Comment.root_id == root,
        Comment.path > comment.path,
        Comment.path < end_of(comment.path),
        _sees(visitor, post, _is_answered()),
    )
    count = session.scalar(select(func.count()).where(*below)) or 0
    if not count and not may_read(comment, visitor, post):
        raise NotFound("There is no such comment here.")
    pages = _pages(count, BRANCH_PAGE, page)
    query = _with_writers().where(*below).order_by(Comment.path)
    answers = session.scalars(query.offset((page - 1) * BRANCH_PAGE).limit(BRANCH_PAGE)).all()
    above = session.scalar(_with_writers().where(Comment.id == comment.parent_id))
    return Branch(comment, answers, page, pages, above)


def may_read(comment: Comment, visitor: Visitor | None, post: Post) -> bool:
    """Whether a visitor sees what a comment says; of others there is at most the place where they stood."""
    if comment.state not in _WAITING:
        return comment.state is CommentState.VISIBLE
    is_own = visitor is not None and comment.identity_id == visitor.identity.id
    return is_own or may_moderate(visitor, post)


def _sees(visitor: Visitor | None, post: Post, is_answered: ColumnElement[bool]) -> ColumnElement[bool]:
    """What a visitor sees: the words, or the place of what is gone while something visible is below."""
    waits = Comment.state.in_(_WAITING)
    if may_moderate(visitor, post):
        return or_(Comment.state == CommentState.VISIBLE, waits, is_answered)
    if visitor is not None:
        own = and_(waits, Comment.identity_id == visitor.identity.id)
        return or_(Comment.state == CommentState.VISIBLE, own, is_answered)
    return or_(Comment.state == CommentState.VISIBLE, is_answered)


def _is_answered() -> ColumnElement[bool]:
    """Whether something visible is below a comment that is not the first of its thread."""
    below = aliased(Comment)
    return (
        select(below.id)
        .where(
            below.root_id == Comment.root_id,
            below.path > Comment.path,
            below.path < Comment.path + end_of(""),
            below.state == CommentState.VISIBLE,
        )
        .correlate(Comment)
        .exists()
    )


def _first_answers(
    session: Session, post: Post, heads: Collection[int], visitor: Visitor | None
) -> tuple[Mapping[int, Sequence[Comment]], Mapping[int, int]]:
    """The first answers of each of these threads, and how many there are."""
    answers: defaultdict[int, list[Comment]] = defaultdict(list)
    numbers: defaultdict[int, int] = defaultdict(int)
    place = func.row_number().over(partition_by=Comment.root_id, order_by=Comment.path)
    number = func.count().over(partition_by=Comment.root_id)
    placed = (
        select(Comment.id, place.label("place"), number.label("number"))
        .where(Comment.root_id.in_(heads), _sees(visitor, post, _is_answered()))
        .subquery()
    )
    query = select(Comment, placed.c.number).join(placed, placed.c.id == Comment.id)
    first = query.options(joinedload(Comment.identity, innerjoin=True).joinedload(Identity.picture)).where(
        placed.c.place <= ANSWERS_SHOWN
    )
    for each, of_all in session.execute(first.order_by(Comment.path)):
        answers[each.root_id].append(each)
        numbers[each.root_id] = of_all
    return answers, numbers


def _with_writers() -> Select[Comment]:
    return select(Comment).options(joinedload(Comment.identity, innerjoin=True).joinedload(Identity.picture))


def _ordering(order: ThreadOrder) -> Sequence[UnaryExpression[Any]]:
    if order is ThreadOrder.TOP:
        return ((Comment.likes + Comment.answers).desc(), Comment.id.asc())
    return (Comment.id.asc(),) if order is ThreadOrder.OLDEST else (Comment.id.desc(),)


def _pages(count: int, per_page: int, page: int) -> int:
    pages = max(1, -(-count // per_page))
    if not 1 <= page <= pages:
        raise NotFound("This discussion ends on page {pages}.", pages=pages)
    return pages
