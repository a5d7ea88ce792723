"""Signing in to the studio by a mailed link."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.accounts.signing_in import SIGNED_IN_FOR, ask_to_sign_in, sign_in, sign_out
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput
from newsletter.publishing.publications import the_publication
from newsletter.web.context import SESSION_COOKIE, house, page, require_visitor
from newsletter.web.security import cookie_is_secure

signing_in = Blueprint("signing_in", __name__, template_folder="templates", url_prefix="/studio")


@signing_in.route("/sign-in", methods=["GET", "POST"])
def ask() -> str | tuple[str, int]:
    """Ask for a link. The answer is the same whether there is such an account or not."""
    if request.method != "POST":
        with house().database.reading() as session:
            return page(session, "studio/sign_in.html", problem="", address="")
    typed = request.form.get("address", "")[:1000]
    try:
        address = parse_address(typed)
    except BadInput as error:
        with house().database.reading() as session:
            return page(session, "studio/sign_in.html", problem=str(error), address=typed[:254]), 400
    with house().database.writing() as session:
        publication = the_publication(session)
        ask_to_sign_in(session, house().bell, publication.id, address, house().now())
        return page(session, "studio/link_sent.html", address=address.wire)


@signing_in.route("/sign-in/<token>", methods=["GET", "POST"])
def act(token: str) -> str | BaseResponse:
    """GET shows a button; only pressing it uses the link up, so mail scanners cannot."""
    now = house().now()
    sign_in_id = house().links.open_sign_in(token, now)
    if request.method != "POST":
        with house().database.reading() as session:
            return page(session, "studio/press.html", token=token)
    with house().database.writing() as session:
        secret = sign_in(session, sign_in_id, now)
    response = redirect(url_for("posts.overview"))
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=SIGNED_IN_FOR,
        secure=cookie_is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


@signing_in.post("/sign-out")
def leave() -> BaseResponse:
    """End the session."""
    with house().database.writing() as session:
        sign_out(session, require_visitor(session, Permission.WRITE), house().now())
    response = redirect(url_for("pages.home"))
    response.delete_cookie(SESSION_COOKIE)
    return response
