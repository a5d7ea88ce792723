"""What every form for readers carries: the moment its page was made, its language, and the words agreed to.

The words stand beside the button and are kept as consent, in the language in which they were shown.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta

from flask import Flask, g, request

from newsletter.audience.consents import Words
from newsletter.domain.stamps import write_stamp
from newsletter.models import Publication, Section
from newsletter.web.context import client_address, house
from newsletter.web.languages import LANGUAGES, gettext, listed, speak

SOURCES = frozenset(
    {
        *("subscribe page", "home page", "section page", "end of a post", "author page", "archive", "page"),
        *("embedded form", "form on another site"),
    }
)


def add_to(app: Flask) -> None:
    """Give templates the stamp and the words."""
    app.jinja_env.globals.update(
        form_stamp=form_stamp,
        form_wording=form_wording,
        confirm_wording=confirm_wording,
        leave_wording=leave_wording,
        return_wording=return_wording,
        again_wording=again_wording,
    )


def form_stamp(*, exact: bool = False) -> str:
    """The stamp of a form that is rendered now; of a page that is kept for everybody it is the day's."""
    now = house().now()
    if not exact:
        tomorrow = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        g.good_until = min(tomorrow, g.get("good_until") or tomorrow)
    return write_stamp(house().keyring, now, exact=exact)


def speak_as_shown(publication: Publication) -> None:
    """Speak the language of the page whose form was sent, else the reader's."""
    speak(publication.locale)
    shown = request.form.get("language", "")
    if shown in LANGUAGES:
        g.language = shown


def words(wording: str, source: str) -> Words:
    """A yes or no of whoever sent this request."""
    return Words(wording, source, client_address())


def form_wording(publication: Publication, section: Section | None = None, *, choosing: bool = False) -> str:
    """What one agrees to by sending a subscribe form."""
    name = publication.name
    if choosing:
        return gettext(
            "Send me new posts from the sections of %(publication)s I chose. I can leave with one click.",
            publication=name,
        )
    if section is not None:
        return gettext(
            "Send me new posts from %(section)s of %(publication)s. I can leave with one click.",
            section=section.name,
            publication=name,
        )
    return gettext("Send me new posts of %(publication)s. I can leave with one click.", publication=name)


def confirm_wording(sections: Sequence[str]) -> str:
    """What one agrees to by the button behind a confirm link."""
    return gettext("Yes, send me new posts from %(sections)s.", sections=listed(sections))


def leave_wording(section: Section) -> str:
    """What the button behind an unsubscribe link says."""
    return gettext("Stop sending me letters from %(section)s.", section=section.name)


def return_wording(section: Section) -> str:
    """What undoing it says."""
    return gettext("Send me letters from %(section)s again.", section=section.name)


def choice_wording(sections: Sequence[str]) -> str:
    """What choosing sections says."""
    if not sections:
        return gettext("Send me no letters.")
    return gettext("Send me letters from: %(sections)s.", sections=listed(sections))


def again_wording() -> str:
    """What somebody says whom we had stopped writing to."""
    return gettext("Write to me at this address again.")
