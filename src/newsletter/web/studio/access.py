"""Which posts an author may open."""

from sqlalchemy.orm import Session

from newsletter.accounts.identities import Permission
from newsletter.domain.errors import NotAllowed
from newsletter.models import Post
from newsletter.publishing.posts import find_post
from newsletter.web.context import require_visitor


def open_post(session: Session, public_id: str, permission: Permission) -> Post:
    """A post of the visitor's own, or any for editors. Raises SignInNeeded, NotAllowed or NotFound."""
    visitor = require_visitor(session, permission)
    post = find_post(session, public_id)
    if post.author_id != visitor.identity.id and not visitor.may(Permission.EDIT_ALL):
        raise NotAllowed("This post is somebody else's. Its author or an editor can open it.")
    return post
