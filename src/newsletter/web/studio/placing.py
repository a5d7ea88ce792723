"""How a post stands on the site: its address, who may read it and write below it, its cover."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.domain.errors import BadInput, Conflict, NotFound
from newsletter.domain.pictures import PictureAddress
from newsletter.domain.states import Discussing, PostAccess
from newsletter.media.pictures import address_of, find_picture, pictures_of
from newsletter.models import Picture, Post
from newsletter.publishing.placing import Placement, describe_cover, place_post, placement
from newsletter.web.context import house, page, require_visitor
from newsletter.web.studio.access import open_post
from newsletter.web.studio.pictures import keep_upload, uploads

placing = Blueprint("placing", __name__, template_folder="templates", url_prefix="/studio")

_TO_CHOOSE_FROM = 24
_ACCESS = (
    (PostAccess.PUBLIC, "Everybody", ""),
    (PostAccess.SUBSCRIBERS, "Subscribers only", "Others read the beginning."),
    (PostAccess.UNLISTED, "Unlisted", "Only those who have the address find it."),
    (PostAccess.EMAIL_ONLY, "Only by email", "It has no page of its own on the site."),
)
_DISCUSSING = (
    ("", "As everywhere else", "The setting of the publication."),
    (Discussing.EVERYBODY, "Everybody who is signed in", ""),
    (Discussing.SUBSCRIBERS, "Subscribers only", ""),
    (Discussing.NOBODY, "Nobody", "What is there already stays."),
)


@dataclass(frozen=True)
class Typed:
    """The form as it was sent, so that nothing typed is ever lost to an error."""

    slug: str
    access: str
    featured: bool
    cover: str
    alt: str
    discussing: str = ""


@placing.route("/posts/<public_id>/settings", methods=["GET", "POST"])
def settings(public_id: str) -> str | BaseResponse | tuple[str, int]:
    """The settings of a post that are not its words."""
    with house().database.reading() as session:
        post = open_post(session, public_id, Permission.WRITE)
        if request.method != "POST":
            return _form(session, post, _as_it_stands(post), "")
        by = require_visitor(session, Permission.WRITE).identity
    typed = _typed()
    try:
        for file in uploads("picture"):  # kept first and for itself: whatever else is wrong, it is not lost
            typed = replace(typed, cover=keep_upload(file, by))
        _place(public_id, typed)
    except (BadInput, Conflict) as error:
        with house().database.reading() as session:
            post = open_post(session, public_id, Permission.WRITE)
            return _form(session, post, typed, str(error)), 409 if isinstance(error, Conflict) else 400
    return redirect(url_for("placing.settings", public_id=public_id, saved="yes"), 303)


def _place(public_id: str, typed: Typed) -> None:
    with house().database.writing() as session:
        post = open_post(session, public_id, Permission.WRITE)
        shown = _as_it_stands(post)
        place_post(session, post, _wanted(typed))
        if typed.alt != shown.alt:  # words left as they were belong to the cover that was there before
            describe_cover(session, post, typed.alt)


def _wanted(typed: Typed) -> Placement:
    if not typed.slug.strip():
        raise BadInput("The post needs an address, such as: a-letter.")
    if typed.access not in set(PostAccess):
        raise BadInput("Please choose who may read the post.")
    if typed.discussing not in {"", *Discussing}:
        raise BadInput("Please choose who may write below the post.")
    discussing = Discussing(typed.discussing) if typed.discussing else None
    return Placement(typed.slug, PostAccess(typed.access), typed.featured, typed.cover, discussing)


def _as_it_stands(post: Post) -> Typed:
    now = placement(post)
    alt = post.cover.alt if post.cover else ""
    return Typed(now.slug, now.access, now.featured, now.cover, alt, now.discussing or "")


def _typed() -> Typed:
    form = request.form
    return Typed(
        form.get("slug", ""),
        form.get("access", ""),
        "featured" in form,
        form.get("cover", "").replace("\0", ""),
        form.get("alt", ""),
        form.get("discussing", ""),
    )


def _form(session: Session, post: Post, typed: Typed, problem: str) -> str:
    return page(
        session,
        "studio/settings.html",
        post=post,
        typed=typed,
        problem=problem,
        saved=not problem and "saved" in request.args,
        access=_ACCESS,
        discussing=_DISCUSSING,
        site=house().links.post(""),
        covers=_covers(session, post, typed.cover),
    )


def _covers(session: Session, post: Post, chosen: str) -> Sequence[tuple[Picture, PictureAddress]]:
    """The newest pictures, and before them the chosen one if it is older."""
    newest = list(pictures_of(session, post.publication_id, _TO_CHOOSE_FROM))
    if chosen and chosen not in {each.public_id for each in newest}:
        with suppress(NotFound):  # of which the form tells already
            newest.insert(0, find_picture(session, post.publication_id, chosen))
    return [(each, address_of(each)) for each in newest]
