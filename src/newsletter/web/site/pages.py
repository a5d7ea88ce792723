"""Home, sections, authors, free-standing pages, and the publisher's colours."""

from flask import Blueprint, Response

from newsletter.audience.segments import count_readers
from newsletter.domain.errors import NotFound
from newsletter.publishing.archive import (
    Wanted,
    discussed_posts,
    featured_posts,
    find_author,
    list_posts,
)
from newsletter.publishing.free_pages import find_page
from newsletter.publishing.looks import look_of
from newsletter.publishing.publications import section_at, the_publication
from newsletter.publishing.versions import COUNTS, SITE
from newsletter.rendering.content import read_content
from newsletter.web.context import house, page
from newsletter.web.keeping import keep
from newsletter.web.machines.heads import head_of_author, head_of_home, head_of_page, head_of_section
from newsletter.web.machines.site import Site
from newsletter.web.site.paging import asked_page
from newsletter.web.themes import style_of

pages = Blueprint("pages", __name__, template_folder="templates")

_ON_HOME = 6
_FEATURED = 3


@pages.get("/")
def home() -> str:
    """The newest post large, what is featured and discussed, then the ones before it."""
    with house().database.reading() as session:
        keep(session, SITE, COUNTS)
        try:
            publication = the_publication(session)
        except NotFound:
            return page(session, "site/home.html")
        listing = list_posts(session, Wanted(publication.id))
        newest = listing.posts[:1]
        shown = {post.id for post in newest}
        featured = [
            post for post in featured_posts(session, publication.id, _FEATURED + 1) if post.id not in shown
        ]
        return page(
            session,
            "site/home.html",
            head=head_of_home(Site(publication, house().links)),
            newest=newest,
            featured=featured[:_FEATURED],
            posts=listing.posts[1 : 1 + _ON_HOME],
            more=listing.total > 1 + _ON_HOME,
            discussed=discussed_posts(session, publication.id, 3),
            readers=count_readers(session, publication.id),
        )


@pages.get("/s/<slug>")
def section(slug: str) -> str:
    """The posts of one section."""
    with house().database.reading() as session:
        keep(session, SITE, COUNTS)
        found = section_at(session, the_publication(session), slug)
        listing = list_posts(session, Wanted(found.publication_id, section_id=found.id, page=asked_page()))
        head = head_of_section(Site(the_publication(session), house().links), found, listing.page)
        return page(session, "site/section.html", head=head, section=found, listing=listing)


@pages.get("/by/<slug>")
def author(slug: str) -> str:
    """Who writes here, and what they wrote."""
    with house().database.reading() as session:
        keep(session, SITE, COUNTS)
        publication = the_publication(session)
        found = find_author(session, publication.id, slug)
        listing = list_posts(session, Wanted(publication.id, author_id=found.id, page=asked_page()))
        head = head_of_author(Site(publication, house().links), found, listing.page)
        return page(session, "site/author.html", head=head, author=found, listing=listing)


@pages.get("/<slug>")
def free(slug: str) -> str:
    """A free-standing page, such as About."""
    with house().database.reading() as session:
        keep(session, SITE)
        publication = the_publication(session)
        found = find_page(session, publication.id, slug)
        content = read_content(found.markdown)
        head = head_of_page(Site(publication, house().links), found, content.opening())
        return page(session, "site/free.html", head=head, free=found, content=content.web_html())


@pages.get("/theme.css")
def theme() -> Response:
    """The publisher's colours and font. Its address changes with them, so it is kept for ever."""
    with house().database.reading() as session:
        try:
            style = style_of(look_of(the_publication(session)))
        except NotFound:
            style = ""
    response = Response(style, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
