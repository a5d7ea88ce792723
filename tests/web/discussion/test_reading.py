"""What everybody reads below a post, on the pages of a discussion, and at the address of one comment."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from newsletter.domain.states import CommentState, Discussing, PostAccess
from newsletter.models import Comment, Identity, Post, Publication
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import find_post
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.discussions import make_many
from tests.support.queries import counting_queries
from tests.web.conftest import Author, Place
from tests.web.discussion.conftest import POST, at, say, somebody

PAGES = (POST, f"{POST}/comments")


def placed(house: House, post: Post, access: PostAccess, slug: str = "a-letter") -> None:
    with house.database.writing() as session:
        place_post(session, find_post(session, post.public_id), Placement(slug, access))


def in_state(house: House, comment: Comment, state: CommentState) -> None:
    with house.database.writing() as session:
        session.execute(update(Comment).where(Comment.id == comment.id).values(state=state))


def sent_to_sign_in(browser: FlaskClient, path: str) -> bool:
    answer = browser.get(path)
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in?next=")


def test_a_comment_stands_below_its_post_with_its_writer(
    house: House, post: Post, ada: Identity, browser: FlaskClient
) -> None:
    comment = say(house, post, ada, "The *envelope* decides.")

    for path in PAGES:
        page = browser.get(path).text
        assert "The <em>envelope</em> decides." in page
        assert re.search(r"<bdi[^>]*>Ada</bdi>", page)
        assert "1 comment<" in page
        assert f'href="{at(comment)}"' in page
        assert "Edited" not in page


def test_an_answer_is_nested_in_a_list_that_says_whom_it_answers(
    house: House, place: Place, post: Post, ada: Identity, browser: FlaskClient
) -> None:
    first = say(house, post, ada, "Who reads this?")
    second = say(house, post, place.author, "I do.", first)

    page = browser.get(POST).text

    assert '<ol class="below" aria-label="Answers to Ada">' in page
    assert page.index("Who reads this?") < page.index('aria-label="Answers to Ada"') < page.index("I do.")
    assert f'aria-labelledby="by-{second.public_id}"' in page
    assert page.count('<span class="badge">The author</span>') == 1
    assert "<summary>1 answer</summary>" in page


def test_the_address_of_a_comment_shows_what_is_below_it_and_leads_up(
    house: House, post: Post, ada: Identity, jonas: Identity, browser: FlaskClient
) -> None:
    first = say(house, post, ada, "The first.")
    second = say(house, post, jonas, "The second.", first)
    third = say(house, post, ada, "The third.", second)

    middle, last = browser.get(at(second)).text, browser.get(at(third)).text

    assert "The second." in middle
    assert "The third." in middle
    assert "The first." not in middle
    assert f'href="{at(first)}">The comment it answers' in middle
    assert f'href="{at(second)}">The comment it answers' in last
    assert f'href="{at(first)}#c-{third.public_id}">The whole thread' in last
    assert f'href="{POST}"' in last


def test_in_the_depths_it_is_said_in_words_whom_one_answers(
    house: House, post: Post, ada: Identity, jonas: Identity, browser: FlaskClient
) -> None:
    comment = say(house, post, ada, "Level 0")
    for level in range(1, 10):
        comment = say(house, post, (ada, jonas)[level % 2], f"Level {level}", comment)

    page = browser.get(f"{POST}/comments").text

    assert page.count('>to <a href="#c-') == 6  # from the fifth level on, and where it is as deep as it gets
    assert page.count('<ol class="below"') == 7


@pytest.mark.parametrize("order", ["top", "newest", "oldest"])
def test_threads_can_be_sorted(
    house: House, post: Post, ada: Identity, jonas: Identity, browser: FlaskClient, order: str
) -> None:
    old = say(house, post, ada, "Old words", minutes_ago=9)
    say(house, post, ada, "New words")
    say(house, post, jonas, "An answer", old)

    page = browser.get(f"{POST}/comments?sort={order}").text

    assert (page.index("Old words") < page.index("New words")) is (order != "newest")
    assert 'aria-current="true"' in page


@pytest.mark.parametrize(
    "wild",
    [
        *("sort=best", "sort=", "sort=top%00", "page=0", "page=-1", "page=2", "page=999999", "page=1e3"),
        *("page=%D9%A1", "page=9999999999999999999", "page=1%00", "page="),
    ],
)
def test_a_wild_order_or_page_is_not_there(
    house: House, post: Post, ada: Identity, browser: FlaskClient, wild: str
) -> None:
    comment = say(house, post, ada)

    assert browser.get(f"{POST}/comments?{wild}").status_code == 404
    if "page" in wild:
        assert browser.get(f"{at(comment)}?{wild}").status_code == 404


def test_many_threads_are_paged_and_keep_their_order(
    house: House, post: Post, ada: Identity, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        make_many(session, session.get_one(Post, post.id), ada, 45)

    page = browser.get(f"{POST}/comments?sort=oldest&page=2").text

    assert page.count("<article") == 20
    assert f'href="{POST}/comments?sort=oldest&amp;page=3"' in page
    assert browser.get(f"{POST}/comments?sort=oldest&page=3").text.count("<article") == 5


def test_a_post_with_endless_comments_has_a_small_page_that_asks_little(
    house: House, post: Post, ada: Identity, uncached: House
) -> None:
    first = say(house, post, ada, "word " * 1500)
    browser = create_app(uncached).test_client()

    def asked() -> int:
        with counting_queries(uncached) as counter:
            assert browser.get(POST).status_code == 200
        return counter.number

    for_one = asked()
    with house.database.writing() as session:
        make_many(session, session.get_one(Post, post.id), ada, 300)
        make_many(session, session.get_one(Post, post.id), ada, 300, session.get_one(Comment, first.id))

    page = browser.get(POST)

    assert asked() == for_one <= 13
    assert len(page.data) < 60_000
    assert "All comments" in page.text
    assert "295 more answers" in page.text


def test_a_signed_in_reader_asks_little_too(
    house: House, post: Post, ada: Identity, reader: Author, uncached: House
) -> None:
    with house.database.writing() as session:
        make_many(session, session.get_one(Post, post.id), ada, 100)
    browser = create_app(uncached).test_client()
    browser.set_cookie("newsletter_session", reader.client.get_cookie("newsletter_session").value)  # type: ignore[union-attr]

    for path, most in ((POST, 18), (f"{POST}/comments", 14)):
        with counting_queries(uncached) as counter:
            assert browser.get(path).status_code == 200
        assert counter.number <= most, counter.statements


def test_strangers_see_one_page_and_see_a_new_comment_at_once(
    house: House, post: Post, ada: Identity, app: Flask
) -> None:
    one, another = app.test_client(), app.test_client()
    before = one.get(POST).data

    assert another.get(POST).data == before
    assert b"form_token" not in before
    say(house, post, ada, "Something new.")
    assert b"Something new." in another.get(POST).data


def test_a_stranger_is_shown_where_to_sign_in(
    house: House, post: Post, ada: Identity, browser: FlaskClient
) -> None:
    comment = say(house, post, ada)
    page = browser.get(POST).text

    assert 'href="/sign-in?next=/p/a-letter%23comments"' in page
    assert f'href="/sign-in?next={at(comment)}"' in page
    assert "<textarea" not in page
    for what in ("answer", "edit", "delete", "report"):
        assert sent_to_sign_in(browser, at(comment, f"/{what}"))


@pytest.mark.parametrize("state", [CommentState.HELD, CommentState.HIDDEN])
def test_what_waits_or_is_hidden_is_seen_by_its_writer_and_moderators_only(
    house: House, post: Post, ada: Identity, reader: Author, other: Author, author: Author, browser, state
) -> None:
    comment = say(house, post, ada, "Perhaps rude.")
    in_state(house, comment, state)

    for seen_by in (reader, author):
        assert "Perhaps rude." in seen_by.get(at(comment)).text
        assert "thers do not see it" in seen_by.get(POST).text
    for not_seen_by in (other, browser):
        assert "Perhaps rude." not in not_seen_by.get(POST).text
        answer = not_seen_by.get(at(comment))
        assert answer.status_code == 404
        assert "Perhaps rude." not in answer.text
    assert other.get(at(comment, "/report")).status_code == 404
    assert other.post(at(comment, "/like"), like="yes").status_code == 404


def test_of_what_is_gone_only_the_place_stays_while_it_is_answered(
    house: House, post: Post, ada: Identity, jonas: Identity, browser: FlaskClient
) -> None:
    comment = say(house, post, ada, "I take it back.")
    say(house, post, jonas, "An answer that stays.", comment)
    in_state(house, comment, CommentState.DELETED)

    for path in (*PAGES, at(comment)):
        page = browser.get(path).text
        assert "This comment was deleted." in page
        assert "An answer that stays." in page
        assert "I take it back." not in page
        assert "Ada" not in page


def test_a_comment_belongs_to_its_own_post(
    house: House, place: Place, post: Post, ada: Identity, browser: FlaskClient, reader: Author
) -> None:
    comment = say(house, post, ada)

    assert browser.get(f"/p/another/comments/{comment.public_id}").status_code == 404
    assert browser.get(f"{POST}/comments/aaaaaaaaaaaaa").status_code == 404
    assert reader.post(f"{POST}/comments/aaaaaaaaaaaaa/answer", text="hello").status_code == 404


def test_the_former_address_of_a_post_leads_to_its_discussion(
    house: House, post: Post, ada: Identity, browser: FlaskClient, reader: Author
) -> None:
    comment = say(house, post, ada)
    placed(house, post, PostAccess.PUBLIC, "moved")

    for path, moved in (
        (f"{POST}/comments?sort=oldest", "/p/moved/comments?sort=oldest"),
        (at(comment), f"/p/moved/comments/{comment.public_id}"),
    ):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (301, moved)
    assert reader.post(f"{POST}/comments", text="x").status_code == 308


def test_what_is_said_of_a_post_for_subscribers_is_for_them_too(
    house: House, post: Post, ada: Identity, reader: Author, other: Author, browser: FlaskClient
) -> None:
    comment = say(house, post, ada, "Among ourselves.")
    placed(house, post, PostAccess.SUBSCRIBERS)

    assert "Among ourselves." in reader.get(POST).text
    assert "Among ourselves." not in browser.get(POST).text
    assert "Among ourselves." not in other.get(POST).text
    assert sent_to_sign_in(browser, f"{POST}/comments")
    for path in (f"{POST}/comments", at(comment), at(comment, "/answer")):
        assert other.get(path).status_code == 403
    assert other.post(f"{POST}/comments", text="me too").status_code == 403
    assert other.post(f"{POST}/like", like="yes").status_code == 403


def test_a_post_that_went_out_by_email_only_has_no_discussion(
    house: House, post: Post, reader: Author, browser: FlaskClient
) -> None:
    placed(house, post, PostAccess.EMAIL_ONLY)

    assert browser.get(f"{POST}/comments").status_code == 404
    assert reader.post(f"{POST}/comments", text="hello").status_code == 404
    letter = browser.get(house.links.reading(post.public_id)).text
    assert 'id="comments"' not in letter
    assert "/like" not in letter


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (Discussing.NOBODY, "The discussion is closed."),
        (Discussing.SUBSCRIBERS, "Subscribers may write here."),
    ],
)
def test_the_page_says_why_one_may_not_write(
    house: House,
    place: Place,
    post: Post,
    ada: Identity,
    other: Author,
    browser: FlaskClient,
    who,
    words: str,
) -> None:
    say(house, post, ada)
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).discussing = who

    assert words in other.get(POST).text
    assert words in browser.get(f"{POST}/comments").text


def test_a_post_without_comments_that_nobody_may_write_below_says_nothing_of_them(
    house: House, place: Place, post: Post, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).discussing = Discussing.NOBODY

    assert 'id="comments"' not in browser.get(POST).text


def test_names_are_shown_as_names_whatever_they_hold(
    house: House, place: Place, post: Post, browser: FlaskClient
) -> None:
    for name in ("<script>alert(1)</script>", "نور الهدى", 'Ada "the" Lady', ""):
        say(house, post, somebody(house, place, name), f"words of {name[:3]}.")

    page = browser.get(POST).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page
    assert ">نور الهدى</bdi>" in page
    assert ">A reader</bdi>" in page
