"""A post's page, for everybody, or for those who have its letter."""

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.accounts.signing_in import Visitor
from newsletter.domain.directions import direction_of
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
from newsletter.web.keeping import keep
from newsletter.web.machines.heads import head_of_post
from newsletter.web.machines.site import Site

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
        whole = found.access is not PostAccess.SUBSCRIBERS or _may_read_all(current_visitor(session))
        response = make_response(_page(session, found, whole=whole))
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
        response = make_response(_page(session, found, whole=True))
    response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _may_read_all(visitor: Visitor | None) -> bool:
    return visitor is not None and visitor.may(Permission.WRITE)


def _page(session: Session, found: Post, *, whole: bool) -> str:
    before, after = neighbours(session, found) if is_listed(found) else (None, None)
    related = related_posts(session, found, (before, after)) if is_listed(found) else ()
    reading = read_post(found, whole=whole)
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
    )


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
