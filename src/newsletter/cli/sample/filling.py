"""Fills a database with the sample publication, its authors, posts and subscribers."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from newsletter.accounts.identities import RoleName, add_account
from newsletter.cli.bars import Bar
from newsletter.database import Database
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import Conflict
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import ConsentKind, SubscriberState, SubscriptionState
from newsletter.models import Consent, Identity, Publication, Section, Subscriber, Subscription
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.free_pages import PageText, write_page
from newsletter.publishing.posts import Draft, create_post, publish_post
from newsletter.publishing.publications import NewSection, add_section, find_section, sections_of

_FOLDER = Path(__file__).parent
LIVE_POST = _FOLDER / "posts" / "13-the-letter-that-is-sent.md"
_NAMES = (
    "Ada",
    "",
    "Björn",
    "Chiara",
    "",
    "Dmitri",
    "Esi",
    "Fatima",
    "",
    "Grace",
    "نور",
    "Ísak",
    "美咲",
    "Zoë",
)
_CHUNK = 500


def fill_publication(session: Session, now: datetime) -> Publication:
    """Make the sample publication with its sections, authors and posts. Raises Conflict if one is there."""
    if session.scalar(select(Publication.id).limit(1)) is not None:
        raise Conflict("The database holds a publication already. The demo needs an empty one.")
    about = tomllib.loads((_FOLDER / "publication.toml").read_text("utf-8"))
    publication = Publication(
        name=about["name"],
        tagline=about["tagline"],
        description=about["description"],
        sender_name=about["sender_name"],
        sender_address=about["sender_address"],
        list_domain=about["sender_address"].rpartition("@")[2],
        postal_address=about["postal_address"],
        accent=about["accent"],
        rhythm=about["rhythm"],
        created_at=now,
    )
    session.add(publication)
    session.flush()
    for each in about["section"]:
        new = NewSection(each["slug"], each["name"], each["description"])
        add_section(session, publication, new, now)
    write_page(session, publication, PageText("About", about["about"]), now)
    authors = _add_authors(session, publication, about["author"], now)
    for path in sorted((_FOLDER / "posts").glob("*.md")):
        if path != LIVE_POST:
            add_post(session, publication, authors, read_post_file(path), now)
    return publication


def add_post(
    session: Session,
    publication: Publication,
    authors: Mapping[str, Identity],
    file: PostFile,
    now: datetime,
) -> str:
    """Keep a post file, published when it says so. Returns the post's id."""
    section = find_section(session, publication, file.section or "mail")
    author = authors.get(file.author) or next(iter(authors.values()))
    draft = Draft(file.title, file.markdown, section.id, file.subtitle, file.slug)
    post = create_post(session, publication.id, author.id, draft, file.published or now)
    if file.published:
        publish_post(session, post, file.published)
    return post.public_id


def fill_subscribers(database: Database, count: int, now: datetime, bar: Bar) -> None:
    """Make confirmed subscribers, all of whom follow the section the demo mails to."""
    with database.reading() as session:
        publication = session.scalars(select(Publication)).one()
        sections = sections_of(session, publication)
    for start in range(0, count, _CHUNK):
        numbers = range(start + 1, min(start + _CHUNK, count) + 1)
        with database.writing() as session:
            _add_chunk(session, publication, sections, numbers, now)
        bar.show(numbers[-1], count)


def _add_chunk(
    session: Session, publication: Publication, sections: Sequence[Section], numbers: range, now: datetime
) -> None:
    ids = session.scalars(
        insert(Subscriber).returning(Subscriber.id, sort_by_parameter_order=True),
        [_subscriber(publication, number, now) for number in numbers],
    ).all()
    follows = [
        (subscriber_id, section)
        for number, subscriber_id in zip(numbers, ids, strict=True)
        for index, section in enumerate(sections)
        if index == 0 or (number + index) % 3
    ]
    session.execute(
        insert(Subscription),
        [
            {
                "subscriber_id": subscriber_id,
                "section_id": section.id,
                "state": SubscriptionState.CONFIRMED,
                "asked_at": now - timedelta(days=1),
                "confirmed_at": now,
            }
            for subscriber_id, section in follows
        ],
    )
    session.execute(
        insert(Consent),
        [
            {
                "public_id": new_public_id(),
                "subscriber_id": subscriber_id,
                "kind": ConsentKind.CONFIRMED,
                "section_ids": [section.id for one, section in follows if one == subscriber_id],
                "wording": "Made for the demo; nobody was asked.",
                "source": "demo",
                "client": "",
                "at": now,
            }
            for subscriber_id in ids
        ],
    )


def _subscriber(publication: Publication, number: int, now: datetime) -> dict[str, Any]:
    address = f"reader{number:06}@example.org"
    return {
        "publication_id": publication.id,
        "public_id": new_public_id(),
        "address": address,
        "address_key": address,
        "name": _NAMES[number % len(_NAMES)],
        "state": SubscriberState.ACTIVE,
        "created_at": now,
        "confirmed_at": now,
    }


def _add_authors(
    session: Session, publication: Publication, authors: Sequence[Mapping[str, str]], now: datetime
) -> Mapping[str, Identity]:
    made: dict[str, Identity] = {}
    for number, each in enumerate(authors):
        role = RoleName.AUTHOR if number else RoleName.OWNER
        address = parse_address(each["address"])
        identity = add_account(session, publication.id, address, each["name"], role, now)
        identity.bio = each.get("bio", "")
        made[each["address"]] = identity
    return made
