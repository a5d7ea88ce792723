"""Writing below a post: a comment, an answer, a change of words, and taking them back."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from newsletter.discussion.moderation import ban
from newsletter.domain.states import CommentState, Discussing
from newsletter.models import Comment, Identity, Post, Publication
from newsletter.publishing.publications import change_discussing, the_publication
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.discussions import visitor_of
from tests.web.conftest import Author, Place, signed_in
from tests.web.discussion.conftest import POST, all_comments, at, newest, say

WRITE = f"{POST}/comments"


def discussing(house: House, who: Discussing, *, holds_first: bool = False) -> None:
    with house.database.writing() as session:
        change_discussing(session, the_publication(session), who, holds_first=holds_first)


def banned(house: House, place: Place, who: Identity) -> None:
    with house.database.writing() as session:
        moderator = visitor_of(session, session.get_one(Identity, place.author.id))
        ban(session, house.hasher, session.get_one(Identity, who.id), moderator, "Enough.", house.now())


def test_a_comment_is_kept_and_its_writer_lands_on_it(house: House, post: Post, reader: Author) -> None:
    answer = reader.post(WRITE, text="Well *said*.")

    comment = newest(house)
    assert answer.status_code == 303
    assert answer.headers["Location"] == at(comment, f"#c-{comment.public_id}")
    assert "Well <em>said</em>." in reader.get(answer.headers["Location"].split("#")[0]).text


def test_an_answer_is_written_on_a_page_that_shows_what_it_answers(
    house: House, post: Post, jonas: Identity, reader: Author
) -> None:
    first = say(house, post, jonas, "Is anybody there?")
    page = reader.get(at(first, "/answer")).text

    assert "Is anybody there?" in page
    assert "Answer <bdi>Jonas</bdi>" in page
    assert f'action="{at(first, "/answer")}"' in page
    assert reader.post(at(first, "/answer"), text="Yes.").status_code == 303
    assert newest(house).parent_id == first.id
    assert reader.post(WRITE, text="Yes, indeed.", parent=first.public_id).status_code == 303
    assert newest(house).parent_id == first.id


def test_sent_twice_is_one_comment(house: House, post: Post, ada: Identity) -> None:
    now = house.now()
    within_a_minute = House(house.settings, house.ring, now=lambda: now)
    reader = signed_in(create_app(within_a_minute), within_a_minute, ada)

    where = {reader.post(WRITE, text="Once.").headers["Location"] for _each in range(3)}

    assert len(where) == 1
    assert len(all_comments(house)) == 1
    within_a_minute.database.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The comment is empty"),
        (" \n\u200b\u202e ", "The comment is empty"),
        ("x" * 10_001, "The comment is too long: 10000 characters are the limit."),
        ("https://example.org/ " * 11, "too many links"),
    ],
)
def test_what_cannot_be_kept_is_said_and_the_text_stays(
    house: House, post: Post, reader: Author, text: str, says: str
) -> None:
    answer = reader.post(WRITE, text=text)

    assert answer.status_code == 400
    assert says in answer.text
    assert "Not sent yet." in answer.text
    assert text.strip()[:300] in answer.text
    assert not all_comments(house)


def test_the_longest_comment_fits_in_every_script(house: House, post: Post, reader: Author) -> None:
    for character in ("x", "ع", "漢", "😀"):
        assert reader.post(WRITE, text=character * 10_000).status_code == 303
        assert newest(house).markdown == character * 10_000


def test_a_megabyte_is_too_much(house: House, post: Post, reader: Author) -> None:
    assert reader.post(WRITE, text="x" * 1_000_000).status_code == 413
    assert not all_comments(house)


def test_scripts_in_comments_are_words(
    house: House, post: Post, reader: Author, browser: FlaskClient
) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)> [here](javascript:alert(3))"
    reader.post(WRITE, text=f'{bad} <b onclick="x()">b</b>')

    for page in (reader.get(POST).text, browser.get(WRITE).text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page
        assert "<b onclick" not in page


def test_a_first_comment_that_waits_says_so_kindly(
    house: House, post: Post, reader: Author, browser: FlaskClient
) -> None:
    discussing(house, Discussing.EVERYBODY, holds_first=True)

    page = reader.client.post(
        WRITE, data={"text": "My first.", "form_token": reader.token}, follow_redirects=True
    ).text

    assert "Thank you. This comment waits until a moderator has seen it" in page
    assert newest(house).state is CommentState.HELD
    assert "My first." not in browser.get(POST).text


@pytest.mark.parametrize(
    ("closing", "says"),
    [
        (lambda house, _place, _who: discussing(house, Discussing.NOBODY), "is closed"),
        (lambda house, _place, _who: discussing(house, Discussing.SUBSCRIBERS), "Subscribe"),
        (banned, "closed the discussion to you"),
    ],
)
def test_who_may_not_write_is_told_why_and_keeps_the_text(
    house: House,
    place: Place,
    post: Post,
    ada: Identity,
    jonas: Identity,
    other: Author,
    closing: Callable[[House, Place, Identity], None],
    says: str,
) -> None:
    first = say(house, post, ada)
    closing(house, place, jonas)

    for path in (WRITE, at(first, "/answer")):
        answer = other.post(path, text="Words I would be sorry to lose")
        assert answer.status_code == 403
        assert says in answer.text
        assert "Words I would be sorry to lose" in answer.text
    assert other.get(at(first, "/answer")).status_code == 403
    assert len(all_comments(house)) == 1


def test_a_subscriber_may_write_where_subscribers_do(
    house: House, place: Place, post: Post, reader: Author
) -> None:
    discussing(house, Discussing.SUBSCRIBERS)

    assert reader.post(WRITE, text="I get the letters.").status_code == 303


def test_somebody_banned_can_neither_like_nor_report(
    house: House, place: Place, post: Post, ada: Identity, jonas: Identity, other: Author
) -> None:
    first = say(house, post, ada)
    banned(house, place, jonas)

    for path, form in ((f"{POST}/like", {"like": "yes"}), (at(first, "/like"), {"like": "yes"})):
        assert other.post(path, **form).status_code == 403
    assert other.post(at(first, "/report"), reason="no").status_code == 403
    assert "You cannot write here any more." in other.get(POST).text


def test_a_comment_is_changed_by_its_writer_for_a_while(
    house: House, post: Post, ada: Identity, reader: Author
) -> None:
    comment = say(house, post, ada, "First *draft*.")
    page = reader.get(at(comment, "/edit")).text
    assert "First *draft*." in page
    assert "Change your comment" in page

    answer = reader.post(at(comment, "/edit"), text="Second draft.")

    assert answer.headers["Location"] == at(comment, f"#c-{comment.public_id}")
    shown = reader.get(POST).text
    assert "Second draft." in shown
    assert ">Edited</span>" in shown
    bad = reader.post(at(comment, "/edit"), text=" ")
    assert (bad.status_code, newest(house).markdown) == (400, "Second draft.")


def test_later_it_can_only_be_deleted(house: House, post: Post, ada: Identity, reader: Author) -> None:
    comment = say(house, post, ada, "Too late.", minutes_ago=16)

    assert "/edit" not in reader.get(POST).text
    assert reader.get(at(comment, "/edit")).status_code == 403
    assert reader.post(at(comment, "/edit"), text="Other words.").status_code == 403
    assert "Too late." in reader.get(at(comment, "/delete")).text
    assert reader.post(at(comment, "/delete")).headers["Location"] == f"{POST}#comments"
    assert (newest(house).state, newest(house).markdown) == (CommentState.DELETED, "")


def test_nobody_changes_or_deletes_what_somebody_else_wrote(
    house: House, post: Post, ada: Identity, other: Author, author: Author
) -> None:
    comment = say(house, post, ada, "Mine.")

    for browser in (other, author):
        for what in ("edit", "delete"):
            assert browser.get(at(comment, f"/{what}")).status_code == 403
            assert browser.post(at(comment, f"/{what}"), text="Not yours.").status_code == 403
    assert (newest(house).state, newest(house).markdown) == (CommentState.VISIBLE, "Mine.")


@pytest.mark.parametrize("what", ["", "/answer", "/edit", "/delete", "/report", "/like"])
def test_without_its_token_or_without_signing_in_no_form_does_anything(
    house: House, post: Post, ada: Identity, reader: Author, browser: FlaskClient, what: str
) -> None:
    comment = say(house, post, ada, "As it was.")
    path = at(comment, what) if what else WRITE
    form = {"text": "Something else.", "like": "yes", "reason": "x"}

    assert reader.client.post(path, data=form).status_code == 403
    assert reader.client.post(path, data=form | {"form_token": "0" * 64}).status_code == 403
    answer = browser.post(path, data=form)
    assert answer.status_code == 401
    assert "Please sign in" in answer.text
    kept = all_comments(house)
    assert [(each.markdown, each.state, each.likes) for each in kept] == [
        ("As it was.", CommentState.VISIBLE, 0)
    ]


def test_a_report_reaches_the_moderators_and_says_thank_you(
    house: House, post: Post, ada: Identity, other: Author, author: Author
) -> None:
    comment = say(house, post, ada, "Buy this.")
    assert "Buy this." in other.get(at(comment, "/report")).text

    answer = other.post(at(comment, "/report"), reason="An <advertisement>.")

    assert answer.status_code == 303
    assert "A moderator will look at this comment." in other.get(answer.headers["Location"]).text
    assert "An &lt;advertisement&gt;." in author.get("/studio/discussion?which=reported").text
    assert other.post(at(comment, "/report"), reason="x" * 501).status_code == 400


def test_one_does_not_report_oneself(house: House, post: Post, ada: Identity, reader: Author) -> None:
    comment = say(house, post, ada)

    assert reader.post(at(comment, "/report"), reason="me").status_code == 403
    assert f'href="{at(comment, "/report")}"' not in reader.get(POST).text


def test_the_text_of_an_error_page_is_in_the_language_of_the_publication(
    house: House, place: Place, post: Post, reader: Author
) -> None:
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).locale = "de"

    page = reader.post(WRITE, text="").text

    assert '<html lang="de"' in page


def test_an_answer_to_what_was_deleted_meanwhile_is_not_kept(
    house: House, post: Post, ada: Identity, reader: Author
) -> None:
    comment = say(house, post, ada)
    reader.post(at(comment, "/delete"))

    assert reader.post(at(comment, "/answer"), text="But…").status_code == 404
    with house.database.reading() as session:
        assert session.query(Comment).count() == 1
