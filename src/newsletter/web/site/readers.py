"""Who may read the whole of a post."""

from sqlalchemy.orm import Session

from newsletter.accounts.identities import Permission
from newsletter.accounts.signing_in import Visitor
from newsletter.audience.belonging import subscriber_of
from newsletter.domain.states import PostAccess, SubscriberState
from newsletter.models import Post


def may_read_whole(session: Session, post: Post, visitor: Visitor | None) -> bool:
    """Whether a visitor of the site sees all of a post: some posts are for authors and subscribers only."""
    if post.access is not PostAccess.SUBSCRIBERS:
        return True
    if visitor is None:
        return False
    if visitor.may(Permission.WRITE):
        return True
    subscriber = subscriber_of(session, visitor.identity)
    return subscriber is not None and subscriber.state is SubscriberState.ACTIVE
