"""The moderators' desk in the studio, and who may say what is discussed."""

import pytest
from flask import Flask
from sqlalchemy import select

from newsletter.accounts.identities import RoleName
from newsletter.domain.states import CommentState, Discussing
from newsletter.models import Ban, Comment, Identity, Post, Publication
from newsletter.publishing.posts import find_post
from newsletter.wiring import House
from tests.support.factories import make_author, make_post
from tests.web.conftest import Author, Place, signed_in
from tests.web.discussion.conftest import POST, at, newest, say, somebody

DESK = "/studio/discussion"


def case(comment: Comment) -> str:
    return f"{DESK}/comments/{comment.public_id}"


def held(house: House, comment: Comment) -> None:
    with house.database.writing() as session:
        session.get_one(Comment, comment.id).state = CommentState.HELD


@pytest.fixture
def writer(app: Flask, house: House, place: Place) -> Author:
    """An author who is no editor."""
    with house.database.writing() as session:
        identity = make_author(session, place.publication, "lin@example.org", RoleName.AUTHOR)
    return signed_in(app, house, identity)


@pytest.mark.parametrize(
    ("which", "says"),
    [("held", "Nothing waits."), ("reported", "Nothing is reported."), ("newest", "Nobody has written")],
)
def test_an_empty_desk_says_what_will_be_there(author: Author, which: str, says: str) -> None:
    page = author.get(f"{DESK}?which={which}")

    assert (page.status_code, says in page.text) == (200, True)


def test_what_waits_is_counted_in_the_navigation_and_approved(
    house: House, post: Post, ada: Identity, author: Author, browser
) -> None:
    comment = say(house, post, ada, "My first.")
    held(house, comment)
    assert "waiting</span>" in author.get("/studio/").text
    page = author.get(DESK).text
    assert "My first." in page
    assert "ada@example.org" in page

    answer = author.post(case(comment), act="approve", next=f"{DESK}?which=held&done=yes")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{DESK}?which=held&done=yes")
    assert "Done." in author.get(answer.headers["Location"]).text
    assert "waiting</span>" not in author.get("/studio/").text
    assert "My first." in browser.get(POST).text


def test_reported_comments_come_with_their_reasons_and_can_be_left(
    house: House, post: Post, ada: Identity, other: Author, author: Author
) -> None:
    comment = say(house, post, ada, "Strong words.")
    other.post(at(comment, "/report"), reason="Rude <b>.")
    page = author.get(f"{DESK}?which=reported").text
    assert "Rude &lt;b&gt;." in page

    author.post(case(comment), act="dismiss")

    assert "Nothing is reported." in author.get(f"{DESK}?which=reported").text
    assert newest(house).state is CommentState.VISIBLE


def test_what_was_done_is_kept_with_its_reason(
    house: House, post: Post, ada: Identity, author: Author, browser
) -> None:
    comment = say(house, post, ada, "Buy this.")

    for act, reason, state in (
        ("hide", "An <advertisement>", CommentState.HIDDEN),
        ("show", "I was wrong", CommentState.VISIBLE),
        ("pin", "Worth seeing", CommentState.VISIBLE),
        ("unpin", "Seen", CommentState.VISIBLE),
        ("remove", "For good", CommentState.DELETED),
    ):
        assert author.post(case(comment), act=act, reason=reason).status_code == 303
        assert newest(house).state is state
    page = author.get(case(comment)).text

    for words in ("An &lt;advertisement&gt;", "I was wrong", "Worth seeing", "Seen", "For good"):
        assert words in page
    assert "mara@example.org" in page
    assert "Buy this." not in browser.get(POST).text


def test_a_writer_is_banned_and_let_in_again(
    house: House, post: Post, jonas: Identity, other: Author, author: Author
) -> None:
    comment = say(house, post, jonas)

    author.post(case(comment), act="ban", reason="Insults")
    page = author.get(f"{DESK}/banned").text
    assert "Insults" in page
    assert "jonas@example.org" in page
    assert other.post(f"{POST}/comments", text="But I…").status_code == 403

    assert author.post(f"{DESK}/banned/{jonas.public_id}", reason="Sorry").status_code == 303
    assert "Nobody is banned." in author.get(f"{DESK}/banned").text
    assert other.post(f"{POST}/comments", text="Thank you.").status_code == 303


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"act": "explode"}, 400),
        ({}, 400),
        ({"act": "hide", "reason": "x" * 501}, 400),
        ({"act": "pin"}, 400),
        ({"act": "approve"}, 409),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is(
    house: House, post: Post, ada: Identity, author: Author, form: dict[str, str], status: int
) -> None:
    comment = say(house, post, ada)
    author.post(case(comment), act="hide")
    if "reason" in form:
        author.post(case(comment), act="show")
    before = newest(house).state

    answer = author.post(case(comment), **form)

    assert answer.status_code == status
    assert "Nothing was done." in answer.text
    assert newest(house).state is before


def test_authors_moderate_below_their_own_posts_only(
    house: House, place: Place, post: Post, ada: Identity, writer: Author
) -> None:
    theirs = say(house, post, ada, "Below Mara's post.")
    with house.database.writing() as session:
        lin = session.scalars(select(Identity).where(Identity.address == "lin@example.org")).one()
        own_post = make_post(session, place.mail, lin, title="By Lin", published=True)
    own = say(house, own_post, ada, "Below Lin's post.")

    page = writer.get(f"{DESK}?which=newest").text
    assert "Below Lin&#39;s post." in page or "Below Lin's post." in page
    assert "Below Mara" not in page
    assert writer.get(case(theirs)).status_code == 403
    assert writer.post(case(theirs), act="hide").status_code == 403
    assert writer.post(case(own), act="hide", reason="mine").status_code == 303
    for path in ("banned", "settings"):
        assert writer.get(f"{DESK}/{path}").status_code == 403
    assert writer.post(f"{DESK}/settings", discussing="nobody").status_code == 403
    assert writer.post(case(own), act="ban").status_code == 403


def test_readers_have_no_desk(post: Post, reader: Author) -> None:
    assert reader.get(DESK).status_code == 403
    assert reader.get(f"{DESK}/settings").status_code == 403


def test_the_publication_says_who_may_write(house: House, place: Place, author: Author) -> None:
    def stands() -> tuple[Discussing, bool]:
        with house.database.reading() as session:
            publication = session.get_one(Publication, place.publication.id)
            return publication.discussing, publication.holds_first_comments

    answer = author.post(f"{DESK}/settings", discussing="subscribers", holds_first="yes")

    assert answer.status_code == 303
    assert stands() == (Discussing.SUBSCRIBERS, True)
    assert 'value="subscribers" checked' in author.get(answer.headers["Location"]).text
    assert author.post(f"{DESK}/settings", discussing="friends").status_code == 400
    author.post(f"{DESK}/settings", discussing="everybody")
    assert stands() == (Discussing.EVERYBODY, False)


def test_a_post_can_differ(house: House, post: Post, author: Author, reader: Author) -> None:
    path = f"/studio/posts/{post.public_id}/settings"
    form = {"slug": "a-letter", "access": "public", "cover": "", "alt": ""}

    assert author.post(path, **form, discussing="nobody").status_code == 303
    assert 'value="nobody" checked' in author.get(path).text
    assert "The discussion is closed." not in reader.get(POST).text  # nothing was said, so nothing is shown
    assert reader.post(f"{POST}/comments", text="hello").status_code == 403
    assert author.post(path, **form, discussing="friends").status_code == 400
    author.post(path, **form, discussing="")
    with house.database.reading() as session:
        assert find_post(session, post.public_id).discussing is None


def test_wild_lists_are_not_there(house: House, post: Post, ada: Identity, author: Author) -> None:
    say(house, post, ada)

    for wild in ("which=", "which=all", "page=0", "page=x", "which=held%00"):
        assert author.get(f"{DESK}?{wild}").status_code == 404
    assert author.get(f"{DESK}?which=newest&page=9").status_code == 200
    assert author.get(f"{DESK}/comments/aaaaaaaaaaaaa").status_code == 404


def test_lifting_a_ban_that_is_none_is_nothing(house: House, place: Place, author: Author) -> None:
    nobody = somebody(house, place, "Nobody")

    assert author.post(f"{DESK}/banned/{nobody.public_id}").status_code == 303
    with house.database.reading() as session:
        assert session.scalars(select(Ban)).all() == []
