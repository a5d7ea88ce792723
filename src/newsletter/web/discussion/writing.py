"""Writing: a new comment, an answer, a change of words, and taking one's words back."""

from flask import redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.discussion.comments import Desk, delete_comment, edit_comment, may_edit, write_comment
from newsletter.discussion.joining import require_joining
from newsletter.domain.errors import BadInput, NotAllowed
from newsletter.models import Comment
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house, require_reader
from newsletter.web.discussion.blueprint import discussion
from newsletter.web.discussion.entering import enter, readable_comment_in
from newsletter.web.discussion.forms import Typed, Words, about_comment, form_page
from newsletter.web.discussion.talking import Talk
from newsletter.web.languages import gettext, said

Answer = str | BaseResponse | tuple[str, int]


@discussion.post("/p/<slug>/comments")
def write(slug: str) -> Answer:
    """A comment that begins a thread, or with `parent` an answer."""
    return _write(slug, request.form.get("parent", ""))


@discussion.route("/p/<slug>/comments/<public_id>/answer", methods=["GET", "POST"])
def answer(slug: str, public_id: str) -> Answer:
    """The comment, and a form to answer it."""
    return _write(slug, public_id) if request.method == "POST" else _write_form(slug, public_id, Typed())


@discussion.route("/p/<slug>/comments/<public_id>/edit", methods=["GET", "POST"])
def edit(slug: str, public_id: str) -> Answer:
    """Change one's own words, for a while."""
    if request.method != "POST":
        return _edit_form(slug, public_id, Typed())
    text = request.form.get("text", "")
    try:
        with house().database.writing() as session:
            visitor = require_reader(session)
            talk = enter(session, slug, visitor)
            found = readable_comment_in(session, talk, public_id)
            edit_comment(session, found, visitor, text, house().now())
            return _to(talk, found)
    except BadInput as error:
        return _edit_form(slug, public_id, Typed(text, said(error), 400))


@discussion.route("/p/<slug>/comments/<public_id>/delete", methods=["GET", "POST"])
def delete(slug: str, public_id: str) -> Answer:
    """Take one's words back, after being asked once."""
    if request.method == "POST":
        with house().database.writing() as session:
            visitor = require_reader(session)
            talk = enter(session, slug, visitor)
            delete_comment(session, _own(session, talk, public_id), visitor, house().now())
            return redirect(f"{talk.base}#comments", 303)
    with house().database.reading() as session:
        talk = enter(session, slug, require_reader(session))
        found = _own(session, talk, public_id)
        return about_comment(session, "delete", talk, found, Typed())


def _write(slug: str, parent_id: str) -> Answer:
    text = request.form.get("text", "")
    try:
        with house().database.writing() as session:
            visitor = require_reader(session)
            talk = enter(session, slug, visitor)
            parent = readable_comment_in(session, talk, parent_id) if parent_id else None
            desk = Desk(house().bell, house().hasher, house().settings.rate_limits)
            return _to(talk, write_comment(session, desk, talk.post, visitor, text, house().now(), parent))
    except (BadInput, NotAllowed) as error:
        status = 400 if isinstance(error, BadInput) else 403
        return _write_form(slug, parent_id, Typed(text, said(error), status))


def _to(talk: Talk, found: Comment) -> BaseResponse:
    return redirect(f"{talk.base}/comments/{found.public_id}#c-{found.public_id}", 303)


def _own(session: Session, talk: Talk, public_id: str) -> Comment:
    found = readable_comment_in(session, talk, public_id)
    if not talk.is_own(found):
        raise NotAllowed("This comment is somebody else's.")
    return found


def _write_form(slug: str, parent_id: str, typed: Typed) -> tuple[str, int]:
    with house().database.reading() as session:
        talk = enter(session, slug, require_reader(session))
        if not typed.problem:
            require_joining(session, house().hasher, talk.post, the_publication(session), talk.visitor)
        if parent_id:
            found = readable_comment_in(session, talk, parent_id)
            return about_comment(session, "answer", talk, found, typed), typed.status
        words = Words(gettext("Your comment"), gettext("Post the comment"))
        return form_page(session, talk, words, "comments", typed), typed.status


def _edit_form(slug: str, public_id: str, typed: Typed) -> tuple[str, int]:
    with house().database.reading() as session:
        visitor = require_reader(session)
        talk = enter(session, slug, visitor)
        found = _own(session, talk, public_id)
        if not may_edit(found, visitor, house().now()):
            raise NotAllowed("This comment can no longer be changed. You can delete it, or answer it.")
        shown = typed if typed.problem else Typed(found.markdown)
        words = Words(gettext("Change your comment"), gettext("Save"))
        return form_page(session, talk, words, f"comments/{public_id}/edit", shown), typed.status
