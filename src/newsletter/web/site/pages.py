"""Home, sections and posts."""

from flask import Blueprint, Response, make_response

from newsletter.domain.errors import BadInput, NotFound
from newsletter.domain.states import PostAccess
from newsletter.publishing.archive import Wanted, list_posts
from newsletter.publishing.posts import find_published
from newsletter.publishing.publications import find_section, the_publication
from newsletter.rendering.content import read_content
from newsletter.web.context import house, page

pages = Blueprint("pages", __name__, template_folder="templates")


@pages.get("/")
def home() -> str:
    """The newest post large, then the ones before it."""
    with house().database.reading() as session:
        try:
            posts = list_posts(session, Wanted(the_publication(session).id)).posts
        except NotFound:
            posts = ()
        return page(session, "site/home.html", posts=posts)


@pages.get("/s/<slug>")
def section(slug: str) -> str:
    """The posts of one section."""
    with house().database.reading() as session:
        publication = the_publication(session)
        try:
            found = find_section(session, publication, slug)
        except BadInput as error:
            raise NotFound("There is no section at this address.") from error
        posts = list_posts(session, Wanted(publication.id, section_id=found.id)).posts
        return page(session, "site/section.html", section=found, posts=posts)


@pages.get("/p/<slug>")
def post(slug: str) -> Response:
    """One post."""
    with house().database.reading() as session:
        found = find_published(session, the_publication(session).id, slug)
        if found.access not in {PostAccess.PUBLIC, PostAccess.UNLISTED}:
            raise NotFound("This post is for subscribers; it came to you by email.")
        content = read_content(found.markdown)
        response = make_response(
            page(
                session,
                "site/post.html",
                post=found,
                content=content.web_html(),
                minutes=content.minutes(),
                summary=found.subtitle or content.opening(),
                address=house().links.post(found.slug),
            )
        )
        if found.access is PostAccess.UNLISTED:
            response.headers["X-Robots-Tag"] = "noindex"
        return response


@pages.get("/theme.css")
def theme() -> Response:
    """The publisher's own colour."""
    with house().database.reading() as session:
        try:
            accent = the_publication(session).accent
        except NotFound:
            accent = "#1f5f5b"
    response = Response(f":root {{ --accent-chosen: {accent}; }}\n", mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
