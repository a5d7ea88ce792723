"""A site with two sections, an author and a reader; and a browser that is signed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest
from flask import Flask
from flask.testing import FlaskClient

from newsletter.accounts.identities import RoleName
from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.domain.stamps import write_stamp
from newsletter.models import Identity, Publication, Section, Subscriber
from newsletter.web.context import SESSION_COOKIE
from newsletter.web.security import form_token
from newsletter.wiring import House
from tests.conftest import fresh_database
from tests.support.factories import make_author, make_publication, make_section, make_subscriber


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """One of the two databases, always the same for a test.

    What the rooms do is tested on both; what the pages make of it need not be.
    """
    kind = ("sqlite", "postgresql")[crc32(request.node.nodeid.encode()) % 2]
    with fresh_database(kind, request, tmp_path) as url:
        yield url


@dataclass(frozen=True)
class Place:
    publication: Publication
    mail: Section
    craft: Section
    author: Identity
    reader: Subscriber


@pytest.fixture
def place(house: House) -> Place:
    with house.database.writing() as session:
        publication = make_publication(session)
        mail = make_section(session, publication, "mail", "How mail works")
        craft = make_section(session, publication, "craft", "Craft")
        author = make_author(session, publication, role=RoleName.OWNER)
        reader = make_subscriber(session, publication, mail, craft, address="ada@example.org")
        return Place(publication, mail, craft, author, reader)


@pytest.fixture
def stamp(house: House) -> str:
    """What a subscribe form carries that was read today."""
    return write_stamp(house.keyring, house.now(), exact=False)


@pytest.fixture
def uncached(house: House) -> Iterator[House]:
    """The same installation, seen by a process that keeps no pages."""
    other = House(house.settings.model_copy(update={"page_cache_megabytes": 0}), house.ring)
    yield other
    other.database.close()


@dataclass(frozen=True)
class Author:
    """A signed-in browser that fills in the form token, as the pages do."""

    client: FlaskClient
    token: str

    def get(self, path: str):
        return self.client.get(path)

    def post(self, path: str, **form: object):
        return self.client.post(path, data={"form_token": self.token, **form})


@pytest.fixture
def author(app: Flask, house: House, place: Place) -> Author:
    return signed_in(app, house, place.author)


def signed_in(app: Flask, house: House, identity: Identity) -> Author:
    with house.database.writing() as session:
        secret = sign_in(session, make_sign_in(session, identity, house.now()).public_id, house.now()).secret
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, secret)
    with app.test_request_context(headers={"Cookie": f"{SESSION_COOKIE}={secret}"}):
        return Author(client, form_token())
