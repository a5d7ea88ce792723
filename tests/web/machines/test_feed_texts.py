"""What feeds carry: texts made whole for elsewhere, and nothing that a reader of feeds could stumble over."""

import json

import pytest
from flask.testing import FlaskClient

from newsletter.domain.states import PostAccess
from newsletter.models import Picture, Publication
from newsletter.web.languages import language
from newsletter.wiring import House
from tests.support.factories import NOW, make_post
from tests.web.conftest import Place
from tests.web.machines.conftest import SITE_URL, publish
from tests.web.machines.test_feeds import NAMES, XML, read


@pytest.mark.parametrize("name", NAMES)
def test_of_a_post_for_subscribers_a_feed_holds_the_beginning_and_the_way_to_the_rest(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    markdown = "The beginning.\n\n<!-- more -->\n\nThe secret."
    publish(house, place, "Half of it", markdown=markdown, access=PostAccess.SUBSCRIBERS)

    text = browser.get(f"/{name}").text

    assert "The beginning." in text
    assert "The secret." not in text
    assert "for subscribers" in text
    assert f"{SITE_URL}/p/half-of-it" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_short_post_for_subscribers_gives_nothing_away(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    publish(house, place, "All of it", markdown="The secret.", access=PostAccess.SUBSCRIBERS)

    assert "The secret." not in browser.get(f"/{name}").text


@pytest.mark.parametrize("name", NAMES)
def test_every_address_in_a_feed_is_whole(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    markdown = "[there](/p/other) [below](#part) ![us](/media/aaaaaaaaaaaaa/900x600.png)\n\n## Part\n"
    publish(house, place, "Relative", markdown=markdown)

    answer = browser.get(f"/{name}")
    html = (
        json.loads(answer.data)["items"][0]["content_html"]
        if name == "feed.json"
        else read(browser, f"/{name}").entries[0].content[0].value
    )

    assert f'<a href="{SITE_URL}/p/other">there</a>' in html
    assert f'<a href="{SITE_URL}/p/relative#part">below</a>' in html
    assert f'src="{SITE_URL}/media/aaaaaaaaaaaaa/900x600.png"' in html
    assert "srcset" not in html


HOSTILE = [
    "<script>alert(1)</script> & 'quotes' \"too\"",
    "]]> <![CDATA[ -->",
    "a\x01b\x08c\x1bd\x7f",
    "a\ufffeb\uffffc",
    "👩🏽‍🚀 \U0001f9d1\u200d\U0001f33e",
    "\u202eשלום\u202c مرحبا",
    "&amp; &lt; &nbsp; &#0; &#x1;",
    "100 %(name)s {{ name }}",
]
"""Markup, ends of sections, control characters, what XML forbids, emoji, both directions, entities, holes."""


def legible(text: str) -> str:
    return "".join(char for char in text if char >= " " and char not in "\ufffe\uffff")


@pytest.mark.parametrize("name", XML)
def test_whatever_is_written_a_feed_can_be_read(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    everything = " ".join(HOSTILE)
    for words in HOSTILE:
        publish(house, place, "Harmless", title=words, markdown=words)
    with house.database.writing() as session:
        for thing in (place.publication, place.mail, place.author):
            session.merge(thing).name = everything

    parsed = read(browser, f"/{name}")

    assert [entry.title for entry in parsed.entries] == [legible(words) for words in reversed(HOSTILE)]
    assert parsed.feed.title == legible(everything)
    for entry in parsed.entries:
        assert entry.author == legible(everything)
        assert legible(everything) in {tag.label or tag.term for tag in entry.tags}
        assert "<script" not in entry.content[0].value


def test_whatever_is_written_json_can_be_read(house: House, place: Place, browser: FlaskClient) -> None:
    for words in HOSTILE:
        publish(house, place, "Harmless", title=words)

    items = json.loads(browser.get("/feed.json").data)["items"]

    assert [item["title"] for item in items] == HOSTILE[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_feed_is_the_same_for_everybody(
    house: House, place: Place, browser: FlaskClient, name: str
) -> None:
    publish(house, place, "For subscribers", access=PostAccess.SUBSCRIBERS)
    browser.set_cookie("language", "ar")

    plain = browser.get(
        f"/{name}", headers={"Accept-Language": "de"}, base_url="https://elsewhere.example"
    ).data
    browser.delete_cookie("language")

    assert browser.get(f"/{name}").data == plain


@pytest.mark.parametrize(("locale", "spoken"), [("de-AT", "de"), ("ar", "ar"), ("en-GB", "en"), ("fi", "en")])
def test_a_feed_speaks_as_its_publication_does(
    house: House, place: Place, browser: FlaskClient, locale: str, spoken: str
) -> None:
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).locale = locale

    with browser:
        feed = browser.get("/feed.json", headers={"Accept-Language": "de, ar, en"}).get_json(force=True)

        assert language() == spoken
    assert feed["language"] == locale


def test_a_cover_comes_before_the_text(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        picture = Picture(
            publication_id=place.publication.id,
            kind="jpeg",
            width=1600,
            height=900,
            alt="A postbox",
            created_at=NOW,
        )
        session.add(picture)
        post = make_post(session, place.mail, place.author, markdown="Hello.", published=True)
        post.cover = picture
    url = f"{SITE_URL}/media/{picture.public_id}/1600x900.jpg"

    (entry,) = read(browser, "/feed.xml").entries
    (item,) = json.loads(browser.get("/feed.json").data)["items"]

    assert entry.content[0].value.startswith(f'<figure><img src="{url}" alt="A postbox"')
    assert item["image"] == url


def test_who_was_erased_is_not_named(house: House, place: Place, browser: FlaskClient) -> None:
    publish(house, place, "By somebody")
    with house.database.writing() as session:
        session.merge(place.author).erased_at = NOW

    (entry,) = read(browser, "/atom.xml").entries

    assert entry.author == "Return Path"
    text = browser.get("/feed.json").text.lower()
    assert "mara lindqvist" not in text
    assert "/by/mara" not in text
