"""What became of one attempt to hand a letter to a relay, and whose fault a refusal is.

Every letter makes these values; as tuples they cost far less than as frozen dataclasses.
"""

import re
from enum import StrEnum
from typing import NamedTuple

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


class Reply(NamedTuple):
    """A relay's answer: basic code, enhanced code ("" when it gave none, RFC 3463) and text."""

    code: int
    enhanced: str = ""
    text: str = ""

    def __str__(self) -> str:
        code, enhanced, text = self
        if code and enhanced and text:
            return f"{code} {enhanced} {text}"
        return " ".join(filter(None, (str(code or ""), enhanced, text)))


def read_reply(code: int, text: str) -> Reply:
    """Split the enhanced status code off the text of a reply (RFC 2034)."""
    found = _ENHANCED.match(text)
    if not found:
        return Reply(code, "", text)
    return Reply(code, found.group(1), text[found.end() :])


class Step(StrEnum):
    """The step of the SMTP conversation that was answered."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"


class Verdict(StrEnum):
    """What an attempt came to."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNCERTAIN = "uncertain"
    UNTOUCHED = "untouched"


class Blame(StrEnum):
    """Whose fault a refusal is. Only a recipient's may ever end a subscription."""

    NOBODY = "nobody"
    RECIPIENT = "recipient"
    MESSAGE = "message"
    SENDER = "sender"
    RELAY = "relay"


class Meaning(StrEnum):
    """What a refusal says."""

    NO_MAILBOX = "no mailbox"
    MAILBOX_CLOSED = "mailbox closed"
    MAILBOX_LATER = "mailbox later"
    LATER_BY_POLICY = "later by policy"
    BLOCKED = "blocked"
    SENDER_REFUSED = "sender refused"
    MESSAGE_REFUSED = "message refused"
    MESSAGE_LATER = "message later"
    THROTTLED = "throttled"
    RELAY_BUSY = "relay busy"
    SESSION_FULL = "session full"
    NOT_LET_IN = "not let in"
    OUR_MISTAKE = "our mistake"


class Outcome(NamedTuple):
    """The end of one attempt. `untouched` means that surely no body was taken, and that nothing counts."""

    verdict: Verdict
    blame: Blame = Blame.NOBODY
    reply: Reply | None = None
    meaning: Meaning | None = None


def nobody_knows() -> Outcome:
    """The body left and no answer came back (RFC 1047)."""
    return Outcome(Verdict.UNCERTAIN)
