"""Which letters come, how many at once, and when none."""

from datetime import timedelta

from flask import request
from sqlalchemy.orm import Session

from newsletter.accounts.profiles import hear_of_comments
from newsletter.accounts.signing_in import Visitor
from newsletter.audience import pausing
from newsletter.audience.belonging import subscriber_for, subscriber_of
from newsletter.audience.returning import write_again
from newsletter.audience.subscribing import choose_sections
from newsletter.domain.errors import BadInput
from newsletter.domain.states import Rhythm, SubscriberState
from newsletter.models import Subscriber
from newsletter.publishing.publications import choose_known_sections, sections_of, the_publication
from newsletter.web.account.blueprint import account
from newsletter.web.account.overview import Answer, change
from newsletter.web.context import house
from newsletter.web.languages import day, gettext
from newsletter.web.site.forms import again_wording, choice_wording, speak_as_shown, words

SOURCE = "account page"
A_MONTH = timedelta(days=30)


@account.post("/account/sections")
def sections() -> Answer:
    """Follow exactly these sections."""
    return change("sections", _choose)


@account.post("/account/pause")
def pause() -> Answer:
    """No letters for a month, or letters again."""
    return change("pause", _go_on if request.form.get("action") == "go on" else _pause)


@account.post("/account/rhythm")
def rhythm() -> Answer:
    """Each letter by itself, or several together."""
    return change("rhythm", _choose_rhythm)


@account.post("/account/discussion")
def discussion() -> Answer:
    """Whether mail comes about what others write."""

    def note(_session: Session, visitor: Visitor) -> None:
        hear_of_comments(visitor.identity, wanted="hears" in request.form)

    return change("discussion", note)


def _choose(session: Session, visitor: Visitor) -> None:
    publication, now = the_publication(session), house().now()
    speak_as_shown(publication)
    wanted = choose_known_sections(sections_of(session, publication), request.form.getlist("section"))
    subscriber = subscriber_of(session, visitor.identity)
    if subscriber is None:
        if not wanted:
            return
        subscriber = subscriber_for(session, house().hasher, visitor.identity, now)
    said = words(choice_wording([section.name for section in wanted]), SOURCE)
    choose_sections(session, subscriber, [section.id for section in wanted], said, now)
    if request.form.get("action") == "again":
        write_again(session, house().hasher, subscriber, words(again_wording(), SOURCE), now)


def _pause(session: Session, visitor: Visitor) -> None:
    publication, now = the_publication(session), house().now()
    speak_as_shown(publication)
    until = now + A_MONTH
    wording = gettext("Send me no letters until %(day)s.", day=day(until, publication.time_zone))
    pausing.pause(session, _reader(session, visitor), until, words(wording, SOURCE), now)


def _go_on(session: Session, visitor: Visitor) -> None:
    speak_as_shown(the_publication(session))
    said = words(gettext("Send me letters again from now on."), SOURCE)
    pausing.go_on(session, _reader(session, visitor), said, house().now())


def _choose_rhythm(session: Session, visitor: Visitor) -> None:
    chosen = request.form.get("rhythm", "")
    if chosen not in set(Rhythm):
        raise BadInput("Please choose how often letters come.")
    speak_as_shown(the_publication(session))
    wordings = {
        Rhythm.EACH: gettext("Send me every letter by itself."),
        Rhythm.DAILY: gettext("Send me one letter a day with everything new."),
        Rhythm.WEEKLY: gettext("Send me one letter a week with everything new."),
    }
    wanted = Rhythm(chosen)
    said = words(wordings[wanted], SOURCE)
    pausing.choose_rhythm(session, _reader(session, visitor), wanted, said, house().now())


def _reader(session: Session, visitor: Visitor) -> Subscriber:
    subscriber = subscriber_of(session, visitor.identity)
    if subscriber is None or subscriber.state is not SubscriberState.ACTIVE:
        raise BadInput("No letters come to you yet. Choose what you get first.")
    return subscriber
