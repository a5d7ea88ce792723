"""Heads of the front page, of lists and of free-standing pages; and what holds for every head."""

import json

import pytest

from newsletter.web.machines.heads import (
    head_of_author,
    head_of_home,
    head_of_list,
    head_of_page,
    head_of_post,
    head_of_section,
    numbered,
    territorial,
)
from tests.web.machines.conftest import (
    SITE_URL,
    a_page,
    a_post,
    a_section,
    a_site,
    an_author,
)
from tests.web.machines.reading import Printed, Reader, linked_data, open_graph


def test_the_front_page_is_the_site_and_can_be_searched(printed: Printed) -> None:
    html = printed(head_of_home(a_site(tagline="How mail works")))

    (site,) = linked_data(html)
    assert (site["@type"], site["name"], site["url"]) == ("WebSite", "Return Path", f"{SITE_URL}/")
    assert site["description"] == "How mail works"
    assert site["potentialAction"]["target"]["urlTemplate"] == f"{SITE_URL}/search?q={{search_term_string}}"
    assert site["potentialAction"]["query-input"] == "required name=search_term_string"
    shared = open_graph(html)
    assert (shared["og:type"], shared["og:url"]) == ("website", f"{SITE_URL}/")
    assert shared["og:image"] == f"{SITE_URL}/card.png"


def test_a_section_is_a_collection(printed: Printed) -> None:
    section = a_section(description="On envelopes")
    html = printed(head_of_section(a_site(), section, page=3))

    collection, crumbs = linked_data(html)
    url = f"{SITE_URL}/s/mail"
    assert (collection["@type"], collection["name"], collection["url"]) == (
        "CollectionPage",
        "Mail",
        f"{url}?page=3",
    )
    assert [each["item"] for each in crumbs["itemListElement"]] == [f"{SITE_URL}/", url]
    assert Reader(html).links("canonical")[0]["href"] == open_graph(html)["og:url"] == f"{url}?page=3"
    assert Reader(html).named("description") == "On envelopes"
    assert Reader(html).links("alternate")[0]["href"] == f"{url}/feed.xml"


def test_an_author_has_a_profile(printed: Printed) -> None:
    html = printed(head_of_author(a_site(), an_author(bio="Writes about queues.")))

    profile, _crumbs = linked_data(html)
    url = f"{SITE_URL}/by/mara"
    assert (profile["@type"], profile["url"]) == ("ProfilePage", url)
    assert profile["mainEntity"] == {
        "@type": "Person",
        "name": "Mara Lindqvist",
        "url": url,
        "description": "Writes about queues.",
    }
    assert Reader(html).links("alternate")[0]["href"] == f"{url}/feed.xml"


def test_the_archive_is_a_collection(printed: Printed) -> None:
    html = printed(head_of_list(a_site(), "Archive", f"{SITE_URL}/archive?year=2026", page=2))

    assert linked_data(html)[0]["@type"] == "CollectionPage"
    assert Reader(html).links("canonical")[0]["href"] == f"{SITE_URL}/archive?year=2026&page=2"


def test_a_free_standing_page_is_a_page(printed: Printed) -> None:
    page, _crumbs = linked_data(printed(head_of_page(a_site(), a_page(), "Who we are")))

    assert (page["@type"], page["name"], page["url"]) == ("WebPage", "About", f"{SITE_URL}/about")
    assert (page["description"], page["dateModified"]) == ("Who we are", "2026-11-22T12:00:00Z")


HOSTILE = "</script><script>alert(1)</script> <!-- \" ' & \u2028 😀"


def test_whatever_is_written_stays_in_its_place(printed: Printed) -> None:
    site = a_site(name=HOSTILE, tagline=HOSTILE)
    post = a_post(title=HOSTILE, section=a_section(name=HOSTILE), author=an_author(name=HOSTILE))
    html = printed(head_of_post(site, post, HOSTILE))

    assert [tag for tag, _attrs in Reader(html).tags].count("script") == 1
    assert "<script>" not in html
    assert "<!--" not in html
    assert open_graph(html)["og:title"] == HOSTILE
    assert linked_data(html)[0]["headline"] == HOSTILE
    assert Reader(html).named("description") == HOSTILE


def test_nothing_is_said_where_there_is_nothing_to_say(printed: Printed) -> None:
    html = printed(head_of_page(a_site(), a_page(), ""))

    assert 'content=""' not in html
    assert 'name="description"' not in html
    assert "og:description" not in open_graph(html)


@pytest.mark.parametrize(
    ("locale", "territorial_locale"),
    [
        ("en", "en_US"),
        ("en-GB", "en_GB"),
        ("de", "de_DE"),
        ("de-AT", "de_AT"),
        ("ar", "ar_EG"),
        ("zh-Hant", "zh_TW"),
        ("zh", "zh_CN"),
        ("sr-Latn", "sr_RS"),
        ("nonsense!", "en_US"),
        ("", "en_US"),
    ],
)
def test_languages_get_a_country(locale: str, territorial_locale: str) -> None:
    assert territorial(locale) == territorial_locale


def test_the_first_page_of_a_list_has_no_number() -> None:
    assert numbered("https://x.example/archive", 1) == "https://x.example/archive"
    assert numbered("https://x.example/archive", 2) == "https://x.example/archive?page=2"


def test_linked_data_is_valid_json(printed: Printed) -> None:
    html = printed(head_of_home(a_site()))
    start = html.index('<script type="application/ld+json">') + len('<script type="application/ld+json">')

    assert json.loads(html[start : html.index("</script>", start)])["@context"] == "https://schema.org"
