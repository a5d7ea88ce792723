"""What a request has at hand: the house, the visitor, and the page around its content."""

from typing import Any, cast

from flask import current_app, g, render_template, request
from sqlalchemy.orm import Session

from newsletter.accounts.identities import Permission, require
from newsletter.accounts.signing_in import Visitor, visitor_of
from newsletter.discussion.cases import Waiting, waiting
from newsletter.domain.errors import NotFound
from newsletter.publishing.free_pages import pages_of
from newsletter.publishing.looks import look_of
from newsletter.publishing.publications import sections_of, the_publication
from newsletter.web.languages import speak
from newsletter.wiring import House

EXTENSION = "newsletter"
SESSION_COOKIE = "newsletter_session"


class SignInNeeded(Exception):
    """Nobody is signed in; the visitor is shown the way."""


def house() -> House:
    """The house this application stands in."""
    return cast("House", current_app.extensions[EXTENSION])


def current_visitor(session: Session) -> Visitor | None:
    """Who sent this request, if they are signed in."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    return visitor_of(session, secret, house().now()) if secret else None


def require_reader(session: Session) -> Visitor:
    """Who sent this request, with a role or without. Raises SignInNeeded."""
    visitor = current_visitor(session)
    if visitor is None:
        raise SignInNeeded
    g.visitor = visitor
    return visitor


def require_visitor(session: Session, permission: Permission) -> Visitor:
    """Who sent this request. Raises SignInNeeded or NotAllowed."""
    visitor = require_reader(session)
    require(visitor.roles, permission)
    return visitor


def page(session: Session, template: str, **values: Any) -> str:
    """Render a page inside its layout."""
    try:
        publication = the_publication(session)
    except NotFound:
        return render_template(
            "bare.html",
            title="Nothing here yet",
            text=("This newsletter has not been set up yet. Its operator can do so with `newsletter up`."),
        )
    if not request.path.startswith("/studio/"):  # which is in English only
        speak(publication.locale)
    frame = {
        "publication": publication,
        "sections": sections_of(session, publication),
        "free_pages": pages_of(session, publication.id),
        "look": look_of(publication),
        "now": house().now(),
        "visitor": g.visitor if "visitor" in g else current_visitor(session),
        "waits": _waits(session, publication.id),
    }
    return render_template(template, **{**frame, **values})


def _waits(session: Session, publication_id: int) -> Waiting | None:
    """How many comments wait for whoever is in the studio."""
    visitor: Visitor | None = g.get("visitor")
    if visitor is None or not request.path.startswith("/studio/"):
        return None
    only = None if visitor.may(Permission.MODERATE) else visitor.identity.id
    return waiting(session, publication_id, only)


def client_address() -> str:
    """Where the request came from; kept only as part of a consent."""
    return request.remote_addr or ""
