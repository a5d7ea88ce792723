"""Subscribe: a form, a mail, a button."""

from collections.abc import Sequence

from flask import Blueprint, Response, make_response, request
from sqlalchemy.orm import Session

from newsletter.audience.subscribers import choices
from newsletter.audience.subscribing import confirm_subscription, find_request
from newsletter.publishing.publications import sections_of, the_publication
from newsletter.web.context import house, page
from newsletter.web.site.asking import Answer, Sent, Stage, show_form, take_form
from newsletter.web.site.forms import confirm_wording, speak_as_shown, words

subscribing = Blueprint("subscribing", __name__, template_folder="templates")


@subscribing.route("/subscribe", methods=["GET", "POST"])
def ask() -> Answer | Response:
    """Show the form, or take it."""
    if request.method == "POST":
        return take_form(Stage.SITE)
    wish = Sent(request.args.get("address", ""), sections=tuple(request.args.getlist("section")))
    response = make_response(show_form(Stage.SITE, wish))
    response.headers["Cache-Control"] = "no-store"  # its stamp tells the second
    return response


@subscribing.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> str:
    """Show the button; pressing it confirms. Opening the link alone changes nothing."""
    now = house().now()
    consent_id = house().links.open_confirm(token, now)
    if request.method != "POST":
        with house().database.reading() as session:
            asked, subscriber = find_request(session, consent_id)
            names = _section_names(session, asked.section_ids)
            return page(session, "site/confirm.html", names=names, address=subscriber.address, token=token)
    with house().database.writing() as session:
        speak_as_shown(the_publication(session))
        asked, subscriber = find_request(session, consent_id)
        said = words(confirm_wording(_section_names(session, asked.section_ids)), "confirmation page")
        outcome = confirm_subscription(session, house().bell, consent_id, said, now)
        session.flush()
        return page(
            session,
            "site/confirmed.html",
            outcome=outcome,
            choices=choices(session, subscriber),
            preferences_token=house().links.preferences_token(subscriber.public_id),
        )


def _section_names(session: Session, section_ids: Sequence[int]) -> list[str]:
    sections = sections_of(session, the_publication(session))
    return [section.name for section in sections if section.id in section_ids]
