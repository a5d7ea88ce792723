"""Heads of posts."""

from datetime import UTC, datetime

import pytest

from newsletter.domain.states import PostAccess
from newsletter.models import Post
from newsletter.web.machines.heads import (
    Head,
    head_of_post,
)
from newsletter.web.machines.structured import LONGEST_HEADLINE, headline
from tests.web.machines.conftest import (
    SITE_URL,
    a_picture,
    a_post,
    a_site,
    an_author,
)
from tests.web.machines.reading import Printed, Reader, linked_data, open_graph


def head_of(post: Post) -> Head:
    return head_of_post(a_site(), post, "What it says")


def test_a_post_shows_well_where_it_is_shared(printed: Printed) -> None:
    html = printed(head_of(a_post()))

    assert open_graph(html) == {
        "og:type": "article",
        "og:title": "A letter",
        "og:description": "What it says",
        "og:url": f"{SITE_URL}/p/a-letter",
        "og:site_name": "Return Path",
        "og:locale": "en_GB",
        "og:image": f"{SITE_URL}/p/a-letter/card.png",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "A letter",
        "article:published_time": "2026-11-20T12:00:00Z",
        "article:modified_time": "2026-11-22T12:00:00Z",
        "article:section": "Mail",
        "article:author": f"{SITE_URL}/by/mara",
    }
    read = Reader(html)
    assert read.named("description") == "What it says"
    assert read.named("twitter:card") == "summary_large_image"
    assert read.named("twitter:image") == f"{SITE_URL}/p/a-letter/card.png"
    assert [each["href"] for each in read.links("canonical")] == [f"{SITE_URL}/p/a-letter"]
    assert [each["href"] for each in read.links("icon")] == ["/icon.svg"]


def test_a_post_says_what_it_is(printed: Printed) -> None:
    article, crumbs = linked_data(printed(head_of(a_post())))

    url, home = f"{SITE_URL}/p/a-letter", f"{SITE_URL}/"
    publisher = {"@type": "Organization", "@id": f"{home}#publisher", "name": "Return Path", "url": home}
    assert article == {
        "@type": "BlogPosting",
        "@id": f"{url}#post",
        "headline": "A letter",
        "description": "What it says",
        "url": url,
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "datePublished": "2026-11-20T12:00:00Z",
        "dateModified": "2026-11-22T12:00:00Z",
        "author": {"@type": "Person", "name": "Mara Lindqvist", "url": f"{SITE_URL}/by/mara"},
        "publisher": publisher,
        "image": {"@type": "ImageObject", "url": f"{url}/card.png", "caption": "A letter"},
        "articleSection": "Mail",
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "isPartOf": {"@type": "WebSite", "@id": f"{home}#site", "name": "Return Path", "url": home},
    }
    assert [(each["position"], each["name"], each["item"]) for each in crumbs["itemListElement"]] == [
        (1, "Return Path", home),
        (2, "Mail", f"{SITE_URL}/s/mail"),
        (3, "A letter", url),
    ]


def test_a_post_leads_to_the_feeds_of_its_section_and_of_the_site(printed: Printed) -> None:
    feeds = Reader(printed(head_of(a_post()))).links("alternate")

    assert [(each["title"], each["type"], each["href"].removeprefix(SITE_URL)) for each in feeds] == [
        ("Mail · Return Path", "application/rss+xml", "/s/mail/feed.xml"),
        ("Mail · Return Path", "application/atom+xml", "/s/mail/atom.xml"),
        ("Mail · Return Path", "application/feed+json", "/s/mail/feed.json"),
        ("Return Path", "application/rss+xml", "/feed.xml"),
        ("Return Path", "application/atom+xml", "/atom.xml"),
        ("Return Path", "application/feed+json", "/feed.json"),
    ]


def test_a_cover_takes_the_place_of_the_card(printed: Printed) -> None:
    html = printed(head_of(a_post(cover=a_picture())))
    url = f"{SITE_URL}/media/ccccccccccccc/1600x900.jpg"

    shared = open_graph(html)
    assert (shared["og:image"], shared["og:image:type"]) == (url, "image/jpeg")
    assert (shared["og:image:width"], shared["og:image:height"]) == ("1600", "900")
    assert shared["og:image:alt"] == "A postbox"
    assert linked_data(html)[0]["image"]["url"] == url


def test_a_cover_that_nobody_described_is_named_after_the_post(printed: Printed) -> None:
    html = printed(head_of(a_post(cover=a_picture(alt="", kind="png"))))

    assert open_graph(html)["og:image:alt"] == "A letter"
    assert open_graph(html)["og:image:type"] == "image/png"


def test_search_engines_are_told_what_only_subscribers_see(printed: Printed) -> None:
    article, _crumbs = linked_data(printed(head_of(a_post(access=PostAccess.SUBSCRIBERS))))

    assert article["isAccessibleForFree"] is False
    assert article["hasPart"] == {
        "@type": "WebPageElement",
        "isAccessibleForFree": False,
        "cssSelector": ".wall",
    }


@pytest.mark.parametrize(
    ("access", "robots"),
    [
        (PostAccess.PUBLIC, "max-image-preview:large"),
        (PostAccess.SUBSCRIBERS, "max-image-preview:large"),
        (PostAccess.UNLISTED, "noindex"),
        (PostAccess.EMAIL_ONLY, "noindex"),
    ],
)
def test_only_what_is_listed_may_be_indexed(printed: Printed, access: PostAccess, robots: str) -> None:
    assert Reader(printed(head_of(a_post(access=access)))).named("robots") == robots


def test_what_went_out_by_email_only_has_no_address_to_share(printed: Printed) -> None:
    html = printed(head_of(a_post(access=PostAccess.EMAIL_ONLY)))

    assert Reader(html).links("canonical") == []
    assert open_graph(html)["og:image"] == f"{SITE_URL}/card.png"


@pytest.mark.parametrize(
    "gone", [{"erased_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"name": ""}], ids=["erased", "nameless"]
)
def test_for_an_author_who_is_not_named_the_publication_stands(
    printed: Printed, gone: dict[str, object]
) -> None:
    html = printed(head_of(a_post(author=an_author(**gone))))

    assert linked_data(html)[0]["author"]["@type"] == "Organization"
    assert "mara" not in html.lower()


def test_a_logo_belongs_to_the_publisher(printed: Printed) -> None:
    site = a_site(look={"logo_url": "https://cdn.example/logo.png"})

    article, _crumbs = linked_data(printed(head_of_post(site, a_post(), "")))

    assert article["publisher"]["logo"] == {"@type": "ImageObject", "url": "https://cdn.example/logo.png"}


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("Short", "Short"),
        ("x" * LONGEST_HEADLINE, "x" * LONGEST_HEADLINE),
        ("word " * 40, "word " * 21 + "word…"),
        ("x" * 300, "x" * (LONGEST_HEADLINE - 1) + "…"),
    ],
    ids=["short", "just fits", "words", "one word"],
)
def test_a_long_headline_is_cut_between_words(title: str, cut: str) -> None:
    assert headline(title) == cut
    assert len(headline(title)) <= LONGEST_HEADLINE
