"""Likes of posts and comments: by a form, by a script, and back again."""

from flask.testing import FlaskClient

from newsletter.models import Comment, Identity, Post
from newsletter.wiring import House
from tests.web.conftest import Author
from tests.web.discussion.conftest import POST, at, say

LIKE = f"{POST}/like"
AS_SCRIPT = {"Accept": "application/json"}


def likes(house: House, post: Post) -> int:
    with house.database.reading() as session:
        return session.get_one(Post, post.id).likes


def test_a_like_is_counted_once_and_taken_back(house: House, post: Post, reader: Author) -> None:
    for given, number in (("yes", 1), ("yes", 1), ("no", 0), ("no", 0), ("yes", 1)):
        answer = reader.post(LIKE, like=given)
        assert (answer.status_code, answer.headers["Location"]) == (303, POST)
        assert likes(house, post) == number


def test_the_button_says_whether_one_likes_it(
    house: House, post: Post, reader: Author, other: Author
) -> None:
    reader.post(LIKE, like="yes")

    mine, theirs = reader.get(POST).text, other.get(POST).text

    assert mine.count('value="no" aria-pressed="true"') == 2  # above and below the post
    assert theirs.count('value="yes" aria-pressed="false"') == 2
    assert "1 like<" in theirs


def test_a_script_is_told_the_number(house: House, post: Post, reader: Author, other: Author) -> None:
    other.post(LIKE, like="yes")
    form = {"form_token": reader.token, "like": "yes"}

    answer = reader.client.post(LIKE, data=form, headers=AS_SCRIPT)

    assert answer.json == {"likes": 2, "liked": True, "shown": "2", "said": "2 likes"}
    answer = reader.client.post(LIKE, data=form | {"like": "no"}, headers=AS_SCRIPT)
    assert answer.json == {"likes": 1, "liked": False, "shown": "1", "said": "1 like"}


def test_a_comment_is_liked_where_it_stands(house: House, post: Post, ada: Identity, other: Author) -> None:
    comment = say(house, post, ada)

    answer = other.post(at(comment, "/like"), like="yes", next=f"{POST}/comments?sort=newest")

    assert answer.headers["Location"] == f"{POST}/comments?sort=newest#c-{comment.public_id}"
    with house.database.reading() as session:
        assert session.get_one(Comment, comment.id).likes == 1
    assert f'formaction="{at(comment, "/like")}" name="like" value="no"' in other.get(at(comment)).text


def test_a_like_leads_nowhere_else(house: House, post: Post, reader: Author) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert reader.post(LIKE, like="yes", next=elsewhere).headers["Location"] == POST


def test_neither_yes_nor_no_is_nothing(house: House, post: Post, reader: Author) -> None:
    for given in ("", "maybe", "YES"):
        assert reader.post(LIKE, like=given).status_code == 400
    assert likes(house, post) == 0


def test_a_stranger_is_asked_to_sign_in(house: House, post: Post, browser: FlaskClient) -> None:
    assert browser.post(LIKE, data={"like": "yes"}).status_code == 401
    assert browser.post("/p/nothing/like", data={"like": "yes"}).status_code == 401
    assert likes(house, post) == 0


def test_home_shows_what_is_being_discussed(
    house: House, post: Post, ada: Identity, browser: FlaskClient
) -> None:
    assert "Being discussed" not in browser.get("/").text

    say(house, post, ada)

    assert "Being discussed" in browser.get("/").text
