"""Who may write under a post, and why not."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts.signing_in import Visitor
from newsletter.audience.suppression import Hasher
from newsletter.discussion.bans import is_banned
from newsletter.domain.errors import NotAllowed
from newsletter.domain.states import Discussing, PostAccess, PostState, SubscriberState
from newsletter.models import Identity, Post, Publication, Subscriber


class Standing(StrEnum):
    """Whether somebody may write under a post, and what stands in the way."""

    MAY = "may"
    SIGN_IN = "sign in"
    SUBSCRIBE = "subscribe"
    BANNED = "banned"
    CLOSED = "closed"


_SENTENCES: Mapping[Standing, str] = {
    Standing.SIGN_IN: "Sign in first, then you can join in.",
    Standing.SUBSCRIBE: "Here subscribers write. Subscribe with the address of your account to join in.",
    Standing.BANNED: "The moderators have closed the discussion to you. You can still read it.",
    Standing.CLOSED: "The discussion of this post is closed.",
}


def standing_of(
    session: Session, hasher: Hasher, post: Post, publication: Publication, visitor: Visitor | None
) -> Standing:
    """Whether a visitor may write under a post; authors and editors may unless nobody does."""
    discussing = post.discussing or publication.discussing
    if discussing is Discussing.NOBODY or not _is_on_the_site(post):
        return Standing.CLOSED
    if visitor is None:
        return Standing.SIGN_IN
    if visitor.roles:
        return Standing.MAY
    if is_banned(session, hasher, visitor.identity):
        return Standing.BANNED
    for_subscribers = discussing is Discussing.SUBSCRIBERS or post.access is PostAccess.SUBSCRIBERS
    if for_subscribers and not _subscribes(session, visitor.identity):
        return Standing.SUBSCRIBE
    return Standing.MAY


def require_joining(
    session: Session, hasher: Hasher, post: Post, publication: Publication, visitor: Visitor | None
) -> None:
    """Raise NotAllowed, with the reason, unless the visitor may write under the post."""
    standing = standing_of(session, hasher, post, publication, visitor)
    if standing is not Standing.MAY:
        raise NotAllowed(_SENTENCES[standing])


def refuse_banned(session: Session, hasher: Hasher, visitor: Visitor) -> None:
    """Raise NotAllowed when the visitor must not join in."""
    if not visitor.roles and is_banned(session, hasher, visitor.identity):
        raise NotAllowed(_SENTENCES[Standing.BANNED])


def _is_on_the_site(post: Post) -> bool:
    return post.state is PostState.PUBLISHED and post.access is not PostAccess.EMAIL_ONLY


def _subscribes(session: Session, identity: Identity) -> bool:
    """An account belongs to an address, and so does a subscription."""
    query = select(Subscriber.id).where(
        Subscriber.publication_id == identity.publication_id,
        Subscriber.address_key == identity.address_key,
        Subscriber.state == SubscriberState.ACTIVE,
    )
    return session.scalar(query) is not None
