"""Liking a post or a comment, and taking it back."""

from flask import Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from newsletter.discussion.likes import like_comment, like_post, unlike_comment, unlike_post
from newsletter.domain.errors import BadInput
from newsletter.domain.own_paths import own_path
from newsletter.models import Comment, Post
from newsletter.web.context import house, require_reader
from newsletter.web.discussion.blueprint import discussion
from newsletter.web.discussion.entering import enter, readable_comment_in
from newsletter.web.languages import count, ngettext


@discussion.post("/p/<slug>/like")
def like(slug: str) -> BaseResponse:
    """Like the post, or no longer."""
    with house().database.writing() as session:
        visitor = require_reader(session)
        talk = enter(session, slug, visitor)
        change = like_post if _wanted() else unlike_post
        change(session, house().hasher, talk.post, visitor, house().now())
        return _answer(talk.post, talk.base, "")


@discussion.post("/p/<slug>/comments/<public_id>/like")
def like_one(slug: str, public_id: str) -> BaseResponse:
    """Like the comment, or no longer."""
    with house().database.writing() as session:
        visitor = require_reader(session)
        talk = enter(session, slug, visitor)
        found = readable_comment_in(session, talk, public_id)
        change = like_comment if _wanted() else unlike_comment
        change(session, house().hasher, found, visitor, house().now())
        return _answer(found, f"{talk.base}/comments/{public_id}", f"#c-{public_id}")


def _wanted() -> bool:
    given = request.form.get("like", "")
    if given not in {"yes", "no"}:
        raise BadInput("The request could not be read. Please go back and try again.")
    return given == "yes"


def _answer(liked: Post | Comment, otherwise: str, anchor: str) -> BaseResponse:
    """Back to the page it came from; to a script, the number there is now."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    if best == "text/html":
        return redirect(own_path(request.form.get("next", ""), otherwise) + anchor, 303)
    return _numbers(liked.likes, is_liked=_wanted())


def _numbers(likes: int, *, is_liked: bool) -> Response:
    said = ngettext("%(num)s like", "%(num)s likes", likes, num=likes)
    return jsonify(likes=likes, liked=is_liked, shown=count(likes), said=said)
