"""A publication with posts of every kind, not kept anywhere; and a site that has such."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import render_template_string

from newsletter.domain.links import Links
from newsletter.domain.states import PostAccess, PostState
from newsletter.domain.tokens import keyring_from
from newsletter.models import Identity, Page, Picture, Post, Publication, Section
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.web.machines.heads import Head
from newsletter.web.machines.site import Site
from newsletter.wiring import House
from tests.conftest import SECRET, Rings, settings_for
from tests.support.factories import NOW, make_post
from tests.web.conftest import Place
from tests.web.machines.reading import PAGE, Printed

SITE_URL = "https://letters.example"
LATER = NOW + timedelta(days=2)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"site_url": SITE_URL})


@pytest.fixture
def printed(tmp_path: Path, rings: Rings) -> Printed:
    """The least page that holds a head; it needs no database."""
    app = create_app(House(settings_for(tmp_path, database_url="sqlite://"), rings))

    def print_head(head: Head) -> str:
        with app.test_request_context():
            return render_template_string(PAGE, head=head)

    return print_head


def a_site(**values: object) -> Site:
    """A site that is in no database."""
    defaults = {
        "name": "Return Path",
        "tagline": "How mail works",
        "description": "",
        "sender_name": "The Return Path",
        "sender_address": "letters@example.org",
        "list_domain": "example.org",
        "accent": "#1f5f5b",
        "look": {},
        "locale": "en-GB",
        "time_zone": "UTC",
        "created_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    }
    return Site(Publication(**{**defaults, **values}), Links(SITE_URL, keyring_from(SECRET)))


def a_section(**values: object) -> Section:
    return Section(
        **{"slug": "mail", "name": "Mail", "description": "", "public_id": "aaaaaaaaaaaaa", **values}
    )


def an_author(**values: object) -> Identity:
    defaults = {
        "slug": "mara",
        "name": "Mara Lindqvist",
        "bio": "",
        "public_id": "bbbbbbbbbbbbb",
        "erased_at": None,
    }
    return Identity(**{**defaults, **values})


def a_picture(**values: object) -> Picture:
    defaults = {
        "public_id": "ccccccccccccc",
        "kind": "jpeg",
        "width": 1600,
        "height": 900,
        "alt": "A postbox",
    }
    return Picture(**{**defaults, **values})


def a_post(**values: object) -> Post:
    """A public post that is in no database."""
    defaults = {
        "public_id": "ddddddddddddd",
        "slug": "a-letter",
        "title": "A letter",
        "subtitle": "",
        "markdown": "Hello.",
        "state": PostState.PUBLISHED,
        "access": PostAccess.PUBLIC,
        "section": a_section(),
        "author": an_author(),
        "cover": None,
        "created_at": NOW,
        "updated_at": LATER,
        "published_at": NOW,
    }
    return Post(**{**defaults, **values})


def a_page(**values: object) -> Page:
    return Page(**{"slug": "about", "title": "About", "markdown": "We write.", "updated_at": LATER, **values})


def publish(house: House, place: Place, title: str, /, **values: object) -> Post:
    """Put a published post on the site, with whatever else is wanted about it."""
    with house.database.writing() as session:
        markdown = str(values.pop("markdown", "Hello {{ name | there }}."))
        section = values.pop("section", place.mail)
        assert isinstance(section, Section)
        post = make_post(session, section, place.author, title=title, markdown=markdown, published=True)
        for name, value in values.items():
            setattr(post, name, value)
        session.flush()
        return post
