"""Subscribe: a form, a mail, a button."""

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.audience.subscribers import choices
from newsletter.audience.subscribing import (
    Request,
    Words,
    ask_to_subscribe,
    confirm_subscription,
    find_request,
)
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput
from newsletter.domain.names import one_line
from newsletter.models import Publication, Section
from newsletter.publishing.publications import choose_known_sections, sections_of, the_publication
from newsletter.web.context import client_address, house, page

subscribing = Blueprint("subscribing", __name__, template_folder="templates")


CONFIRM_WORDING = "Yes, send me new posts from {sections}."
SOURCES = frozenset({"subscribe page", "home page", "section page", "end of a post"})
MAX_NAME = 200


@subscribing.app_template_global("form_wording")
def form_wording(publication: Publication, section: Section | None = None, *, choosing: bool = False) -> str:
    """What one agrees to by sending a subscribe form; shown beside its button and kept as consent."""
    what = f"of {publication.name}"
    if choosing:
        what = f"from the sections of {publication.name} I chose"
    elif section is not None:
        what = f"from {section.name} of {publication.name}"
    return f"Send me new posts {what}. I can leave with one click."


@subscribing.route("/subscribe", methods=["GET", "POST"])
def ask() -> str | tuple[str, int]:
    """Show the form, or take it. The answer is the same whether we know the address or not."""
    if request.method != "POST":
        with house().database.reading() as session:
            return _form(session, chosen=request.args.getlist("section"))
    try:
        return _take_form()
    except BadInput as error:
        with house().database.reading() as session:
            return _form(session, chosen=request.form.getlist("section"), problem=str(error)), 400


@subscribing.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> str | BaseResponse:
    """Show the button; pressing it confirms. Opening the link alone changes nothing."""
    now = house().now()
    consent_id = house().links.open_confirm(token, now)
    if request.method != "POST":
        with house().database.reading() as session:
            asked, subscriber = find_request(session, consent_id)
            names = _section_names(session, asked.section_ids)
            wording = CONFIRM_WORDING.format(sections=", ".join(names))
            return page(
                session, "site/confirm.html", wording=wording, address=subscriber.address, token=token
            )
    with house().database.writing() as session:
        asked, subscriber = find_request(session, consent_id)
        wording = CONFIRM_WORDING.format(sections=", ".join(_section_names(session, asked.section_ids)))
        words = Words(wording, "confirmation page", client_address())
        outcome = confirm_subscription(session, house().bell, consent_id, words, now)
        session.flush()
        return page(
            session,
            "site/confirmed.html",
            outcome=outcome,
            choices=choices(session, subscriber),
            preferences_token=house().links.preferences_token(subscriber.public_id),
        )


def _take_form() -> str:
    if request.form.get("website"):  # a field people cannot see: only programs fill it in
        with house().database.reading() as session:
            return page(session, "site/check_inbox.html", address=request.form.get("address", "")[:254])
    address = parse_address(request.form.get("address", "")[:1000])
    name = one_line(request.form.get("name", ""))
    if len(name) > MAX_NAME:
        raise BadInput(f"The name is too long: {MAX_NAME} characters are the limit.")
    now = house().now()
    with house().database.writing() as session:
        publication = the_publication(session)
        sections = _chosen_sections(session, publication, request.form.getlist("section"))
        source = request.form.get("source", "")
        only = sections[0] if len(request.form.getlist("section")) == 1 else None
        wording = form_wording(publication, only, choosing="choose" in request.form)
        words = Words(wording, source if source in SOURCES else "another page", client_address())
        wish = Request(address, name, [section.id for section in sections], words)
        ask_to_subscribe(session, house().bell, house().hasher, publication.id, wish, now)
        return page(session, "site/check_inbox.html", address=address.wire)


def _form(session: Session, *, chosen: list[str], problem: str = "") -> str:
    values = {
        "chosen": chosen,
        "problem": problem,
        "address": request.form.get("address", request.args.get("address", ""))[:254],
        "name": request.form.get("name", "")[:MAX_NAME],
    }
    return page(session, "site/subscribe.html", **values)


def _chosen_sections(session: Session, publication: Publication, slugs: list[str]) -> list[Section]:
    known = sections_of(session, publication)
    chosen = list(choose_known_sections(known, slugs))
    if not chosen and "choose" in request.form:
        raise BadInput("Please choose at least one section.")
    return chosen or list(known)


def _section_names(session: Session, section_ids: list[int]) -> list[str]:
    sections = sections_of(session, the_publication(session))
    return [section.name for section in sections if section.id in section_ids]
