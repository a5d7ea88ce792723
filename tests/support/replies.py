"""Refusals as they are met in the wild, each with what it means: `python -m tests.support.replies`.

The wordings are shortened, and name example hosts and people. Printed is the confusion table: what they
mean, against what they are taken for.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from newsletter.domain.outcomes import Meaning, Reply, Step, read_reply
from newsletter.domain.refusals import meaning_of

FILE = Path(__file__).parent.parent / "samples" / "replies.tsv"


class Case(NamedTuple):
    """Who says what at which step, and what it means."""

    who: str
    step: Step
    meaning: Meaning
    reply: Reply


def read_cases() -> Sequence[Case]:
    """All of the collection."""
    return [_read(line) for line in FILE.read_text("utf-8").splitlines()]


def _read(line: str) -> Case:
    who, step, meaning, reply = line.split("\t")
    return Case(who, Step(step), Meaning(meaning), read_reply(int(reply[:3]), reply[4:]))


def main() -> None:
    cases = read_cases()
    taken_for = Counter((case.meaning, meaning_of(case.step, case.reply)) for case in cases)
    print(f"{'means / taken for':18}" + "".join(f"{each[:14]:>16}" for each in Meaning))
    for meaning in Meaning:
        counts = (taken_for[meaning, other] for other in Meaning)
        print(f"{meaning:18}" + "".join(f"{count or '·':>16}" for count in counts))
    right = sum(count for (meaning, taken), count in taken_for.items() if meaning is taken)
    print(f"{right} of {len(cases)} are taken for what they mean.")
    for case in cases:
        taken = meaning_of(case.step, case.reply)
        if taken is not case.meaning:
            print(f"{case.who}: {case.reply} means {case.meaning}, is taken for {taken}")


if __name__ == "__main__":
    main()
