"""What became of one attempt to hand a letter to a relay, and whose fault a refusal is.

Every letter makes these values; as tuples they cost a third of a frozen dataclass.
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
        return " ".join(filter(None, (str(self.code or ""), self.enhanced, self.text)))


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


class Outcome(NamedTuple):
    """The end of one attempt. `untouched` means that no body left and no attempt counts."""

    verdict: Verdict
    blame: Blame = Blame.NOBODY
    reply: Reply | None = None


# We are not let in, or speak wrongly (RFC 5321 section 4.2.2, RFC 4954 section 6): true for every recipient.
_NOT_ABOUT_THE_RECIPIENT = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538})


def judge(step: Step, reply: Reply) -> Outcome:
    """Sort a relay's answer. Blame before permanence: most refusals are not the recipient's fault."""
    if step is Step.BODY:
        return _judge_body(reply)
    if reply.code == 421:
        return Outcome(Verdict.UNTOUCHED, Blame.RELAY, reply)
    permanent = reply.code // 100 == 5
    if step is Step.MAIL:
        return Outcome(Verdict.UNTOUCHED, Blame.SENDER if permanent else Blame.RELAY, reply)
    # 552 at RCPT means 452, too many recipients or a quota (RFC 5321 section 4.5.3.1.10).
    if step is Step.RCPT and reply.code == 552:
        permanent = False
    if reply.code in _NOT_ABOUT_THE_RECIPIENT or reply.enhanced.startswith(("4.5.", "5.5.")):
        return Outcome(Verdict.UNTOUCHED, Blame.RELAY, reply)
    blame = Blame.RECIPIENT if step is Step.RCPT else Blame.MESSAGE
    if reply.enhanced.startswith("5.7."):
        blame = Blame.SENDER  # a policy against us (RFC 3463 section 3.8)
    return Outcome(Verdict.PERMANENT if permanent else Verdict.TEMPORARY, blame, reply)


def _judge_body(reply: Reply) -> Outcome:
    """The answer to the final dot decides; an answer that makes no sense there decides nothing."""
    if reply.code == 421:  # the relay is closing and took nothing (RFC 5321 section 3.8)
        return Outcome(Verdict.UNTOUCHED, Blame.RELAY, reply)
    match reply.code // 100:
        case 2:
            return Outcome(Verdict.ACCEPTED, reply=reply)
        case 4:
            return Outcome(Verdict.TEMPORARY, Blame.MESSAGE, reply)
        case 5:
            blame = Blame.SENDER if reply.enhanced.startswith("5.7.") else Blame.MESSAGE
            return Outcome(Verdict.PERMANENT, blame, reply)
        case _:
            return Outcome(Verdict.UNCERTAIN, reply=reply)


def nobody_knows() -> Outcome:
    """The body left and no answer came back (RFC 1047)."""
    return Outcome(Verdict.UNCERTAIN)
