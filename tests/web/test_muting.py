"""Ending mail about discussions: by page and by one click, for a thread or for all, and back."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity, MutedThread
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.support.factories import make_post
from tests.web.conftest import Author, Place

SITE = "http://localhost"


@pytest.fixture
def thread(house: House, place: Place) -> Comment:
    """What the owner wrote below a post."""
    with house.database.writing() as session:
        post = make_post(session, place.mail, place.author, title="A <b>queue</b> & a bell", published=True)
        comment = Comment(
            publication_id=post.publication_id,
            post_id=post.id,
            identity_id=place.author.id,
            path="00000001",
            markdown="First.",
            html="<p>First.</p>",
            created_at=house.now(),
        )
        session.add(comment)
        session.flush()
        return comment


@pytest.fixture
def path(house: House, place: Place, thread: Comment) -> str:
    return house.links.mute(place.author.public_id, thread.public_id).removeprefix(SITE)


@pytest.fixture
def path_of_all(house: House, place: Place, thread: Comment) -> str:
    return house.links.mute(place.author.public_id).removeprefix(SITE)


def muted(house: House) -> tuple[int, bool]:
    """How many threads are muted, and whether the author hears of any."""
    with house.database.reading() as session:
        threads = session.scalars(select(MutedThread.comment_id)).all()
        return len(threads), session.scalars(select(Identity.hears_of_comments)).one()


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(house, browser, path, path_of_all, method: str) -> None:
    for each in (path, path_of_all):
        assert getattr(browser, method)(each).status_code == 200

    assert muted(house) == (0, True)


def test_the_page_is_one_sentence_and_one_button(browser: FlaskClient, path: str, path_of_all: str) -> None:
    one, every = (re.sub(r"(?s)<footer.*", "", browser.get(each).text) for each in (path, path_of_all))

    assert one.count("<button>") == every.count("<button>") == 1
    assert (
        "Stop writing to me about this thread below “<bdi>A &lt;b&gt;queue&lt;/b&gt; &amp; a bell</bdi>”."
        in one
    )
    assert "Stop writing to me about comments and answers." in every
    assert "<bdi>mara@example.org</bdi>" in one


def test_the_button_mutes_one_thread_and_offers_to_undo_and_to_end_all(
    house: House, browser: FlaskClient, path: str, path_of_all: str
) -> None:
    answer = browser.post(path)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "No more mail about this thread" in answer.text
    assert f'href="{path_of_all}"' in answer.text
    assert muted(house) == (1, True)


def test_the_other_link_ends_all(house: House, browser: FlaskClient, path_of_all: str) -> None:
    assert "No more mail about any discussion" in browser.post(path_of_all).text
    assert muted(house) == (0, False)


@pytest.mark.parametrize("content", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_acts_at_once_without_cookie_token_or_redirect(
    house: House, browser: FlaskClient, path: str, path_of_all: str, content: str
) -> None:
    for each in (path, path_of_all):
        answer = browser.post(
            each,
            data={"List-Unsubscribe": "One-Click"},
            content_type=content,
            headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example.com"},
        )
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert "Set-Cookie" not in answer.headers

    assert muted(house) == (1, False)


def test_a_signed_in_browser_needs_no_form_token_either(house: House, author: Author, path: str) -> None:
    assert author.client.get_cookie(SESSION_COOKIE) is not None

    assert author.client.post(path).status_code == 200
    assert muted(house) == (1, True)


def test_muting_twice_is_muting_once(house: House, browser: FlaskClient, path: str, path_of_all: str) -> None:
    answers = [browser.post(each) for each in (path, path, path_of_all, path_of_all)]

    assert {each.status_code for each in answers} == {200}
    assert muted(house) == (1, False)


def test_undo_hears_again(house: House, browser: FlaskClient, path: str, path_of_all: str) -> None:
    for each, words in ((path, "Answers in this thread"), (path_of_all, "Mail about comments and answers")):
        browser.post(each)
        answer = browser.post(each, data={"action": "return"})
        assert f"{words} come" in answer.text.replace("comes", "come")

    assert muted(house) == (0, True)


def test_undoing_a_thread_says_what_is_still_off(
    house: House, browser: FlaskClient, path: str, path_of_all: str
) -> None:
    browser.post(path_of_all)

    assert "You still hear of other discussions" not in browser.post(path).text
    assert "no mail about any discussion" in browser.post(path, data={"action": "return"}).text
    assert muted(house) == (0, False)


def test_pages_speak_the_language_of_the_form(browser: FlaskClient, path: str) -> None:
    assert 'lang="ar" dir="rtl"' in browser.post(path, data={"language": "ar"}).text


def test_a_thread_whose_first_comment_is_gone_from_the_page_can_still_be_muted(
    house: House, browser: FlaskClient, path: str
) -> None:
    with house.database.writing() as session:
        session.execute(update(Comment).values(state=CommentState.DELETED, markdown="", html=""))

    assert "See the thread" not in browser.get(path).text
    assert browser.post(path).status_code == 200
    assert muted(house) == (1, True)


def test_the_link_of_somebody_erased_does_nothing(house: House, browser: FlaskClient, path: str) -> None:
    with house.database.writing() as session:
        session.execute(update(Identity).values(erased_at=house.now(), address=None))

    for answer in (browser.get(path), browser.post(path), browser.post(path, data={"action": "return"})):
        assert answer.status_code == 404
    assert muted(house) == (0, True)


def test_a_link_of_a_thread_that_is_no_longer_kept_says_so(
    house: House, place: Place, browser: FlaskClient
) -> None:
    path = house.links.mute(place.author.public_id, "aaaaaaaaaaaaa").removeprefix(SITE)

    assert browser.get(path).status_code == browser.post(path).status_code == 404
    assert "a thread that is no longer here" in browser.get(path).text


def test_forged_links_and_links_for_other_things_do_nothing(
    house: House, place: Place, browser: FlaskClient, path: str
) -> None:
    other = house.links.unsubscribe(place.reader.public_id, place.mail.public_id).rpartition("/")[2]
    token = path.rpartition("/")[2]

    for each in (other, token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), "x", token + "%00"):
        assert browser.get(f"/mute/{each}").status_code == 404, each
        assert browser.post(f"/mute/{each}").status_code == 404, each
    assert muted(house) == (0, True)
