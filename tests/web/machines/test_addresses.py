"""The addresses that machines are told, and the site that answers at them."""

import pytest
from flask.testing import FlaskClient

from newsletter.publishing.free_pages import PageText, write_page
from newsletter.web.machines.feed import MIMETYPES
from newsletter.wiring import House
from tests.support.factories import NOW
from tests.web.conftest import Place
from tests.web.machines.conftest import SITE_URL, publish


@pytest.fixture
def addresses(house: House, place: Place) -> list[str]:
    publish(house, place, "Grüße")
    with house.database.writing() as session:
        write_page(session, place.publication, PageText("Über uns", "We write."), NOW)
    links = house.links
    of = (links.home(), links.section("mail"), links.author("mara-lindqvist"))
    return [
        *of,
        links.archive(),
        links.search(),
        links.page("über-uns"),
        links.post("grüße"),
        links.card(),
        links.card("grüße"),
        *(links.feed(name, each) for name in MIMETYPES for each in of),
        *(links.file(f"/{name}") for name in ("sitemap.xml", "icon.svg", "robots.txt")),
    ]


def test_the_site_answers_at_every_address_that_machines_are_told(
    addresses: list[str], browser: FlaskClient
) -> None:
    for address in addresses:
        assert address.startswith(f"{SITE_URL}/")
        assert address.isascii()
        assert browser.get(address.removeprefix(SITE_URL)).status_code == 200, address


def test_a_feed_of_the_site_needs_no_name_of_it(house: House) -> None:
    assert house.links.feed("feed.xml") == house.links.feed("feed.xml", house.links.home())
