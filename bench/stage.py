"""The stage of a benchmark: database, broker, sink, publication, readers."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import insert, select, text

from newsletter.accounts.identities import RoleName, add_account
from newsletter.domain.addresses import parse_address
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import SubscriberState, SubscriptionState, UncertainPolicy
from newsletter.migrations import upgrade
from newsletter.models import Campaign, Post, Publication, Section, Subscriber, Subscription
from newsletter.publishing.campaigns import begin_campaign, freeze_content
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import Draft, create_post, find_post
from newsletter.publishing.publications import NewSection, add_section
from newsletter.settings import Settings
from newsletter.wiring import House, wire
from tests.support.postgres import running_postgres
from tests.support.sink import Sink, running_sink
from tests.support.stack import running_broker

AUTHOR = "mara@example.org"
_CHUNK = 10_000
_PARAGRAPH = (
    "Three mail servers disagreed about the hour, and nobody in the house minded; letters keep a time of "
    "their own, and this one was in no hurry at all to be anywhere before the morning came, "
    "{{ name | you }}.\n\n"
)


@dataclass(frozen=True)
class Stage:
    """What a benchmark plays on."""

    house: House
    sink: Sink
    postgres_pid: int | None


@contextmanager
def set_up(database: str, **settings: object) -> Iterator[Stage]:
    """Everything but workers, empty: a durable database, a broker, the sink in its fast mode."""
    with (
        tempfile.TemporaryDirectory(prefix="nl-bench-") as folder,
        _database(database, Path(folder)) as (url, pid),
        running_broker() as broker,
        running_sink(fast=True) as sink,
    ):
        house = wire(
            Settings(
                _env_file=None,  # type: ignore[call-arg]
                data_dir=Path(folder),
                database_url=url,
                redis_url=broker,
                smtp_url=SecretStr(sink.url),
                secret_key=SecretStr("a secret for measuring only, and for nothing else"),
                **settings,  # type: ignore[arg-type]
            )
        )
        upgrade(house.database.engine)
        yield Stage(house, sink, pid)
        house.database.close()


def fill(house: House, readers: int, paragraphs: int, domains: Sequence[str] = ("example.org",)) -> Post:
    """A publication with so many readers, and a post of so many paragraphs; the domains take turns."""
    now = datetime.now(UTC)
    with house.database.writing() as session:
        publication = Publication(
            name="Return Path",
            sender_name="Return Path",
            sender_address="letters@example.org",
            list_domain="example.org",
            postal_address="12 Sample Street",
            created_at=now,
        )
        session.add(publication)
        session.flush()
        section = add_section(session, publication, NewSection("mail", "Mail"), now)
        author = add_account(session, publication.id, parse_address(AUTHOR), "Mara", RoleName.OWNER, now)
        draft = Draft("A letter to measure", _PARAGRAPH * paragraphs, section.id)
        post = create_post(session, publication.id, author.id, draft, now)
    for first in range(1, readers + 1, _CHUNK):
        _add_readers(house, section, range(first, min(first + _CHUNK, readers + 1)), domains)
    _settle(house)
    with house.database.reading() as session:
        return find_post(session, post.public_id)


def more_of(house: House, number: int) -> Post:
    """Another post like the first, to the same readers."""
    with house.database.writing() as session:
        first = session.scalars(select(Post).order_by(Post.id)).first()
        assert first is not None
        draft = Draft(f"{first.title}, part {number + 2}", first.markdown, first.section_id)
        post = create_post(session, first.publication_id, first.author_id, draft, datetime.now(UTC))
    with house.database.reading() as session:
        return find_post(session, post.public_id)


def publish(house: House, post: Post, policy: UncertainPolicy = UncertainPolicy.RESEND) -> Campaign:
    """Begin the mailing of a post."""
    with house.database.reading() as session:
        publication = session.get_one(Publication, post.publication_id)
    content = freeze_content(house.composer, house.links, Edition(publication, post.section, post))
    with house.database.writing() as session:
        return begin_campaign(session, house.bell, content, policy, datetime.now(UTC))


def _add_readers(house: House, section: Section, numbers: range, domains: Sequence[str]) -> None:
    now = datetime.now(UTC)
    addresses = {number: f"reader{number}@{domains[number % len(domains)]}" for number in numbers}
    with house.database.writing() as session:
        session.execute(
            insert(Subscriber),
            [
                {
                    "id": number,
                    "publication_id": section.publication_id,
                    "public_id": new_public_id(),
                    "address": addresses[number],
                    "address_key": addresses[number],
                    "name": f"Reader {number}" if number % 3 else "",
                    "state": SubscriberState.ACTIVE,
                    "created_at": now,
                    "confirmed_at": now,
                }
                for number in numbers
            ],
        )
        session.execute(
            insert(Subscription),
            [
                {
                    "subscriber_id": number,
                    "section_id": section.id,
                    "state": SubscriptionState.CONFIRMED,
                    "asked_at": now,
                    "confirmed_at": now,
                }
                for number in numbers
            ],
        )


def _settle(house: House) -> None:
    """Statistics and a clean slate, as a database that has lived a while has them."""
    with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if house.database.is_sqlite:
            connection.execute(text("ANALYZE"))
            return
        connection.execute(text("VACUUM ANALYZE"))
        number_on = (
            "SELECT setval(pg_get_serial_sequence('subscriber', 'id'), (SELECT max(id) FROM subscriber))"
        )
        connection.execute(text(number_on))


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, int | None]]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'newsletter.sqlite3'}", None
        return
    with running_postgres(durable=True) as server:
        yield server.url(server.create()), server.pid
