"""Plain functions that make readers with accounts, and what they wrote."""

import itertools
from datetime import datetime

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from newsletter.accounts.identities import roles_of
from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.comments import Desk, find_comment, write_comment
from newsletter.domain.addresses import parse_address
from newsletter.domain.discussions import depth_of, path_of
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity, Post, Publication
from newsletter.wiring import House
from tests.support.factories import NOW

_numbers = itertools.count(1)


def make_reader(
    session: Session,
    publication: Publication,
    address: str = "",
    name: str = "Ada",
    confirmed_at: datetime | None = NOW,
) -> Identity:
    parsed = parse_address(address or f"ada{next(_numbers)}@example.org")
    identity = Identity(
        publication_id=publication.id,
        address=parsed.wire,
        address_key=parsed.key,
        name=name,
        created_at=NOW,
        confirmed_at=confirmed_at,
    )
    session.add(identity)
    session.flush()
    return identity


def visitor_of(session: Session, identity: Identity) -> Visitor:
    """Whoever that is, signed in."""
    return Visitor(identity, roles_of(session, identity), session_id=0)


def desk_of(house: House, *, limits: bool = False) -> Desk:
    return Desk(house.bell, house.hasher, limits)


def make_comment(
    session: Session,
    house: House,
    post: Post,
    writer: Identity,
    *,
    markdown: str = "",
    parent: Comment | None = None,
    now: datetime = NOW,
    state: CommentState = CommentState.VISIBLE,
) -> Comment:
    """Written as readers write; another state is set afterwards, with the counts as they were."""
    words = markdown or f"Comment {next(_numbers)}."
    visitor = visitor_of(session, writer)
    comment = write_comment(session, desk_of(house), post, visitor, words, now, parent)
    if state is not CommentState.VISIBLE:
        session.execute(update(Comment).where(Comment.id == comment.id).values(state=state))
    return find_comment(session, comment.public_id)


def make_many(
    session: Session, post: Post, writer: Identity, number: int, root: Comment | None = None
) -> None:
    """Many comments at once, all beginning threads or all in answer to one, with the counts they give."""
    first = (session.scalar(select(func.max(Comment.id))) or 0) + 1
    rows = []
    for own in range(first, first + number):
        path = path_of(own, root.path if root else "")
        rows.append(
            {
                "id": own,
                "publication_id": post.publication_id,
                "post_id": post.id,
                "identity_id": writer.id,
                "public_id": new_public_id(),
                "parent_id": root.id if root else None,
                "root_id": root.id if root else None,
                "depth": depth_of(path),
                "path": path,
                "markdown": f"Comment {own}.",
                "html": f"<p>Comment {own}.</p>",
                "state": CommentState.VISIBLE,
                "created_at": NOW,
            }
        )
    session.execute(insert(Comment), rows)
    if session.get_bind().dialect.name == "postgresql":  # which counts only the numbers it gave itself
        session.execute(text("SELECT setval(pg_get_serial_sequence('comment', 'id'), max(id)) FROM comment"))
    count = {"comments": Post.comments + number, "commented_at": NOW}
    session.execute(update(Post).where(Post.id == post.id).values(**count))
    if root is not None:
        more = {"answers": Comment.answers + number}
        session.execute(update(Comment).where(Comment.id == root.id).values(**more))
