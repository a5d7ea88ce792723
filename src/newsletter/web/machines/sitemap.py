"""A map of the site for search engines: every address they may show."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from flask import Response
from sqlalchemy.orm import Session

from newsletter.domain.errors import NotFound
from newsletter.publishing.archive import all_addresses, authors_of
from newsletter.publishing.free_pages import pages_of
from newsletter.publishing.publications import sections_of, the_publication
from newsletter.publishing.versions import SITE
from newsletter.web.context import house
from newsletter.web.keeping import keep
from newsletter.web.machines.blueprint import machines
from newsletter.web.machines.site import Site, timestamp
from newsletter.web.machines.xml_answers import xml_answer

PER_FILE = 25_000
"""Half of what a map may hold: even the longest addresses then stay below its 50 MB."""

_MOST = 500_000


class Place(NamedTuple):
    """One address, and when what is there changed last, where that is known."""

    url: str
    changed_at: datetime | None = None


@machines.get("/sitemap.xml")
def sitemap() -> Response:
    """The map, or the list of its sheets when one is not enough."""
    with house().database.reading() as session:
        keep(session, SITE)
        site = Site(the_publication(session), house().links)
        places = list(_places(session, site))
    if len(places) <= PER_FILE:
        return _sheet(places)
    sheets = range(1, -(-len(places) // PER_FILE) + 1)
    urls = [site.links.file(f"/sitemap-{number}.xml") for number in sheets]
    return xml_answer("machines/sitemap_index.xml", "application/xml", urls=urls)


@machines.get("/sitemap-<int:number>.xml")
def sheet(number: int) -> Response:
    """One sheet of a large map."""
    with house().database.reading() as session:
        keep(session, SITE)
        places = list(_places(session, Site(the_publication(session), house().links)))
    found = places[(number - 1) * PER_FILE : number * PER_FILE] if number else []
    if not found:
        raise NotFound("The map of this site has no such sheet.")
    return _sheet(found)


def _sheet(places: Sequence[Place]) -> Response:
    return xml_answer("machines/sitemap.xml", "application/xml", places=places, timestamp=timestamp)


def _places(session: Session, site: Site) -> Iterator[Place]:
    links, here = site.links, site.publication.id
    posts = all_addresses(session, here, _MOST)
    newest = max((changed_at for _slug, changed_at in posts), default=None)
    yield from chain(
        (Place(links.home(), newest), Place(links.archive(), newest)),
        (Place(links.section(each.slug)) for each in sections_of(session, site.publication)),
        (Place(links.author(each.slug)) for each in authors_of(session, here) if each.slug),
        (Place(links.page(each.slug), each.updated_at) for each in pages_of(session, here)),
        (Place(links.post(slug), changed_at) for slug, changed_at in posts),
    )
