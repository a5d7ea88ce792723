"""When a letter was written and what it is known by (RFC 5322 sections 3.3 and 3.6.4)."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from newsletter.mail.lint.flaws import Rule, Spot
from newsletter.mail.lint.mailboxes import is_dot_atom
from newsletter.mail.lint.messages import Message

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DATE = re.compile(
    r"(?:([A-Z][a-z]{2}), )?[0-9]{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"(?:19|[2-9][0-9])[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})? [+-][0-9]{2}[0-5][0-9]"
)


def _date(message: Message) -> Iterator[Spot]:
    for field in message.whole.all("Date"):
        found = _DATE.fullmatch(field.value)
        if found is None:
            yield Spot(field.line, "Date is not written like “Mon, 04 May 2026 12:30:15 +0000”.")
            continue
        try:
            moment = parsedate_to_datetime(field.value)
        except ValueError:
            yield Spot(field.line, "Date is a moment that there is not.")
            continue
        if found.group(1) not in {None, _DAYS[moment.weekday()]}:
            yield Spot(field.line, "Date names another day of the week than its own.")


def _message_id(message: Message) -> Iterator[Spot]:
    for field in message.whole.all("Message-ID"):
        left, at, right = field.value.removeprefix("<").removesuffix(">").partition("@")
        is_bracketed = field.value.startswith("<") and field.value.endswith(">")
        if not (is_bracketed and at and is_dot_atom(left) and is_dot_atom(right)):
            yield Spot(field.line, "Message-ID is not of the form <left@right> without spaces.")


ORIGIN_RULES = (
    Rule("date", _date),
    Rule("message-id", _message_id),
)
