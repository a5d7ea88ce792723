"""The moderators' desk: what waits, what was reported, what is new, and who must not join in."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.accounts.signing_in import Visitor
from newsletter.discussion import moderation
from newsletter.discussion.bans import bans
from newsletter.discussion.cases import CASES_PER_PAGE, Which, case_of, queue
from newsletter.discussion.comments import Desk, find_comment
from newsletter.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from newsletter.domain.own_paths import own_path
from newsletter.domain.states import Discussing
from newsletter.models import Comment
from newsletter.publishing.publications import change_discussing, the_publication
from newsletter.web.context import house, page, require_visitor
from newsletter.web.site.paging import asked_page

moderating = Blueprint("moderating", __name__, template_folder="templates", url_prefix="/studio")

_NOTHING: Mapping[Which, str] = {
    "held": "Nothing waits. Where first comments are held, they will be listed here.",
    "reported": "Nothing is reported. What readers ask you to look at will be listed here.",
    "newest": "Nobody has written anything yet. Comments will be listed here, the newest first.",
}
_CHOICES = (
    (Discussing.EVERYBODY, "Everybody who is signed in", "Signing in takes an address and one click."),
    (Discussing.SUBSCRIBERS, "Subscribers only", "Others read along."),
    (Discussing.NOBODY, "Nobody", "What is there already stays."),
)
_WITH_REASON = {
    "hide": moderation.hide,
    "show": moderation.show,
    "remove": moderation.remove,
    "pin": moderation.pin,
    "unpin": moderation.unpin,
}
_ON_WRITERS = {"ban": moderation.ban, "unban": moderation.unban}


@moderating.get("/discussion")
def desk() -> str:
    """The comments that wait, were reported, or are new; authors see those below their own posts."""
    which, number = _which(), asked_page()
    with house().database.reading() as session:
        visitor = require_visitor(session, Permission.WRITE)
        only = None if visitor.may(Permission.MODERATE) else visitor.identity.id
        cases = queue(session, the_publication(session).id, which, number, only)
        return page(
            session,
            "studio/moderating.html",
            which=which,
            cases=cases,
            number=number,
            more=len(cases) == CASES_PER_PAGE,
            empty=_NOTHING[which],
            **_common(visitor),
        )


@moderating.get("/discussion/comments/<public_id>")
def case(public_id: str) -> str:
    """One comment, with all that can be done about it."""
    with house().database.reading() as session:
        return _case(session, *_opened(session, public_id), "")


@moderating.post("/discussion/comments/<public_id>")
def act(public_id: str) -> BaseResponse | tuple[str, int]:
    """Do one of these things, and keep why."""
    try:
        with house().database.writing() as session:
            _do(session, *_opened(session, public_id))
    except (BadInput, Conflict) as error:
        with house().database.reading() as session:
            opened = _opened(session, public_id)
            return _case(session, *opened, str(error)), 409 if isinstance(error, Conflict) else 400
    here = url_for("moderating.case", public_id=public_id, done="yes")
    return redirect(own_path(request.form.get("next", ""), here), 303)


@moderating.get("/discussion/banned")
def banned() -> str:
    """Who must not join in, and why."""
    with house().database.reading() as session:
        visitor = require_visitor(session, Permission.MODERATE)
        found = bans(session, the_publication(session).id)
        return page(session, "studio/banned.html", which="banned", bans=found, **_common(visitor))


@moderating.post("/discussion/banned/<public_id>")
def lift(public_id: str) -> BaseResponse:
    """Let somebody join in again."""
    with house().database.writing() as session:
        visitor = require_visitor(session, Permission.MODERATE)
        for each in bans(session, the_publication(session).id):
            if each.identity is not None and each.identity.public_id == public_id:
                moderation.unban(session, house().hasher, each.identity, visitor, _reason(), house().now())
    return redirect(url_for("moderating.banned", done="yes"), 303)


@moderating.route("/discussion/settings", methods=["GET", "POST"])
def settings() -> str | BaseResponse:
    """Who may write below posts, and whether first comments wait."""
    if request.method == "POST":
        with house().database.writing() as session:
            require_visitor(session, Permission.MODERATE)
            holds_first = "holds_first" in request.form
            change_discussing(session, the_publication(session), _chosen(), holds_first=holds_first)
        return redirect(url_for("moderating.settings", done="yes"), 303)
    with house().database.reading() as session:
        visitor = require_visitor(session, Permission.MODERATE)
        return page(session, "studio/discussing.html", which="settings", choices=_CHOICES, **_common(visitor))


def _opened(session: Session, public_id: str) -> tuple[Visitor, Comment]:
    """A comment for somebody who may moderate it. Raises SignInNeeded, NotAllowed or NotFound."""
    visitor = require_visitor(session, Permission.WRITE)
    comment = find_comment(session, public_id)
    if not moderation.may_moderate(visitor, comment.post):
        raise NotAllowed("This comment is below somebody else's post. Its author or an editor can open it.")
    return visitor, comment


def _do(session: Session, visitor: Visitor, comment: Comment) -> None:
    wanted, now, hasher = request.form.get("act", ""), house().now(), house().hasher
    if wanted in _WITH_REASON:
        _WITH_REASON[wanted](session, comment, visitor, _reason(), now)
    elif wanted in _ON_WRITERS:
        _ON_WRITERS[wanted](session, hasher, comment.identity, visitor, _reason(), now)
    elif wanted == "approve":
        moderation.approve(session, Desk(house().bell, hasher), comment, visitor, now)
    elif wanted == "dismiss":
        moderation.dismiss_reports(session, comment, visitor, now)
    else:
        raise BadInput("Please choose what to do with the comment.")


def _case(session: Session, visitor: Visitor, comment: Comment, problem: str) -> str:
    values = {"case": case_of(session, comment), "problem": problem, "reason": _reason()}
    return page(session, "studio/one_case.html", **values, **_common(visitor))


def _common(visitor: Visitor) -> Mapping[str, Any]:
    may_all = visitor.may(Permission.MODERATE)
    return {"may_all": may_all, "done": request.method == "GET" and "done" in request.args}


def _which() -> Which:
    asked = request.args.get("which", "held")
    for each in _NOTHING:
        if each == asked:
            return each
    raise NotFound("There is no such list.")


def _chosen() -> Discussing:
    try:
        return Discussing(request.form.get("discussing", ""))
    except ValueError as error:
        raise BadInput("Please choose who may write below posts.") from error


def _reason() -> str:
    return request.form.get("reason", "")
