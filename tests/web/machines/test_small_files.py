"""robots.txt, security.txt and the icon."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sectxt import Parser

from newsletter.domain.colours import contrast
from newsletter.domain.errors import BadSetting
from newsletter.models import Publication
from newsletter.settings import load_settings
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.conftest import Rings
from tests.support.factories import NOW
from tests.web.conftest import Place
from tests.web.machines.conftest import SITE_URL

Changing = Callable[..., None]


@pytest.fixture
def change(house: House, place: Place) -> Changing:
    """Changes what the publication is."""

    def change(**values: object) -> None:
        with house.database.writing() as session:
            publication = session.get_one(Publication, place.publication.id)
            for name, value in values.items():
                setattr(publication, name, value)

    return change


@pytest.fixture
def robots(browser: FlaskClient) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse(browser.get("/robots.txt").text.splitlines())
    return parser


FOR_ALL = (
    *("/", "/archive", "/p/a-letter", "/s/mail", "/feed.xml", "/search-tips", "/media/a/1x1.jpg"),
    "/static/site.css",
)
FOR_FEW = ("/studio/posts", "/search?q=mail", "/read/abc", "/u/abc", "/preferences/abc", "/confirm/abc")


def test_robots_may_see_what_everybody_may_see_and_nothing_else(robots: RobotFileParser) -> None:
    seen = [path for path in (*FOR_ALL, *FOR_FEW) if robots.can_fetch("AnyBot", f"{SITE_URL}{path}")]

    assert seen == [*FOR_ALL]


def test_robots_are_told_where_the_map_is(robots: RobotFileParser) -> None:
    assert robots.site_maps() == [f"{SITE_URL}/sitemap.xml"]


SECURITY = "/.well-known/security.txt"


def security_txt(browser: FlaskClient) -> Parser:
    answer = browser.get(SECURITY)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    parsed = Parser(answer.data, urls=f"{SITE_URL}{SECURITY}")
    assert parsed.errors == []
    return parsed


def values(parsed: Parser, field: str) -> list[str]:
    return [line["value"] for line in parsed.lines if line["field_name"] == field]


def test_who_finds_a_weakness_is_told_whom_to_write_to(place: Place, browser: FlaskClient) -> None:
    parsed = security_txt(browser)

    assert values(parsed, "contact") == ["mailto:letters@example.org"]
    assert values(parsed, "canonical") == [f"{SITE_URL}{SECURITY}"]


def test_the_operator_may_name_somebody_else(house: House, place: Place, rings: Rings) -> None:
    settings = house.settings.model_copy(update={"security_contact": "https://example.org/security"})
    other = House(settings, rings)
    parsed = security_txt(create_app(other).test_client())
    other.database.close()

    assert values(parsed, "contact") == ["https://example.org/security"]


@pytest.mark.parametrize("contact", ["security@example.org", "http://example.org", "javascript:alert(1)"])
def test_a_contact_that_is_no_safe_address_is_refused(contact: str) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_SECURITY_CONTACT"):
        load_settings(_env_file=None, security_contact=contact)


def test_an_address_with_odd_characters_is_still_an_address(change: Changing, browser: FlaskClient) -> None:
    change(sender_address="news+a?b&c%d@example.org")

    assert values(security_txt(browser), "contact") == ["mailto:news+a%3Fb%26c%25d@example.org"]


@pytest.mark.parametrize(("locale", "languages"), [("en-GB", "en"), ("de", "de, en"), ("ar", "ar, en")])
def test_the_language_of_the_publication_comes_first(
    change: Changing, browser: FlaskClient, locale: str, languages: str
) -> None:
    change(locale=locale)

    assert values(security_txt(browser), "preferred-languages") == [languages]


def test_it_is_good_for_less_than_a_year_and_the_same_all_day(
    house: House, place: Place, rings: Rings
) -> None:
    def on(now: datetime) -> str:
        other = House(house.settings, rings, lambda: now)
        text = create_app(other).test_client().get(SECURITY).text
        other.database.close()
        return text

    day = NOW.replace(hour=0)
    today, tonight, tomorrow = on(day), on(day + timedelta(hours=23)), on(day + timedelta(hours=25))
    expires = datetime.fromisoformat(today.split("Expires: ")[1].split("\n")[0])

    assert timedelta(days=200) < expires - NOW < timedelta(days=365)
    assert today == tonight != tomorrow


def icon(browser: FlaskClient) -> tuple[str, str, str]:
    """What is on it, in which colour on which."""
    answer = browser.get("/icon.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    ground, text = ET.fromstring(answer.data)
    return text.text or "", text.attrib["fill"], ground.attrib["fill"]


INITIALS = {
    "Return Path": "R",
    "étude": "É",
    "e\u0301tude": "É",
    "“Quoted”": "Q",
    "📬 Post": "P",
    "رسائل": "ر",
    "手紙": "手",
    "42nd": "4",
    "<&>": "•",
    "": "•",
    "ßeta": "SS",
}


def test_the_icon_shows_the_first_letter_of_the_name(change: Changing, browser: FlaskClient) -> None:
    for name, initial in INITIALS.items():
        change(name=name)

        assert icon(browser)[0] == initial


def test_the_letter_can_be_read_on_every_colour(change: Changing, browser: FlaskClient) -> None:
    for accent in ("#1f5f5b", "#ffff00", "#ffffff", "#000000", "#e0e0e0", "#ff6600"):
        change(accent=accent)
        _letter, ink, ground = icon(browser)

        assert contrast(ink, ground) >= 4.5
        assert contrast(ground, "#fdfcfa") >= 3


def test_who_looks_for_the_old_icon_finds_the_new_one(browser: FlaskClient) -> None:
    answer = browser.get("/favicon.ico")

    assert answer.status_code == 301
    assert answer.location == "/icon.svg"


@pytest.mark.parametrize("path", [SECURITY, "/icon.svg"])
def test_before_there_is_a_publication_there_is_no_file(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).status_code == 404
