"""Threads as pages nest them, and how much of them stands below a post."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.discussion.threads import Thread
from newsletter.models import Comment

THREADS_BELOW_A_POST = 10
ANSWERS_BELOW_A_POST = 5

_ROOM = 26_000
_AROUND = 1_400
"""Characters: what the comments below a post may take, and what stands around each of them."""

_DEEP = 4
"""From this depth on a small screen has no more room to indent, so it is said in words whom one answers."""


@dataclass(frozen=True)
class Branch:
    """A comment, and what was answered to it."""

    comment: Comment
    answers_to: Comment | None = None
    below: list["Branch"] = field(default_factory=list)
    more: int = 0


def grow(head: Comment, answers: Sequence[Comment], more: int = 0) -> Branch:
    """The branch of a comment, out of all below it in reading order."""
    tree = Branch(head, more=more)
    open_branches, known = [tree], {head.id: head}
    for each in answers:
        while len(open_branches) > 1 and open_branches[-1].comment.depth >= each.depth:
            open_branches.pop()
        above = open_branches[-1]
        is_plain = each.parent_id == above.comment.id and each.depth < _DEEP
        branch = Branch(each, None if is_plain else known.get(each.parent_id or 0))
        above.below.append(branch)
        open_branches.append(branch)
        known[each.id] = each
    return tree


def whole(threads: Sequence[Thread]) -> Sequence[Branch]:
    """All of these threads."""
    return [grow(each.comment, each.answers, each.more) for each in threads]


def beginnings(threads: Sequence[Thread]) -> Sequence[Branch]:
    """What of these threads a post's page has room for; the first comment always."""
    shown: list[Branch] = []
    room = _ROOM
    for thread in threads[:THREADS_BELOW_A_POST]:
        room -= _size(thread.comment)
        if room < 0 and shown:
            break
        answers: list[Comment] = []
        for each in thread.answers[:ANSWERS_BELOW_A_POST]:
            if _size(each) > room:
                break
            room -= _size(each)
            answers.append(each)
        left_out = len(thread.answers) - len(answers)
        shown.append(grow(thread.comment, answers, thread.more + left_out))
    return shown


def _size(comment: Comment) -> int:
    return len(comment.html) + _AROUND
