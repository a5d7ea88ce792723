"""Pages that ask for something: words, or to be sure."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.models import Comment
from newsletter.web.context import page
from newsletter.web.discussion.branches import grow
from newsletter.web.discussion.talking import Talk, with_likes


@dataclass(frozen=True)
class Typed:
    """What somebody wrote, so that it is never lost to an error, and what is wrong with it."""

    text: str = ""
    problem: str = ""
    status: int = 200


@dataclass(frozen=True)
class Words:
    """What stands above a form, and on its button."""

    title: str
    send: str


def form_page(session: Session, talk: Talk, words: Words, where: str, typed: Typed) -> str:
    """A form for a comment on a page of its own; it is sent to this place below the post."""
    return page(
        session,
        "discussion/write.html",
        talk=talk,
        post=talk.post,
        words=words,
        action=f"{talk.base}/{where}",
        cancel=f"{talk.base}#comments",
        text=typed.text,
        problem=typed.problem,
    )


def about_comment(session: Session, what: str, talk: Talk, comment: Comment, typed: Typed) -> str:
    """A page that shows a comment and asks what to do about it: answer, delete or report."""
    branch = grow(comment, ())
    here = f"{talk.base}/comments/{comment.public_id}"
    return page(
        session,
        f"discussion/{what}.html",
        talk=with_likes(session, talk, [branch]),
        post=talk.post,
        branch=branch,
        action=f"{here}/{what}",
        cancel=here,
        text=typed.text,
        problem=typed.problem,
    )
