"""What the signed links in mails about a discussion stand for."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from newsletter.domain.errors import BadLink
from newsletter.models import Comment, Identity


def identity_of_link(session: Session, public_id: str) -> Identity:
    """Whose mail it is. Raises BadLink when they were erased."""
    identity = session.scalar(select(Identity).where(Identity.public_id == public_id))
    if identity is None or identity.erased_at is not None:
        raise BadLink("This link belongs to somebody who is no longer here. Nothing is sent to them.")
    return identity


def thread_of_link(session: Session, public_id: str) -> Comment | None:
    """The thread by its first comment, with its post; None where a link means all. Raises BadLink."""
    if not public_id:
        return None
    thread = session.scalar(
        select(Comment).where(Comment.public_id == public_id).options(joinedload(Comment.post))
    )
    if thread is None:
        raise BadLink("This link belongs to a thread that is no longer here. Nothing is sent about it.")
    return thread
