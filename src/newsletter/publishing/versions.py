"""Which version of what readers see is the newest; rendered pages are kept by these numbers."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.database import clock, insert_if_absent, rows_changed
from newsletter.models import ContentVersion

SITE = "site"
"""The scope of everything but counts: posts, pages, sections, names, colours."""

COUNTS = "counts"
"""The scope of likes and comments as lists of posts show them."""


EVERYTHING = "everything"
"""The scope that grows with every other: while it stands still, nothing at all has changed."""


class Version(NamedTuple):
    """The number of one scope, and when it last grew."""

    number: int
    changed_at: datetime | None


def discussion(post_public_id: str) -> str:
    """The scope of the likes and comments of one post, as its own page shows them."""
    return f"post {post_public_id}"


def readers_see(session: Session, publication_id: int, *scopes: str) -> None:
    """Say that something readers see has changed: whatever was rendered before this commit is out of date."""
    for scope in sorted({*(scopes or (SITE,)), EVERYTHING}):
        here = ContentVersion.publication_id == publication_id, ContentVersion.scope == scope
        now = clock(session)
        grown = (
            update(ContentVersion)
            .where(*here)
            .values(number=ContentVersion.number + 1, changed_at=now)
            .execution_options(synchronize_session=False)
        )
        values = {"publication_id": publication_id, "scope": scope, "number": 1, "changed_at": now}
        if not rows_changed(session.execute(grown)) and not insert_if_absent(
            session, ContentVersion, **values
        ):
            session.execute(grown)  # somebody was first with the very first change


def versions(session: Session, scopes: Collection[str]) -> Mapping[str, Version]:
    """The newest version of each scope."""
    rows = session.execute(
        select(ContentVersion.scope, ContentVersion.number, ContentVersion.changed_at).where(
            ContentVersion.scope.in_(scopes)
        )
    )
    known = {scope: Version(number, changed_at) for scope, number, changed_at in rows}
    return {scope: known.get(scope, Version(0, None)) for scope in scopes}
