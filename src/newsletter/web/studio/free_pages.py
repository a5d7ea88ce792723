"""Free-standing pages, such as About: the list, the page to write on, and taking one away."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.domain.errors import BadInput, Conflict, NotFound
from newsletter.domain.names import slug_of
from newsletter.models import Page
from newsletter.publishing.free_pages import (
    PageText,
    find_page,
    move_page,
    pages_of,
    refuse_taken,
    remove_page,
    write_page,
)
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house, page, require_visitor

free_pages = Blueprint("free_pages", __name__, template_folder="templates", url_prefix="/studio")

_DIGITS = 3


@dataclass(frozen=True)
class Typed:
    """The form as it was sent, so that nothing typed is ever lost to an error."""

    title: str = ""
    markdown: str = ""
    slug: str = ""
    in_navigation: bool = True
    position: str = ""
    version: int = 0

    def text(self, slug: str) -> PageText:
        """The page as its author wants it; without an address it stays where it is. Raises BadInput."""
        position = self.position.strip() or "0"
        if not position.isdecimal() or len(position) > _DIGITS:
            raise BadInput("The position must be a number from 0 to {last}.", last=10**_DIGITS - 1)
        return PageText(
            self.title, self.markdown, self.slug.strip() or slug, self.in_navigation, int(position)
        )


@free_pages.get("/pages")
def overview() -> str:
    """All pages in their order."""
    with house().database.reading() as session:
        require_visitor(session, Permission.EDIT_ALL)
        return page(session, "studio/pages.html", saved="saved" in request.args)


@free_pages.route("/pages/new", methods=["GET", "POST"])
def new() -> str | BaseResponse | tuple[str, int]:
    """A blank page, which goes behind the others."""
    if request.method != "POST":
        with house().database.reading() as session:
            require_visitor(session, Permission.EDIT_ALL)
            behind = len(pages_of(session, the_publication(session).id))
            return _form(session, "", Typed(position=str(behind)), "")
    return _save("")


@free_pages.route("/pages/<slug>", methods=["GET", "POST"])
def edit(slug: str) -> str | BaseResponse | tuple[str, int]:
    """The page to write on."""
    if request.method != "POST":
        with house().database.reading() as session:
            require_visitor(session, Permission.EDIT_ALL)
            found = find_page(session, the_publication(session).id, slug)
            return _form(session, slug, _as_it_stands(found), "")
    return _save(slug)


@free_pages.post("/pages/<slug>/remove")
def remove(slug: str) -> BaseResponse:
    """Take a page away."""
    with house().database.writing() as session:
        require_visitor(session, Permission.EDIT_ALL)
        remove_page(session, the_publication(session), slug)
    return redirect(url_for("free_pages.overview"), 303)


def _save(slug: str) -> BaseResponse | tuple[str, int]:
    """Keep what was typed under its address, old or new; `slug` is where it stands, or nothing."""
    typed = _typed()
    try:
        with house().database.writing() as session:
            require_visitor(session, Permission.EDIT_ALL)
            publication, wanted = the_publication(session), typed.text(slug)
            if slug:
                move_page(session, publication.id, slug, wanted.slug)
            else:
                refuse_taken(session, publication.id, slug_of(wanted.slug or wanted.title))
            write_page(session, publication, wanted, house().now(), typed.version if slug else None)
    except BadInput as error:
        return _written_badly(slug, typed, str(error)), 400
    except Conflict as error:
        return _written_badly(slug, typed, str(error)), 409
    except NotFound:
        return _written_badly("", typed, "Somebody removed this page meanwhile. Saving makes it again."), 409
    return redirect(url_for("free_pages.overview", saved="yes"), 303)


def _written_badly(slug: str, typed: Typed, problem: str) -> str:
    with house().database.reading() as session:
        return _form(session, slug, typed, problem)


def _as_it_stands(found: Page) -> Typed:
    return Typed(
        found.title, found.markdown, found.slug, found.in_navigation, str(found.position), found.version
    )


def _typed() -> Typed:
    form = request.form
    return Typed(
        form.get("title", ""),
        form.get("markdown", ""),
        form.get("slug", ""),
        "in_navigation" in form,
        form.get("position", ""),
        form.get("version", 0, type=int),
    )


def _form(session: Session, slug: str, typed: Typed, problem: str) -> str:
    return page(
        session, "studio/page.html", slug=slug, typed=typed, problem=problem, site=house().links.home()
    )
