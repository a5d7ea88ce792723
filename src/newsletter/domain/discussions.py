"""What a comment may say, where it stands in its thread, and how long it can be changed."""

import re
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.domain.errors import BadInput

MAX_COMMENT = 10_000
"""Characters."""

MAX_DEPTH = 8
"""Levels of a thread; an answer that would stand deeper stands beside what it answers."""

MAX_LINKS = 10
"""More of them in one comment is advertising."""

MAX_REASON = 500
"""Characters of a report, or of why a moderator did something."""

EDIT_WITHIN = timedelta(minutes=15)
PER_PAGE = 20
"""Threads on one page."""

ANSWERS_SHOWN = 30
"""Answers of one thread on a page of threads."""

_MARKS_IN_A_ROW = 6
_STEP = 11
_LAST = "9" * _STEP

_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_FLAG_OR_TAGS = re.compile("(\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f)|[\U000e0000-\U000e007f]+")
# Between words and letters one of them has a meaning: in Persian, in Hebrew beside a bracket, in an emoji.
_PADDING = re.compile(r"(?<=\s)[\u200c\u200d]+|(?<=[\u061c\u200c-\u200f])[\u061c\u200c-\u200f]+")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]"
    r"|[\ud800-\udfff]"
)
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class ThreadOrder(StrEnum):
    """Which threads come first."""

    TOP = "top"
    NEWEST = "newest"
    OLDEST = "oldest"


def cleaned(text: str) -> str:
    """The text without what nobody sees: control characters, turned directions, padding, towers of marks."""
    text = _FLAG_OR_TAGS.sub(r"\1", _LINE_ENDS.sub("\n", text))
    return _without_towers(_PADDING.sub("", _UNSEEN.sub("", text))).strip()


def comment_text(text: str) -> str:
    """What of a text is kept as a comment. Raises BadInput when nothing is left, or too much."""
    if len(text) <= 10 * MAX_COMMENT:  # far longer ones are not worth the work
        text = cleaned(text)
    if len(text) > MAX_COMMENT:
        raise BadInput("The comment is too long: {limit} characters are the limit.", limit=MAX_COMMENT)
    if not says_something(text):
        raise BadInput("The comment is empty. Write something first.")
    return text


def says_something(text: str) -> bool:
    """Whether a text holds anything that can be seen."""
    return any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANK_LETTERS for each in text)


def is_young(created_at: datetime, now: datetime) -> bool:
    """Whether a comment can still be changed by who wrote it."""
    return now <= created_at + EDIT_WITHIN


def path_of(number: int, parent_path: str = "") -> str:
    """Where a comment stands: the numbers of all above it and its own, so that sorting gives the thread.

    Digits alone, because every database sorts them alike, whatever its language.
    """
    above = parent_path[: (MAX_DEPTH - 1) * _STEP]
    return above + str(number).zfill(_STEP)


def depth_of(path: str) -> int:
    """How many comments stand above."""
    return len(path) // _STEP - 1


def end_of(path: str) -> str:
    """A path behind everything below this one, and before all that follows."""
    return path + _LAST


def _without_towers(text: str) -> str:
    """At most a few combining marks on a character; no script needs more."""
    kept, marks = [], 0
    for each in text:
        marks = marks + 1 if unicodedata.category(each) in {"Mn", "Me"} else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(each)
    return "".join(kept)
