"""The page for an address where nothing is: what was perhaps meant, and a way to search for it."""

from flask import Response, make_response, request

from newsletter.domain.errors import NewsletterError
from newsletter.publishing.nearness import near_posts
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house, page

_LONGEST = 150


def missing(title: str, text: str) -> Response | None:
    """A page of the site that helps; None where there is no site to be a page of."""
    if request.method not in {"GET", "HEAD"} or request.path.startswith("/studio/"):
        return None
    name = request.path.rstrip("/").rpartition("/")[2][:_LONGEST]
    try:
        with house().database.reading() as session:
            near = near_posts(session, the_publication(session).id, name)
            words = " ".join(name.rpartition(".")[0].split("-") if "." in name else name.split("-"))
            values = {"title": title, "text": text, "near": near, "words": words}
            return make_response(page(session, "site/missing.html", **values), 404)
    except NewsletterError:
        return None
