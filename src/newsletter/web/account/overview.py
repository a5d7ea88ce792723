"""The account page, and how each of its forms is answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.moving import open_change
from newsletter.accounts.profiles import load_picture
from newsletter.accounts.sessions import sessions_of
from newsletter.accounts.signing_in import Visitor
from newsletter.audience.belonging import subscriber_of
from newsletter.audience.pausing import is_paused
from newsletter.audience.returning import may_return, why_stopped
from newsletter.audience.subscribers import Choice, choices
from newsletter.domain.errors import BadInput, BadLink, TooMany
from newsletter.domain.states import SubscriberState
from newsletter.models import Subscriber
from newsletter.publishing.publications import sections_of, the_publication
from newsletter.web.account.blueprint import account
from newsletter.web.context import house, page, require_reader
from newsletter.web.languages import said

PARTS = ("name", "picture", "sections", "pause", "rhythm", "discussion", "address", "browsers")

Answer = str | BaseResponse | tuple[str, int]


@dataclass(frozen=True)
class Problem:
    """Why a form was not taken, and what was typed into it."""

    part: str = ""
    sentence: str = ""
    typed: str = ""


@account.get("/account")
def overview() -> str:
    """Everything a reader decides about themselves."""
    with house().database.reading() as session:
        return _show(session, require_reader(session))


def change(part: str, what: Callable[[Session, Visitor], None], typed: str = "") -> Answer:
    """Do what a form of the page asks for, and show the page again; with a problem when it cannot be done."""
    try:
        with house().database.writing() as session:
            what(session, require_reader(session))
    except BadLink:
        raise
    except BadInput as error:
        return refuse(part, error, typed)
    return saved(part)


def saved(part: str) -> BaseResponse:
    """Back to that part of the page, which says that it was saved."""
    return redirect(url_for("account.overview", saved=part, _anchor=part), 303)


def refuse(part: str, error: BadInput, typed: str = "") -> Answer:
    """The page again, with a sentence in that part."""
    problem = Problem(part, said(error), typed[:1000])
    with house().database.reading() as session:
        return _show(session, require_reader(session), problem), 429 if isinstance(error, TooMany) else 400


def _show(session: Session, visitor: Visitor, problem: Problem = Problem()) -> str:
    identity, now = visitor.identity, house().now()
    load_picture(session, identity)
    subscriber = subscriber_of(session, identity)
    is_active = subscriber is not None and subscriber.state is SubscriberState.ACTIVE
    stopped = why_stopped(session, house().hasher, subscriber) if subscriber is not None else None
    return page(
        session,
        "account/account.html",
        identity=identity,
        subscriber=subscriber if is_active else None,
        suggested=identity.name or (subscriber.name if subscriber is not None else ""),
        is_paused=subscriber is not None and is_paused(subscriber, now),
        stopped=stopped,
        may_return=stopped is not None and may_return(stopped),
        choices=_choices(session, subscriber),
        browsers=sessions_of(session, visitor, now),
        this_session=visitor.session_id,
        moving=open_change(session, identity, now),
        saved=request.args.get("saved", "") if request.args.get("saved") in PARTS else "",
        problem=problem,
    )


def _choices(session: Session, subscriber: Subscriber | None) -> Sequence[Choice]:
    if subscriber is not None:
        return choices(session, subscriber)
    return [Choice(section, followed=False) for section in sections_of(session, the_publication(session))]
