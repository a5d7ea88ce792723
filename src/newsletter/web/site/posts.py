"""A post's page, for everybody, or for those who have its letter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, g, make_response, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.threads import Threads, list_threads
from newsletter.domain.directions import direction_of
from newsletter.domain.discussions import ThreadOrder
from newsletter.domain.errors import NotFound
from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Post
from newsletter.publishing.archive import is_listed, neighbours, related_posts
from newsletter.publishing.posts import find_moved, find_post, find_published
from newsletter.publishing.publications import the_publication
from newsletter.publishing.versions import SITE, discussion
from newsletter.rendering.content import Content, read_content
from newsletter.rendering.headings import Heading
from newsletter.web.context import current_visitor, house, page
from newsletter.web.discussion.branches import Branch, beginnings
from newsletter.web.discussion.talking import Talk, talk_of, with_likes
from newsletter.web.keeping import keep
from newsletter.web.machines.heads import head_of_post
from newsletter.web.machines.site import Site
from newsletter.web.site.readers import may_read_whole

site_posts = Blueprint("site_posts", __name__, template_folder="templates")

_LONG = 6
"""Minutes: longer posts get a table of contents."""

_SHORT = 14
"""Lines: a table of contents that would be longer names the highest headings only."""


@dataclass(frozen=True)
class Reading:
    """A post as its page shows it."""

    html: str
    minutes: int
    summary: str
    contents: tuple[Heading, ...]
    direction: str
    is_whole: bool


@site_posts.get("/p/<slug>")
def post(slug: str) -> BaseResponse:
    """One post; what only subscribers may read is cut short."""
    with house().database.reading() as session:
        publication = the_publication(session)
        try:
            found = find_published(session, publication.id, slug)
        except NotFound:
            moved = find_moved(session, publication.id, slug)
            if moved is None:
                raise
            return redirect(url_for("site_posts.post", slug=moved.slug), 301)
        if found.access is PostAccess.EMAIL_ONLY:
            raise NotFound("This post went out by email only. The link in your letter shows it.")
        keep(session, SITE, discussion(found.public_id))
        session.refresh(found, ["likes", "comments"])  # they may have changed before we said what is shown
        visitor = g.visitor = current_visitor(session)
        whole = may_read_whole(session, found, visitor)
        response = make_response(_page(session, found, visitor, whole=whole))
        if found.access is PostAccess.UNLISTED:
            response.headers["X-Robots-Tag"] = "noindex"
        return response


@site_posts.get("/read/<token>")
def read(token: str) -> Response:
    """The whole post for whoever has its letter; no search engine is let in."""
    public_id = house().links.open_reading(token, house().now())
    with house().database.reading() as session:
        found = find_post(session, public_id)
        if found.state is not PostState.PUBLISHED:
            raise NotFound("This post is no longer here.")
        visitor = g.visitor = current_visitor(session)
        response = make_response(_page(session, found, visitor, whole=True))
    response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _page(session: Session, found: Post, visitor: Visitor | None, *, whole: bool) -> str:
    before, after = neighbours(session, found) if is_listed(found) else (None, None)
    related = related_posts(session, found, (before, after)) if is_listed(found) else ()
    reading = read_post(found, whole=whole)
    talk, branches = _talk(session, found, visitor, whole=whole)
    return page(
        session,
        "site/post.html",
        head=head_of_post(Site(the_publication(session), house().links), found, reading.summary),
        post=found,
        reading=reading,
        before=before,
        after=after,
        related=related,
        address=house().links.post(found.slug),
        talk=talk,
        branches=branches,
    )


def _talk(
    session: Session, found: Post, visitor: Visitor | None, *, whole: bool
) -> tuple[Talk | None, Sequence[Branch]]:
    """What readers say, as far as a post's page has room; nothing where the post itself is not shown."""
    if found.access is PostAccess.EMAIL_ONLY or not whole:
        return None, ()
    talk = talk_of(session, found, visitor)
    threads = list_threads(session, found, ThreadOrder.TOP, 1, visitor)
    branches = beginnings(threads.threads)
    return replace(with_likes(session, talk, branches), has_more=_is_cut(threads, branches)), branches


def _is_cut(threads: Threads, branches: Sequence[Branch]) -> bool:
    return len(branches) < len(threads.threads) or threads.pages > 1


def read_post(found: Post, *, whole: bool) -> Reading:
    """A post made ready for its page."""
    content = read_content(found.markdown)
    shown = content if whole else content.teaser()
    return Reading(
        shown.web_html(),
        content.minutes(),
        found.subtitle or shown.opening(),
        _contents(shown),
        direction_of(found.title),
        is_whole=whole,
    )


def _contents(content: Content) -> tuple[Heading, ...]:
    """The headings of a long post, of the two highest ranks that it uses below its title."""
    headings = [each for each in content.headings() if each.rank > 1 and each.words]
    if content.minutes() < _LONG or len(headings) < 3:
        return ()
    highest = min(each.rank for each in headings)
    both = tuple(each for each in headings if each.rank <= highest + 1)
    return both if len(both) <= _SHORT else tuple(each for each in both if each.rank == highest)
