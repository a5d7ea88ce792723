"""What a refusal means: blame before permanence.

A reply is read by its step, its basic code, its enhanced code (RFC 3463) and its words, in this order of
trust: the basic code says whether it is for good; the enhanced code says what it is about; words are
asked where there is no enhanced code or it says nothing clear, and they only ever soften: nobody loses a
subscription for words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.domain.outcomes import Blame, Meaning, Outcome, Reply, Step, Verdict

CONSEQUENCES: Mapping[Meaning, tuple[Verdict, Blame]] = {
    Meaning.NO_MAILBOX: (Verdict.PERMANENT, Blame.RECIPIENT),
    Meaning.MAILBOX_CLOSED: (Verdict.PERMANENT, Blame.RECIPIENT),
    Meaning.MAILBOX_LATER: (Verdict.TEMPORARY, Blame.RECIPIENT),
    Meaning.LATER_BY_POLICY: (Verdict.TEMPORARY, Blame.RECIPIENT),
    Meaning.BLOCKED: (Verdict.PERMANENT, Blame.SENDER),
    Meaning.SENDER_REFUSED: (Verdict.UNTOUCHED, Blame.SENDER),
    Meaning.MESSAGE_REFUSED: (Verdict.PERMANENT, Blame.MESSAGE),
    Meaning.MESSAGE_LATER: (Verdict.TEMPORARY, Blame.MESSAGE),
    Meaning.THROTTLED: (Verdict.UNTOUCHED, Blame.RELAY),
    Meaning.RELAY_BUSY: (Verdict.UNTOUCHED, Blame.RELAY),
    Meaning.SESSION_FULL: (Verdict.UNTOUCHED, Blame.RELAY),
    Meaning.NOT_LET_IN: (Verdict.UNTOUCHED, Blame.RELAY),
    Meaning.OUR_MISTAKE: (Verdict.UNTOUCHED, Blame.RELAY),
}
"""What follows from each meaning for the letter, and whose fault it is."""


@dataclass(frozen=True)
class Rule:
    """Replies of one meaning. What is left empty fits everything; of two conditions both must fit."""

    meaning: Meaning
    steps: tuple[Step, ...] = tuple(Step)
    permanent: bool | None = None
    codes: tuple[int, ...] = ()
    about: str = ""
    """Subject and detail of the enhanced code, without its class; "-" fits a reply that has none."""
    words: str = ""

    def fits(self, step: Step, reply: Reply) -> bool:
        """Whether a reply is meant by this rule."""
        return (
            step in self.steps
            and self.permanent in {None, is_permanent(step, reply)}
            and (not self.codes or reply.code in self.codes)
            and (not self.about or re.fullmatch(self.about, reply.enhanced[2:] or "-") is not None)
            and (not self.words or re.search(self.words, reply.text, re.IGNORECASE) is not None)
        )


_M = Meaning
_MAIL, _RCPT = (Step.MAIL,), (Step.RCPT,)
_OFFER, _LETTER = (Step.MAIL, Step.RCPT, Step.DATA), (Step.DATA, Step.BODY)
_AFTER_MAIL = (Step.RCPT, *_LETTER)

_RATE = (
    r"rate.?limit|throttl|too (many|much) (?!recipients)|too many recipients from|slow down|rate exceeded|"
    r"exceeded the (rate|connection) limit|maximum (sending rate|message count)|server busy|messaging limit|"
    r"temporarily deferred due to|will be temporarily deferred"
)
_POLICY = (
    r"spam|block|blacklist|reputation|\brbl\b|policy|policies|prohibit|denied|not allowed|not accepted for|"
    r"rejected due to|suspicion"
)
_OF_SENDER = (
    r"not verified|verified sender|sender signature|sending paused|sender verify|not registered|"
    r"unauthorized ip|activate your account"
)
_RELAYING = (
    r"relay(ing)? (access )?denied|relay not permitted|unable to relay|allowed rcpthosts|"
    r"credentials for relay|relaying denied"
)

RULES = (
    Rule(_M.THROTTLED, words=_RATE, codes=(421,)),
    Rule(_M.RELAY_BUSY, codes=(421,)),
    Rule(_M.NOT_LET_IN, _OFFER, codes=(530, 534, 535, 538)),
    Rule(_M.NOT_LET_IN, _OFFER, about=r"7\..*|-", words=_RELAYING),
    Rule(_M.THROTTLED, about=r"1\.90|4\.5"),
    Rule(_M.OUR_MISTAKE, _OFFER, about=r"5\.(?!3$).*"),
    Rule(_M.OUR_MISTAKE, _OFFER, codes=(500, 501, 502, 503, 504), about=r"-"),
    Rule(_M.SENDER_REFUSED, permanent=True, about=r"1\.[789]"),
    Rule(_M.SENDER_REFUSED, _MAIL, permanent=True),
    Rule(_M.THROTTLED, _MAIL, words=_RATE),
    Rule(_M.RELAY_BUSY, _MAIL),
    Rule(_M.SESSION_FULL, _RCPT, permanent=False, about=r"5\.3"),
    Rule(_M.MAILBOX_CLOSED, _RCPT, permanent=True, about=r"2\.1", words=r"at a rate|too quickly"),
    Rule(_M.NO_MAILBOX, _RCPT, permanent=True, about=r"1\.([1236]|10)|2\.1"),
    Rule(_M.NO_MAILBOX, _RCPT, codes=(556,)),
    Rule(_M.BLOCKED, _AFTER_MAIL, permanent=True, about=r"7\..*"),
    Rule(_M.MAILBOX_CLOSED, _AFTER_MAIL, permanent=True, about=r"1\..*|2\.[0124-9]"),
    Rule(_M.MAILBOX_CLOSED, _RCPT, permanent=True, about=r"[24]\..*"),
    Rule(_M.MESSAGE_REFUSED, _AFTER_MAIL, permanent=True, about=r"3\.4|6\..*"),
    Rule(_M.MESSAGE_REFUSED, _LETTER, permanent=True, about=r"[2-5]\..*"),
    Rule(_M.SENDER_REFUSED, _LETTER, permanent=True, about="-", words=_OF_SENDER),
    Rule(_M.MAILBOX_CLOSED, _RCPT, permanent=True, about="-", words=r"recipient is inactive"),
    Rule(_M.BLOCKED, _AFTER_MAIL, permanent=True, about="-", words=f"{_POLICY}|sender verify"),
    Rule(_M.MAILBOX_CLOSED, _RCPT, permanent=True),
    Rule(_M.MESSAGE_REFUSED, _LETTER, permanent=True),
    Rule(_M.THROTTLED, about=r"7\.28|7\.650|7\.500"),
    Rule(_M.THROTTLED, about=r"[1347]\..*|-", words=_RATE),
    Rule(_M.LATER_BY_POLICY, about=r"7\..*"),
    Rule(_M.LATER_BY_POLICY, words=r"gr[ae]y.?list"),
    Rule(_M.RELAY_BUSY, _RCPT, about=r"3\.1|-", words=r"system storage|space shortage"),
    Rule(_M.MAILBOX_LATER, _RCPT),
    Rule(_M.MAILBOX_LATER, _LETTER, about=r"[12]\..*"),
    Rule(_M.MESSAGE_LATER, _LETTER),
)
"""The first that fits decides."""


def is_permanent(step: Step, reply: Reply) -> bool:
    """Whether it is for good, by its basic code; 552 at RCPT means 452 (RFC 5321 section 4.5.3.1.10)."""
    return reply.code // 100 == 5 and not (step is Step.RCPT and reply.code == 552)


def meaning_of(step: Step, reply: Reply) -> Meaning:
    """What a refusal, a reply of class 4 or 5, says."""
    return next(rule.meaning for rule in RULES if rule.fits(step, reply))


# Names of their own: Python 3.11 is slow to find a member by its class.
_BODY, _ACCEPTED, _NOBODY = Step.BODY, Verdict.ACCEPTED, Blame.NOBODY


def judge(step: Step, reply: Reply) -> Outcome:
    """Sort a relay's answer. Any but a refusal decides only in answer to the body."""
    if step is _BODY and reply.code // 100 == 2:
        return Outcome(_ACCEPTED, _NOBODY, reply)
    if reply.code // 100 not in {4, 5}:
        return Outcome(Verdict.UNCERTAIN if step is Step.BODY else Verdict.UNTOUCHED, reply=reply)
    meaning = meaning_of(step, reply)
    return Outcome(*CONSEQUENCES[meaning], reply, meaning)
