"""Reading: all threads of a discussion, and one comment with what is below it."""

from flask import request

from newsletter.discussion.threads import list_threads, thread_of
from newsletter.domain.discussions import ThreadOrder
from newsletter.domain.errors import NotFound
from newsletter.models import Comment
from newsletter.publishing.versions import SITE
from newsletter.publishing.versions import discussion as scope_of
from newsletter.web.context import current_visitor, house, page
from newsletter.web.discussion.blueprint import discussion
from newsletter.web.discussion.branches import grow, whole
from newsletter.web.discussion.entering import comment_in, enter
from newsletter.web.discussion.talking import with_likes
from newsletter.web.keeping import keep
from newsletter.web.site.paging import asked_page


@discussion.get("/p/<slug>/comments")
def all_comments(slug: str) -> str:
    """Every thread, page by page."""
    order = _order()
    with house().database.reading() as session:
        talk = enter(session, slug, current_visitor(session))
        keep(session, SITE, scope_of(talk.post.public_id))
        listing = list_threads(session, talk.post, order, asked_page(), talk.visitor)
        branches = whole(listing.threads)
        return page(
            session,
            "discussion/all.html",
            talk=with_likes(session, talk, branches),
            post=talk.post,
            listing=listing,
            branches=branches,
            order=order,
        )


@discussion.get("/p/<slug>/comments/<public_id>")
def comment(slug: str, public_id: str) -> str:
    """One comment, as the head of what was answered to it."""
    with house().database.reading() as session:
        talk = enter(session, slug, current_visitor(session))
        keep(session, SITE, scope_of(talk.post.public_id))
        found = comment_in(session, talk, public_id)
        below = thread_of(session, found, asked_page(), talk.visitor)
        branch = grow(found, below.answers)
        return page(
            session,
            "discussion/comment.html",
            talk=with_likes(session, talk, [branch]),
            post=talk.post,
            branch=branch,
            above=below.above,
            thread=session.get_one(Comment, found.root_id) if found.root_id else None,
            number=below.page,
            pages=below.pages,
            # A page for everybody must not depend on what is hung on its address.
            reported=talk.visitor is not None and "reported" in request.args,
        )


def _order() -> ThreadOrder:
    try:
        return ThreadOrder(request.args.get("sort", ThreadOrder.TOP))
    except ValueError as error:
        raise NotFound("Comments can be sorted by top, newest and oldest only.") from error
