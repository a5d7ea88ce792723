"""Taking a subscribe form: the same on our own page and in a frame on another site."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from flask import request
from sqlalchemy.orm import Session

from newsletter.audience.disposable import is_disposable
from newsletter.audience.restraint import MAIL_AGAIN_AFTER, refuse_crowds
from newsletter.audience.subscribing import Request, ask_to_subscribe
from newsletter.domain.addresses import MAX_ADDRESS, Address, parse_address
from newsletter.domain.errors import BadInput, TooMany
from newsletter.domain.names import one_line
from newsletter.domain.stamps import read_stamp
from newsletter.models import Publication, Section
from newsletter.publishing.publications import choose_known_sections, sections_of, the_publication
from newsletter.web.context import house, page
from newsletter.web.languages import gettext, said
from newsletter.web.site.forms import SOURCES, form_stamp, form_wording, speak_as_shown, words

MAX_NAME = 200

Answer = tuple[str, int]


class Stage(Enum):
    """Where a form stands: the route that takes it, the page it is on, and the page that answers it."""

    SITE = ("subscribing.ask", "site/subscribe.html", "site/check_inbox.html")
    FRAME = ("embedding.embed", "site/embed.html", "site/embed_inbox.html")

    def __init__(self, route: str, form: str, inbox: str) -> None:
        self.route = route
        self.form = form
        self.inbox = inbox


@dataclass(frozen=True)
class Sent:
    """A subscribe form as it was sent."""

    address: str = ""
    name: str = ""
    sections: tuple[str, ...] = ()
    source: str = ""
    choosing: bool = False
    anyway: bool = False
    """They know that the address will not last."""


def take_form(stage: Stage) -> Answer:
    """Answer a subscribe form; in the same way whether we know the address or not."""
    with house().database.reading() as session:
        speak_as_shown(the_publication(session))
    sent = read_form()
    if request.form.get("website"):  # a field people cannot see: only programs fill it in
        return show_inbox(stage, sent)
    try:
        return _take(stage, sent)
    except BadInput as error:
        status = 429 if isinstance(error, TooMany) else 400
        return show_form(stage, sent, problem=said(error)), status


def read_form() -> Sent:
    """What was sent with this request."""
    form = request.form
    return Sent(
        form.get("address", "")[:1000],
        form.get("name", ""),
        tuple(form.getlist("section")),
        form.get("source", ""),
        "choose" in form,
        "anyway" in form,
    )


def show_form(stage: Stage, sent: Sent, **values: object) -> str:
    """The form, filled in as it was typed."""
    with house().database.reading() as session:
        known = sections_of(session, the_publication(session))
        chosen = [section for section in known if section.slug in sent.sections]
        return page(
            session,
            stage.form,
            route=stage.route,
            address=sent.address[:MAX_ADDRESS],
            name=sent.name[:MAX_NAME],
            chosen=chosen,
            nothing_chosen=sent.choosing and not sent.sections,
            **values,
        )


def show_inbox(stage: Stage, sent: Sent, *, stamp: str = "", note: str = "") -> Answer:
    """Where to look now, and a way to ask again."""
    with house().database.reading() as session:
        publication = the_publication(session)
        return page(
            session,
            stage.inbox,
            route=stage.route,
            sent=sent,
            only=_only(sections_of(session, publication), sent),
            stamp=stamp or form_stamp(exact=True),
            note=note,
        ), 200


def _take(stage: Stage, sent: Sent) -> Answer:
    address = parse_address(sent.address)
    if len(one_line(sent.name)) > MAX_NAME:
        raise BadInput("The name is too long: {limit} characters are the limit.", limit=MAX_NAME)
    sent, now = replace(sent, address=address.wire), house().now()
    given, is_repeated = request.form.get("stamp", ""), "again" in request.form
    stamp = read_stamp(house().keyring, given, now)
    if stamp is not None and is_repeated and now - stamp.at < MAIL_AGAIN_AFTER:
        note = gettext("Just a moment: please wait a minute before you press again.")
        return show_inbox(stage, sent, stamp=given, note=note)
    if stamp is None or stamp.is_younger_than(timedelta(seconds=house().settings.form_seconds), now):
        return show_form(stage, sent, note=gettext("Please press Subscribe once more.")), 200
    if _needs_a_warning(sent, address):
        return show_form(stage, sent, warning=address.domain), 200
    _ask(sent, address)
    return show_inbox(stage, sent, note=gettext("We sent it again.") if is_repeated else "")


def _needs_a_warning(sent: Sent, address: Address) -> bool:
    policy = house().settings.disposable_addresses
    if policy == "allow" or not is_disposable(address):
        return False
    if policy == "refuse":
        raise BadInput(
            "Mailboxes at {domain} are thrown away after a while. Please give an address that lasts.",
            domain=address.domain,
        )
    return not sent.anyway


def _ask(sent: Sent, address: Address) -> None:
    now = house().now()
    with house().database.writing() as session:
        publication = the_publication(session)
        refuse_crowds(session, publication.id, address, house().settings.confirmations_per_domain, now)
        sections = _wanted(session, publication, sent)
        wording = form_wording(publication, _only(sections, sent), choosing=sent.choosing)
        source = sent.source if sent.source in SOURCES else "another page"
        wish = Request(
            address, one_line(sent.name), [section.id for section in sections], words(wording, source)
        )
        ask_to_subscribe(session, house().bell, house().hasher, publication.id, wish, now)


def _wanted(session: Session, publication: Publication, sent: Sent) -> Sequence[Section]:
    known = sections_of(session, publication)
    chosen = choose_known_sections(known, sent.sections)
    if not chosen and sent.choosing:
        raise BadInput("Please choose at least one section.")
    return chosen or known


def _only(sections: Sequence[Section], sent: Sent) -> Section | None:
    """The one section that a form is about, if it is about one."""
    named = [section for section in sections if section.slug in sent.sections]
    return named[0] if len(sent.sections) == 1 and named else None
