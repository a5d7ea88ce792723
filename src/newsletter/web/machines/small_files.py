"""Small files that machines look for by name: robots.txt, security.txt, and the icon."""

import unicodedata
from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

from flask import Response, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from newsletter.models import Publication
from newsletter.publishing.looks import look_of
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house
from newsletter.web.machines.blueprint import machines

# Results are endless, links in letters personal; a free-standing page may begin with “search”.
_NOT_FOR_ROBOTS = ("/studio/", "/search?q=", "/read/", "/u/", "/preferences/", "/confirm/")
_GOOD_FOR = timedelta(days=300)
_TEXT = "text/plain; charset=utf-8"


@machines.get("/robots.txt")
def robots() -> Response:
    """What crawlers may fetch (RFC 9309): everything that is meant for everybody."""
    rules = [f"Disallow: {path}" for path in _NOT_FOR_ROBOTS]
    lines = ["User-agent: *", *rules, "", f"Sitemap: {house().links.file('/sitemap.xml')}", ""]
    return Response("\n".join(lines), content_type=_TEXT)


@machines.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell about a weakness (RFC 9116)."""
    with house().database.reading() as session:
        publication = the_publication(session)
    lines = [
        f"Contact: {house().settings.security_contact or _mailto(publication.sender_address)}",
        f"Expires: {_expiry(house().now()).isoformat()}",
        f"Preferred-Languages: {_languages(publication.locale)}",
        f"Canonical: {house().links.file('/.well-known/security.txt')}",
        "",
    ]
    return Response("\n".join(lines), content_type=_TEXT)


@machines.get("/icon.svg")
def icon() -> Response:
    """The first letter of the publication's name on its colour."""
    with house().database.reading() as session:
        publication = the_publication(session)
    picture = render_template(
        "machines/icon.svg", initial=initial_of(publication), tones=look_of(publication).light
    )
    return Response(picture, content_type="image/svg+xml; charset=utf-8")


@machines.get("/favicon.ico")
def favicon() -> BaseResponse:
    """Where old programs look for the icon."""
    return redirect("/icon.svg", 301)


def initial_of(publication: Publication) -> str:
    """The first letter or digit of its name."""
    name = unicodedata.normalize("NFC", publication.name)
    return next((char.upper() for char in name if char.isalnum()), "•")


def _expiry(now: datetime) -> datetime:
    """The same all day long, so that the file changes once a day."""
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC) + _GOOD_FOR


def _mailto(address: str) -> str:
    return "mailto:" + quote(address, safe="@+")


def _languages(locale: str) -> str:
    own = locale.split("-", maxsplit=1)[0].lower()
    return ", ".join(dict.fromkeys((own, "en")))
