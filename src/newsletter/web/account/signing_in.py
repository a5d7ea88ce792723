"""Signing in by a mailed link, for readers and authors alike."""

import secrets

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.signing_in import (
    SIGNED_IN_FOR,
    Asked,
    Visitor,
    ask_to_sign_in,
    asked_here,
    require_its_address,
    sign_in,
    sign_out,
    visitor_of,
)
from newsletter.audience.belonging import reach_of
from newsletter.domain.addresses import MAX_ADDRESS, Address, parse_address
from newsletter.domain.browsers import browser_in_words
from newsletter.domain.errors import BadInput, BadLink
from newsletter.domain.links import SIGN_IN_WITHIN
from newsletter.domain.own_paths import own_path
from newsletter.publishing.publications import the_publication
from newsletter.web.context import SESSION_COOKIE, current_visitor, house, page, require_reader
from newsletter.web.languages import said
from newsletter.web.security import cookie_is_secure

signing_in = Blueprint("signing_in", __name__, template_folder="templates")

ASKED_COOKIE = "newsletter_asked"

Answer = str | BaseResponse | tuple[str, int]


@signing_in.route("/sign-in", methods=["GET", "POST"])
def ask() -> Answer:
    """Ask for a link. The answer is the same whether we know the address or not."""
    if request.method != "POST":
        leads_to = own_path(request.args.get("next", ""))
        with house().database.reading() as session:
            if current_visitor(session) is not None:
                return redirect(leads_to or url_for("account.overview"))
            return page(session, "account/sign_in.html", problem="", address="", leads_to=leads_to)
    typed, leads_to = request.form.get("address", "")[:1000], own_path(request.form.get("next", ""))
    try:
        return _mail_link(parse_address(typed), leads_to)
    except BadInput as error:
        with house().database.reading() as session:
            shown = {"problem": said(error), "address": typed[:MAX_ADDRESS], "leads_to": leads_to}
            return page(session, "account/sign_in.html", **shown), 400


@signing_in.get("/studio/sign-in")
def studio() -> BaseResponse:
    """Where authors once signed in."""
    return redirect(url_for("signing_in.ask", next="/studio/"))


@signing_in.route("/sign-in/<token>", methods=["GET", "POST"])
def act(token: str) -> Answer:
    """GET shows a button; only pressing it uses the link up, so mail scanners cannot."""
    sign_in_id = house().links.open_sign_in(token, house().now())
    if request.method != "POST":
        return _button(sign_in_id, token)
    typed = request.form.get("address", "")[:1000]
    try:
        return _open_session(sign_in_id, typed)
    except BadLink:
        raise
    except BadInput as error:
        return _button(sign_in_id, token, typed=typed, problem=said(error)), 400


@signing_in.post("/sign-out")
def leave() -> BaseResponse:
    """End the session."""
    with house().database.writing() as session:
        sign_out(session, require_reader(session), house().now())
    response = redirect(url_for("pages.home"), 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _mail_link(address: Address, leads_to: str) -> BaseResponse:
    asker = request.cookies.get(ASKED_COOKIE, "") or secrets.token_urlsafe(32)
    with house().database.writing() as session:
        publication = the_publication(session)
        reach = reach_of(session, house().hasher, publication.id, address)
        asked = Asked(
            asker,
            leads_to,
            reach.is_reader,
            reach.must_not_be_mailed,
            house().settings.confirmations_per_domain,
        )
        ask_to_sign_in(session, house().bell, publication.id, address, asked, house().now())
        response = make_response(page(session, "account/link_sent.html", address=address.wire))
    _set_cookie(response, ASKED_COOKIE, asker, int(SIGN_IN_WITHIN.total_seconds()))
    return response


def _button(sign_in_id: str, token: str, *, typed: str = "", problem: str = "") -> str:
    with house().database.reading() as session:
        is_here = asked_here(session, sign_in_id, request.cookies.get(ASKED_COOKIE, ""))
        template = "account/press.html" if is_here else "account/elsewhere.html"
        return page(session, template, token=token, typed=typed[:MAX_ADDRESS], problem=problem)


def _open_session(sign_in_id: str, typed: str) -> BaseResponse:
    now = house().now()
    with house().database.writing() as session:
        if not asked_here(session, sign_in_id, request.cookies.get(ASKED_COOKIE, "")):
            require_its_address(session, sign_in_id, parse_address(typed))
        before = current_visitor(session)
        signed_in = sign_in(session, sign_in_id, now, browser_in_words(request.user_agent.string))
        if before is not None:  # whoever may have known the old secret has nothing of the new one
            sign_out(session, before, now)
        leads_to = signed_in.leads_to or _home_of(visitor_of(session, signed_in.secret, now))
    response = redirect(leads_to, 303)
    _set_cookie(response, SESSION_COOKIE, signed_in.secret, int(SIGNED_IN_FOR.total_seconds()))
    response.delete_cookie(ASKED_COOKIE)
    return response


def _home_of(visitor: Visitor | None) -> str:
    has_role = visitor is not None and visitor.roles
    return url_for("posts.overview") if has_role else url_for("account.overview")


def _set_cookie(response: BaseResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, secure=cookie_is_secure(), httponly=True, samesite="Lax"
    )
