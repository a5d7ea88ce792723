"""Asking the moderators to look at a comment."""

from flask import redirect, request
from werkzeug.wrappers import Response as BaseResponse

from newsletter.discussion.reporting import report_comment
from newsletter.domain.errors import BadInput
from newsletter.web.context import house, require_reader
from newsletter.web.discussion.blueprint import discussion
from newsletter.web.discussion.entering import enter, readable_comment_in
from newsletter.web.discussion.forms import Typed, about_comment
from newsletter.web.languages import said


@discussion.route("/p/<slug>/comments/<public_id>/report", methods=["GET", "POST"])
def report(slug: str, public_id: str) -> str | BaseResponse | tuple[str, int]:
    """Say that something is wrong with a comment, and what."""
    if request.method != "POST":
        return _form(slug, public_id, Typed())
    reason = request.form.get("reason", "")
    try:
        with house().database.writing() as session:
            visitor = require_reader(session)
            talk = enter(session, slug, visitor)
            found = readable_comment_in(session, talk, public_id)
            report_comment(session, found, visitor, reason, house().now())
            return redirect(f"{talk.base}/comments/{public_id}?reported=yes", 303)
    except BadInput as error:
        return _form(slug, public_id, Typed(reason, said(error), 400))


def _form(slug: str, public_id: str, typed: Typed) -> tuple[str, int]:
    with house().database.reading() as session:
        talk = enter(session, slug, require_reader(session))
        found = readable_comment_in(session, talk, public_id)
        return about_comment(session, "report", talk, found, typed), typed.status
