"""No more mail about a thread, or about any discussion: by signed links, without an account."""

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from newsletter.discussion.mailed_links import identity_of_link, thread_of_link
from newsletter.discussion.telling import mute, mute_all, unmute, unmute_all
from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house, page
from newsletter.web.site.forms import speak_as_shown
from newsletter.web.site.leaving import ONE_CLICK

muting = Blueprint("muting", __name__, template_folder="templates")


@muting.route("/mute/<token>", methods=["GET", "POST"])
def stop(token: str) -> str | Response:
    """GET shows one button. POST ends the mail at once: from that page, or from a mail program (RFC 8058).

    It needs no cookie, no form token and never redirects.
    """
    identity_id, thread_id = house().links.open_mute(token, house().now())
    if request.method != "POST":
        with house().database.reading() as session:
            identity = identity_of_link(session, identity_id)
            return _show(session, "mute", identity, thread_of_link(session, thread_id), token)
    with house().database.writing() as session:
        speak_as_shown(the_publication(session))
        identity = identity_of_link(session, identity_id)
        thread = thread_of_link(session, thread_id)
        if request.form.get("action") == "return":
            _begin_again(session, identity, thread)
            return _show(session, "unmuted", identity, thread, token)
        _end(session, identity, thread)
        if request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]:
            return Response("You get no more of this mail.\n", mimetype="text/plain")
        return _show(session, "muted", identity, thread, token)


def _end(session: Session, identity: Identity, thread: Comment | None) -> None:
    if thread is None:
        mute_all(session, identity)
    else:
        mute(session, identity, thread, house().now())


def _begin_again(session: Session, identity: Identity, thread: Comment | None) -> None:
    if thread is None:
        unmute_all(session, identity)
    else:
        unmute(session, identity, thread)


def _show(session: Session, name: str, identity: Identity, thread: Comment | None, token: str) -> str:
    links = house().links
    is_there = thread is not None and thread.state is CommentState.VISIBLE
    return page(
        session,
        f"discussion/{name}.html",
        thread=thread,
        thread_url=links.comment(thread.post.slug, thread.public_id) if thread and is_there else "",
        all_token=links.mute(identity.public_id).rpartition("/")[2],
        identity=identity,
        token=token,
    )
