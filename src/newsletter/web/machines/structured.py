"""What pages say about themselves in the words of schema.org."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Page, Post
from newsletter.web.machines.site import Illustration, Site, changed_at, is_named, published_at, timestamp

Node = Mapping[str, Any]
Crumb = tuple[str, str]
"""A name, and the address it leads to."""

LONGEST_HEADLINE = 110
"""Characters; search engines cut what is longer, or ignore it."""

BEHIND_THE_WALL = ".wall"
"""What stands on a page instead of the part that only subscribers may read."""


def graph(*nodes: Node) -> Node:
    """Everything that one page says."""
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def website(site: Site) -> Node:
    """The whole site, and how it is searched."""
    template = site.links.search() + "?q={search_term_string}"
    return _told(
        {
            **_part_of(site),
            "description": site.about,
            "inLanguage": site.publication.locale,
            "publisher": organization(site),
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": template},
                "query-input": "required name=search_term_string",
            },
        }
    )


def organization(site: Site) -> Node:
    """Who publishes."""
    logo = {"@type": "ImageObject", "url": site.logo} if site.logo else None
    home = site.links.home()
    return _told(
        {
            "@type": "Organization",
            "@id": f"{home}#publisher",
            "name": site.publication.name,
            "url": home,
            "logo": logo,
        }
    )


def article(site: Site, post: Post, summary: str) -> Node:
    """A post; of what only subscribers may read it is said so."""
    url, free = site.links.post(post.slug), post.access is not PostAccess.SUBSCRIBERS
    wall = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": BEHIND_THE_WALL}
    return _told(
        {
            "@type": "BlogPosting",
            "@id": f"{url}#post",
            "headline": headline(post.title),
            "description": summary,
            "url": url,
            "mainEntityOfPage": {"@type": "WebPage", "@id": url},
            "datePublished": timestamp(published_at(post)),
            "dateModified": timestamp(changed_at(post)),
            "author": author(site, post.author),
            "publisher": organization(site),
            "image": _image(site.illustration(post)),
            "articleSection": post.section.name,
            "inLanguage": site.publication.locale,
            "isAccessibleForFree": free,
            "hasPart": None if free else wall,
            "isPartOf": _part_of(site),
        }
    )


def author(site: Site, identity: Identity) -> Node:
    """Who wrote something; who is not named any more wrote for the publication."""
    if not is_named(identity):
        return organization(site)
    writer = site.writer(identity)
    return _told({"@type": "Person", "name": writer.name, "url": writer.url})


def collection(site: Site, title: str, url: str, about: str) -> Node:
    """A list of posts."""
    return _told({"@type": "CollectionPage", **_page(site, title, url), "description": about})


def profile(site: Site, identity: Identity, url: str) -> Node:
    """The page of an author."""
    person = {**author(site, identity), "description": identity.bio}
    page = _page(site, site.writer(identity).name, url)
    return {"@type": "ProfilePage", **page, "mainEntity": _told(person)}


def web_page(site: Site, page: Page, summary: str) -> Node:
    """A free-standing page."""
    url, changed = site.links.page(page.slug), timestamp(page.updated_at)
    return _told(
        {
            "@type": "WebPage",
            **_page(site, page.title, url),
            "description": summary,
            "dateModified": changed,
            "publisher": organization(site),
        }
    )


def breadcrumbs(crumbs: Sequence[Crumb]) -> Node:
    """The way to a page from the front page."""
    steps = [
        {"@type": "ListItem", "position": position, "name": name, "item": url}
        for position, (name, url) in enumerate(crumbs, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": steps}


def headline(title: str) -> str:
    """A title as search engines show it; a long one is cut between words."""
    if len(title) <= LONGEST_HEADLINE:
        return title
    return title[:LONGEST_HEADLINE].rsplit(" ", 1)[0][: LONGEST_HEADLINE - 1].rstrip() + "…"


def _part_of(site: Site) -> Node:
    home = site.links.home()
    return {"@type": "WebSite", "@id": f"{home}#site", "name": site.publication.name, "url": home}


def _page(site: Site, title: str, url: str) -> Node:
    language = site.publication.locale
    return {"@id": url, "name": title, "url": url, "inLanguage": language, "isPartOf": _part_of(site)}


def _image(picture: Illustration) -> Node:
    return {"@type": "ImageObject", "url": picture.url, "caption": picture.alt}


def _told(values: Mapping[str, Any]) -> Node:
    """Without what there is nothing to say about; `False` says something."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
