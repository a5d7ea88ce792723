"""From an address to a discussion, and who is let in."""

from flask import abort, g, redirect, request, url_for
from sqlalchemy.orm import Session

from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.comments import find_comment
from newsletter.domain.errors import NotAllowed, NotFound
from newsletter.domain.states import PostAccess
from newsletter.models import Comment, Post
from newsletter.publishing.posts import find_moved, find_published
from newsletter.publishing.publications import the_publication
from newsletter.web.context import SignInNeeded
from newsletter.web.discussion.talking import Talk, talk_of
from newsletter.web.site.forms import speak_as_shown
from newsletter.web.site.readers import may_read_whole


def enter(session: Session, slug: str, visitor: Visitor | None) -> Talk:
    """The discussion of the post at this address.

    Raises NotFound, and SignInNeeded or NotAllowed where only subscribers may read the post.
    """
    g.visitor = visitor  # so that the frame of the page need not ask again
    speak_as_shown(the_publication(session))
    post = _post_at(session, slug)
    if post.access is PostAccess.EMAIL_ONLY:
        raise NotFound("This post went out by email only; it has no discussion.")
    if not may_read_whole(session, post, visitor):
        if visitor is None:
            raise SignInNeeded
        raise NotAllowed("This post is for subscribers, and so is what they say about it.")
    return talk_of(session, post, visitor)


def comment_in(session: Session, talk: Talk, public_id: str) -> Comment:
    """The comment with this id, if it belongs here, whether or not the visitor sees it. Raises NotFound."""
    comment = find_comment(session, public_id)
    if comment.post_id != talk.post.id:
        raise NotFound("There is no such comment here.")
    return comment


def readable_comment_in(session: Session, talk: Talk, public_id: str) -> Comment:
    """The same, if the visitor sees what it says. Raises NotFound."""
    comment = comment_in(session, talk, public_id)
    if not talk.shows(comment):
        raise NotFound("There is no such comment here.")
    return comment


def _post_at(session: Session, slug: str) -> Post:
    publication = the_publication(session)
    try:
        return find_published(session, publication.id, slug)
    except NotFound:
        moved = find_moved(session, publication.id, slug)
        if moved is None or request.endpoint is None:
            raise
        values = {**(request.view_args or {}), **request.args, "slug": moved.slug}
        # What was sent to the former address is sent on as it is.
        code = 301 if request.method in {"GET", "HEAD"} else 308
        abort(redirect(url_for(request.endpoint, **values), code))
