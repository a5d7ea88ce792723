"""Leaving, coming back, and choosing what to get; by signed links, without an account."""

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from newsletter.audience.returning import may_return, why_stopped, write_again
from newsletter.audience.subscribers import choices, section_of_link, subscriber_of_link
from newsletter.audience.subscribing import choose_sections, leave_section, return_to_section
from newsletter.models import Section, Subscriber
from newsletter.publishing.publications import choose_known_sections, sections_of, the_publication
from newsletter.web.context import house, page
from newsletter.web.site.forms import (
    again_wording,
    choice_wording,
    leave_wording,
    return_wording,
    speak_as_shown,
    words,
)

leaving = Blueprint("leaving", __name__, template_folder="templates")

ONE_CLICK = ("List-Unsubscribe", "One-Click")


@leaving.route("/u/<token>", methods=["GET", "POST"])
def leave(token: str) -> str | Response:
    """GET shows one button. POST leaves at once: from that page, or from a mail program (RFC 8058).

    It needs no cookie, no form token and never redirects.
    """
    subscriber_id, section_id = house().links.open_unsubscribe(token, house().now())
    if request.method != "POST":
        with house().database.reading() as session:
            subscriber = subscriber_of_link(session, subscriber_id)
            section = section_of_link(session, section_id)
            return page(session, "site/leave.html", section=section, address=subscriber.address, token=token)
    with house().database.writing() as session:
        speak_as_shown(the_publication(session))
        subscriber = subscriber_of_link(session, subscriber_id)
        section = section_of_link(session, section_id)
        if request.form.get("action") == "return":
            return _come_back(session, subscriber, section, token)
        one_click = request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]
        source = "one-click unsubscribe" if one_click else "unsubscribe page"
        leave_section(session, subscriber, section, words(leave_wording(section), source), house().now())
        if one_click:
            return Response("You are unsubscribed.\n", mimetype="text/plain")
        return _left(session, subscriber, section, token)


@leaving.route("/preferences/<token>", methods=["GET", "POST"])
def preferences(token: str) -> str:
    """Sections on and off, and the way back for those we had stopped writing to."""
    subscriber_id = house().links.open_preferences(token, house().now())
    if request.method != "POST":
        with house().database.reading() as session:
            return _switches(session, subscriber_of_link(session, subscriber_id), token)
    with house().database.writing() as session:
        publication = the_publication(session)
        speak_as_shown(publication)
        subscriber = subscriber_of_link(session, subscriber_id)
        wanted = choose_known_sections(sections_of(session, publication), request.form.getlist("section"))
        wording = choice_wording([section.name for section in wanted])
        ids = [section.id for section in wanted]
        choose_sections(session, subscriber, ids, words(wording, "preferences page"), house().now())
        if request.form.get("action") == "again":
            again = words(again_wording(), "preferences page")
            write_again(session, house().hasher, subscriber, again, house().now())
        session.flush()
        return _switches(session, subscriber, token, saved=wording)


def _come_back(session: Session, subscriber: Subscriber, section: Section, token: str) -> str:
    said = words(return_wording(section), "undo on the unsubscribe page")
    return_to_section(session, subscriber, section, said, house().now())
    session.flush()
    if why_stopped(session, house().hasher, subscriber) is not None:
        return _switches(session, subscriber, house().links.preferences_token(subscriber.public_id))
    return page(session, "site/returned.html", section=section, token=token)


def _left(session: Session, subscriber: Subscriber, section: Section, token: str) -> str:
    session.flush()
    others = [choice.section for choice in choices(session, subscriber) if choice.followed]
    return page(
        session,
        "site/left.html",
        section=section,
        others=others,
        token=token,
        preferences_token=house().links.preferences_token(subscriber.public_id),
    )


def _switches(session: Session, subscriber: Subscriber, token: str, *, saved: str = "") -> str:
    stopped = why_stopped(session, house().hasher, subscriber)
    return page(
        session,
        "site/preferences.html",
        choices=choices(session, subscriber),
        address=subscriber.address,
        token=token,
        saved=saved,
        stopped=stopped,
        may_return=stopped is not None and may_return(stopped),
    )
