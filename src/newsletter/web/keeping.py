"""Which pages may be kept for everybody, and how long: until something they show has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, g, request
from sqlalchemy.orm import Session

from newsletter.publishing.versions import EVERYTHING, Version, versions

ENVIRON = "newsletter.kept"


@dataclass(frozen=True)
class Kept:
    """What a page was made from; it is good as long as these are the newest, and not longer than `until`."""

    versions: Mapping[str, Version]
    everything: int
    until: datetime | None


def add_to(app: Flask) -> None:
    """Tell the server's cache what each answer was made from."""
    app.after_request(_tell)


def keep(session: Session, *scopes: str) -> None:
    """Say what this page shows, before reading it: what changes while it is read is newer than the page."""
    g.versions = versions(session, (*scopes, EVERYTHING))


def _tell(response: Response) -> Response:
    if "versions" in g and response.status_code == 200:
        shown = {scope: version for scope, version in g.versions.items() if scope != EVERYTHING}
        request.environ[ENVIRON] = Kept(shown, g.versions[EVERYTHING].number, g.get("good_until"))
    return response
