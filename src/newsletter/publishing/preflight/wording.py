"""Checks of what an inbox shows: the subject and the words behind it."""

import re
from collections.abc import Iterator

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Severity

_SHOWN_ON_PHONES = 60
_LONGEST = 120
_REPLY = re.compile(r"(re|fwd?|aw|wg)\s*:", re.IGNORECASE)
_SHOUTS = re.compile(r"!!|!.*!|\?\?\?")


def _title(proof: Proof) -> str:
    return proof.edition.post.title


def _long(proof: Proof) -> Iterator[Spot]:
    if len(_title(proof)) > _LONGEST:
        yield Spot(f"The subject has {len(_title(proof))} characters; most programs cut it.")


def _cut(proof: Proof) -> Iterator[Spot]:
    if _SHOWN_ON_PHONES < len(_title(proof)) <= _LONGEST:
        yield Spot(
            f"A phone shows about {_SHOWN_ON_PHONES} of the subject's {len(_title(proof))} characters."
        )


def _shouting(proof: Proof) -> Iterator[Spot]:
    letters = [char for char in _title(proof) if char.isalpha()]
    if len(letters) > 7 and all(char.isupper() for char in letters):
        yield Spot("The subject is all capitals, as spam likes to be.")
    elif _SHOUTS.search(_title(proof)):
        yield Spot("The subject shouts with its exclamation marks, as spam likes to do.")


def _reply(proof: Proof) -> Iterator[Spot]:
    if _REPLY.match(_title(proof)):
        yield Spot("The subject pretends to be a reply or a forwarded mail.")


def _repeated(proof: Proof) -> Iterator[Spot]:
    if _title(proof).casefold() in {subject.casefold() for subject in proof.audience.subjects}:
        yield Spot("An earlier letter had this very subject; programs may fold the two into one.")


def _preheader(proof: Proof) -> Iterator[Spot]:
    preheader = proof.sample.preheader
    if not preheader:
        yield Spot("There are no words to show behind the subject in an inbox.")
    elif preheader.casefold() == _title(proof).casefold():
        yield Spot("The words behind the subject only repeat it.")


CHECKS = (
    Check("subject-long", Severity.WARNING, _long, "Say it shorter."),
    Check("subject-cut", Severity.NOTE, _cut, "Put what matters first."),
    Check("subject-shouting", Severity.WARNING, _shouting, "Say it in a calm voice."),
    Check("subject-reply", Severity.WARNING, _reply, "Begin with something else."),
    Check("subject-repeated", Severity.WARNING, _repeated, "Tell them apart by a word or a number."),
    Check("preheader", Severity.WARNING, _preheader, "Write a subtitle that goes on where the title ends."),
)
