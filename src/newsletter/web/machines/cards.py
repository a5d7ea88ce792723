"""Cards: pictures that networks show where the site or a post of it is shared."""

from flask import Response, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.domain.errors import NotFound
from newsletter.domain.states import PostAccess
from newsletter.media.cards import draw_card
from newsletter.models import Post
from newsletter.publishing.looks import look_of
from newsletter.publishing.posts import find_moved, find_published
from newsletter.publishing.publications import the_publication
from newsletter.publishing.versions import SITE
from newsletter.web.context import house
from newsletter.web.keeping import keep
from newsletter.web.machines.blueprint import machines


@machines.get("/card.png")
def site_card() -> Response:
    """The card of the site."""
    with house().database.reading() as session:
        keep(session, SITE)
        publication = the_publication(session)
    title = publication.tagline or publication.name
    return _png(draw_card(title, publication.name, look_of(publication).accent))


@machines.get("/p/<slug>/card.png")
def post_card(slug: str) -> BaseResponse:
    """The card of a post that anybody may come upon."""
    with house().database.reading() as session:
        keep(session, SITE)
        publication = the_publication(session)
        post = _find(session, publication.id, slug)
    if post.slug != slug:
        return redirect(url_for("machines.post_card", slug=post.slug), 301)
    return _png(draw_card(post.title, publication.name, look_of(publication).accent, post.section.name))


def _find(session: Session, publication_id: int, slug: str) -> Post:
    """The post that is, or once was, at this address. Raises NotFound."""
    try:
        post = find_published(session, publication_id, slug)
    except NotFound:
        moved = find_moved(session, publication_id, slug)
        if moved is None:
            raise
        post = moved
    if post.access is PostAccess.EMAIL_ONLY:
        raise NotFound("This post went out by email only; it has no card.")
    return post


def _png(picture: bytes) -> Response:
    return Response(picture, content_type="image/png")
