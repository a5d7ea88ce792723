"""Feeds, read by a strict parser and by the schema of JSON Feed."""

import json
from typing import Any

import atoma
import pytest
from flask.testing import FlaskClient
from jsonfeedvalidator.schema import SCHEMA
from jsonschema import Draft4Validator, FormatChecker

from newsletter.domain.states import PostAccess
from newsletter.wiring import House
from tests.support.factories import NOW
from tests.web.conftest import Place
from tests.web.machines.conftest import SITE_URL, publish
from tests.web.machines.test_feed_texts import HOSTILE
from tests.web.machines.test_feeds import PREFIXES


@pytest.fixture(params=["empty", "full"])
def site(request: pytest.FixtureRequest, house: House, place: Place) -> str:
    """Without posts, and with some of every kind."""
    if request.param == "full":
        publish(house, place, "For all", subtitle="Said below", markdown="[a](/b)\n\n- [x] done\n")
        publish(house, place, "Half of it", access=PostAccess.SUBSCRIBERS)
        publish(house, place, "Odd", markdown="\n\n".join(HOSTILE))
    return str(request.param)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_atom_holds_all_that_it_must(site: str, browser: FlaskClient, prefix: str) -> None:
    feed = atoma.parse_atom_bytes(browser.get(f"{prefix}/atom.xml").data)

    assert len(feed.entries) == (3 if site == "full" else 0)
    assert len({entry.id_ for entry in feed.entries}) == len(feed.entries)
    assert {link.rel: link.href for link in feed.links}["self"] == f"{SITE_URL}{prefix}/atom.xml"
    assert all(entry.updated == entry.published == NOW for entry in feed.entries)
    assert all(entry.authors[0].name == "Mara Lindqvist" for entry in feed.entries)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_rss_holds_all_that_it_must(site: str, browser: FlaskClient, prefix: str) -> None:
    feed = atoma.parse_rss_bytes(browser.get(f"{prefix}/feed.xml").data)

    assert len(feed.items) == (3 if site == "full" else 0)
    assert feed.link == f"{SITE_URL}{prefix or '/'}"
    assert all((feed.title, feed.description, feed.language, feed.last_build_date))
    for item in feed.items:
        assert all((item.title, item.link, item.guid, item.content_encoded))
        assert item.pub_date == NOW
        assert item.categories == ["How mail works"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_json_keeps_to_its_schema(site: str, browser: FlaskClient, prefix: str) -> None:
    feed = json.loads(browser.get(f"{prefix}/feed.json").data)
    of_version_1 = as_version_1(feed) | {"items": [as_version_1(item) for item in feed["items"]]}

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["language"] == "en"
    assert len(feed["items"]) == (3 if site == "full" else 0)
    Draft4Validator(SCHEMA, format_checker=FormatChecker()).validate(of_version_1)


def as_version_1(told: dict[str, Any]) -> dict[str, Any]:
    """The schema is of version 1, where `authors` was `author` and there was no `language`."""
    (author,) = told["authors"]
    rest = {name: value for name, value in told.items() if name not in {"authors", "language"}}
    return rest | {"author": author}
