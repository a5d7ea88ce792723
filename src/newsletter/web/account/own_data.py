"""What we hold of somebody: to take along, or to be forgotten."""

import json

from flask import Response, g, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from newsletter.privacy.erasing import erase_person
from newsletter.privacy.exporting import what_we_hold
from newsletter.publishing.publications import the_publication
from newsletter.web.account.blueprint import account
from newsletter.web.account.profile import remove_files
from newsletter.web.context import SESSION_COOKIE, house, page, require_reader
from newsletter.web.languages import gettext
from newsletter.web.site.forms import speak_as_shown, words


@account.get("/account/export")
def export() -> Response:
    """Everything, as a file."""
    with house().database.reading() as session:
        held = what_we_hold(session, require_reader(session).identity)
    response = Response(json.dumps(held, ensure_ascii=False, indent=2), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="account.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@account.route("/account/delete", methods=["GET", "POST"])
def erase() -> str | BaseResponse:
    """GET says what will go and what stays; POST does it, for good."""
    if request.method != "POST":
        with house().database.reading() as session:
            return page(session, "account/delete.html", identity=require_reader(session).identity)
    with house().database.writing() as session:
        identity = require_reader(session).identity
        speak_as_shown(the_publication(session))
        said = words(gettext("Delete my account, and everything that tells who I am."), "account page")
        files = erase_person(session, identity, said, house().now())
    remove_files(files)
    g.visitor = None
    with house().database.reading() as session:
        response = make_response(page(session, "account/deleted.html"))
    response.delete_cookie(SESSION_COOKIE)
    return response
