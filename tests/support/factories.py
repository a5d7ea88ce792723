"""Plain functions that make rows; every argument has a sensible default."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from newsletter.accounts.identities import RoleName, add_account
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import SubscriberState, SubscriptionState, UncertainPolicy
from newsletter.models import (
    Campaign,
    Identity,
    Post,
    Publication,
    Section,
    Subscriber,
    Subscription,
)
from newsletter.publishing.campaigns import begin_campaign, freeze_content
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import Draft, create_post, find_post, publish_post
from newsletter.publishing.publications import NewSection, add_section
from newsletter.wiring import House

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def make_publication(session: Session, **values: object) -> Publication:
    defaults = {
        "name": "Return Path",
        "sender_name": "Return Path",
        "sender_address": "letters@example.org",
        "list_domain": "example.org",
        "postal_address": "12 Sample Street",
        "created_at": NOW,
    }
    publication = Publication(**{**defaults, **values})
    session.add(publication)
    session.flush()
    return publication


def make_section(session: Session, publication: Publication, slug: str = "mail", name: str = "") -> Section:
    return add_section(session, publication, NewSection(slug, name or slug.capitalize()), NOW)


def make_author(
    session: Session,
    publication: Publication,
    address: str = "mara@example.org",
    role: RoleName = RoleName.AUTHOR,
) -> Identity:
    return add_account(session, publication.id, parse_address(address), "Mara Lindqvist", role, NOW)


def make_subscriber(
    session: Session,
    publication: Publication,
    *sections: Section,
    address: str = "",
    name: str = "",
    state: SubscriberState = SubscriberState.ACTIVE,
) -> Subscriber:
    parsed = parse_address(address or f"reader{next(_numbers)}@example.org")
    subscriber = Subscriber(
        publication_id=publication.id,
        address=parsed.wire,
        address_key=parsed.key,
        name=name,
        state=state,
        created_at=NOW,
        confirmed_at=NOW,
    )
    session.add(subscriber)
    session.flush()
    for section in sections:
        session.add(
            Subscription(
                subscriber_id=subscriber.id,
                section_id=section.id,
                state=SubscriptionState.CONFIRMED,
                asked_at=NOW,
                confirmed_at=NOW,
            )
        )
    session.flush()
    return subscriber


def make_post(
    session: Session,
    section: Section,
    author: Identity,
    *,
    title: str = "A letter",
    markdown: str = "Hello {{ name | there }},\n\nthis is it.\n",
    published: bool = False,
) -> Post:
    draft = Draft(title, markdown, section.id)
    post = create_post(session, section.publication_id, author.id, draft, NOW)
    if published:
        publish_post(session, post, NOW)
        session.flush()
    return find_post(session, post.public_id)


def make_campaign(
    house: House,
    *,
    readers: int = 3,
    policy: UncertainPolicy = UncertainPolicy.RESEND,
    markdown: str = "Hello.",
    domains: Sequence[str] = ("example.org",),
) -> Campaign:
    """A publication with a section, its readers, and a post on its way to them; not frozen yet."""
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        author = make_author(session, publication)
        make_readers(session, publication, section, readers, domains)
        post = make_post(session, section, author, markdown=markdown)
    return mail_post(house, post, policy)


def make_readers(
    session: Session, publication: Publication, section: Section, readers: int, domains: Sequence[str]
) -> None:
    """Many subscribers at once; the domains take turns."""
    subscribers = []
    for number in range(readers):
        address = f"reader{next(_numbers)}@{domains[number % len(domains)]}"
        subscribers.append(
            Subscriber(
                publication_id=publication.id,
                address=address,
                address_key=address,
                name=f"Reader {number}",
                state=SubscriberState.ACTIVE,
                created_at=NOW,
                confirmed_at=NOW,
            )
        )
    session.add_all(subscribers)
    session.flush()
    session.add_all(
        Subscription(
            subscriber_id=subscriber.id,
            section_id=section.id,
            state=SubscriptionState.CONFIRMED,
            asked_at=NOW,
            confirmed_at=NOW,
        )
        for subscriber in subscribers
    )


def mail_post(house: House, post: Post, policy: UncertainPolicy = UncertainPolicy.RESEND) -> Campaign:
    with house.database.reading() as session:
        publication = session.get_one(Publication, post.publication_id)
    content = freeze_content(house.composer, house.links, Edition(publication, post.section, post))
    with house.database.writing() as session:
        return begin_campaign(session, house.bell, content, policy, NOW)
