"""A discussion with all that can happen in one, and the pages of a reader who takes part in it."""

from datetime import timedelta

from sqlalchemy.orm import Session

from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.discussion.likes import like_comment, like_post
from newsletter.discussion.moderation import hide, pin
from newsletter.discussion.reporting import report_comment
from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity, Post
from newsletter.publishing.posts import find_published
from newsletter.publishing.publications import the_publication
from newsletter.wiring import House
from tests.support.discussions import make_comment, make_reader, visitor_of

_LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
_DEEP = (
    "The dot is the whole story: before it nothing has happened, and after it nobody can take it back.",
    "Unless the answer is lost. Then it *has* happened, and you do not know it.",
    f"We once had a queue named `{_LONG_WORD}`.",
    "هذا سؤال جيد: من يملك الرسالة بين النقطة والجواب؟",
    "Nobody, and that is why RFC 1047 exists:\n\n> the receiver should answer quickly\n\nEight words.",
    "- keep the intent\n- wait for the answer\n- write it down\n\n```\n250 2.0.0 taken\n```",
    "https://example.org/a/very/long/address/that/has/no/place/to/break/at/all?and=goes&on=and&on=still",
    "And so we are eight levels deep, where answers stand beside what they answer.",
)


def discuss(house: House, slug: str) -> tuple[dict[str, str], str]:
    """Fill it; returns the pages of a reader, and the secret of their session."""
    now = house.now()
    with house.database.writing() as session:
        publication = the_publication(session)
        post = find_published(session, publication.id, slug)
        session.get_one(Post, post.id).comments = 0
        people = [
            make_reader(session, publication, f"reader-{number}@example.org", name)
            for number, name in enumerate(("Ada Okafor", "نور الهدى", "", _LONG_WORD[:60], "Tomás"))
        ]
        thread = _deep_thread(session, house, post, people)
        own = make_comment(
            session, house, post, people[0], now=now, markdown="One question: what of **LMTP**?"
        )
        author = session.get_one(Identity, post.author_id)
        make_comment(
            session, house, post, author, now=now, markdown="Then each recipient has an answer.", parent=own
        )
        for each in people:
            like_post(session, house.hasher, post, visitor_of(session, each), now)
            like_comment(session, house.hasher, thread, visitor_of(session, each), now)
        pin(session, thread, visitor_of(session, author), "worth reading first", now)
        spam = make_comment(
            session, house, post, people[3], now=now, markdown="Cheap watches, [here](https://example.net)."
        )
        report_comment(session, spam, visitor_of(session, people[0]), "Advertising, I think.", now)
        rude = make_comment(session, house, post, people[2], now=now, markdown="That is nonsense.")
        make_comment(session, house, post, people[4], now=now, markdown="Why so?", parent=rude)
        hide(session, rude, visitor_of(session, author), "no reason given", now)
        make_comment(session, house, post, people[4], now=now, state=CommentState.HELD)
        secret = sign_in(session, make_sign_in(session, people[0], now).public_id, now).secret
    here = f"/p/{slug}"
    pages = {
        "account": "/account",
        "account-delete": "/account/delete",
        "post-signed-in": here,
        "comments": f"{here}/comments",
        "comments-newest": f"{here}/comments?sort=newest",
        "comment": f"{here}/comments/{thread.public_id}",
        "comment-answer": f"{here}/comments/{thread.public_id}/answer",
        "comment-edit": f"{here}/comments/{own.public_id}/edit",
        "comment-delete": f"{here}/comments/{own.public_id}/delete",
        "comment-report": f"{here}/comments/{thread.public_id}/report",
    }
    return pages, secret


def _deep_thread(session: Session, house: House, post: Post, people: list[Identity]) -> Comment:
    """As deep as can be; returns its first comment."""
    above: Comment | None = None
    first: Comment | None = None
    for number, words in enumerate(_DEEP):
        moment = house.now() - timedelta(hours=40 - 5 * number)
        writer = people[number % len(people)]
        above = make_comment(session, house, post, writer, markdown=words, parent=above, now=moment)
        first = first or above
    assert first is not None
    return first
