"""The archive in its three orders, and searching it."""

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, request

from newsletter.domain.errors import NotFound
from newsletter.domain.queries import parse_query
from newsletter.publishing.archive import Order, Wanted, list_posts, years_of
from newsletter.publishing.publications import section_at, the_publication
from newsletter.publishing.searching import PER_PAGE, search_posts
from newsletter.publishing.versions import COUNTS, SITE
from newsletter.web.context import house, page
from newsletter.web.keeping import keep
from newsletter.web.languages import gettext
from newsletter.web.machines.heads import head_of_list
from newsletter.web.machines.site import Site
from newsletter.web.site.paging import asked_page, this_list

archive = Blueprint("archive", __name__, template_folder="templates")

_LONGEST_SEARCH = 200


@archive.get("/archive")
def all_posts() -> str:
    """All posts: by date, by what readers liked and talked about, or by the latest comment."""
    with house().database.reading() as session:
        keep(session, SITE, COUNTS)
        publication = the_publication(session)
        order = _order()
        section = request.args.get("section", "")
        years = years_of(session, publication.id, publication.time_zone)
        wanted = Wanted(
            publication.id,
            order,
            section_id=section_at(session, publication, section).id if section else None,
            year=_year(request.args.get("year", ""), years),
            time_zone=publication.time_zone,
            page=asked_page(),
        )
        listing = list_posts(session, wanted)
        site = Site(publication, house().links)
        return page(
            session,
            "site/archive.html",
            head=head_of_list(site, gettext("Archive"), this_list(site.links.archive()), listing.page),
            listing=listing,
            order=order,
            orders=_tabs(section, wanted.year),
            years=years,
            chosen_year=wanted.year,
            chosen_section=section,
        )


@archive.get("/search")
def search() -> Response:
    """What holds the words that were typed."""
    typed = request.args.get("q", "")[:_LONGEST_SEARCH].replace("\0", "")
    query = parse_query(typed)
    with house().database.reading() as session:
        publication = the_publication(session)
        number = asked_page()
        hits = search_posts(session, publication, query, number)
        pages = max(1, -(-hits.total // PER_PAGE))
        if number > 1 and not hits.hits:
            raise NotFound("There are not that many results.")
        values = {"typed": typed, "asked": bool(query), "hits": hits, "number": number, "pages": pages}
        response = make_response(page(session, "site/search.html", **values))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _order() -> Order:
    try:
        return Order(request.args.get("sort", Order.LATEST))
    except ValueError as error:
        raise NotFound("The archive can be sorted by latest, top and discussions only.") from error


def _year(written: str, years: Sequence[int]) -> int | None:
    if not written:
        return None
    if written not in {str(each) for each in years}:
        raise NotFound("Nothing was published in that year.")
    return int(written)


def _tabs(section: str, year: int | None) -> dict[Order, dict[str, str]]:
    """For each order what its link carries along, the usual one unnamed."""
    kept = {name: value for name, value in (("section", section), ("year", str(year or ""))) if value}
    return {order: ({"sort": order.value} if order is not Order.LATEST else {}) | kept for order in Order}
