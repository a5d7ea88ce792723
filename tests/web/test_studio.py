"""Signing in, writing, previewing, publishing, watching."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from newsletter.accounts.audit import deeds_on
from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.states import CampaignState
from newsletter.models import Campaign, Post, Publication
from newsletter.wiring import House
from tests.support.factories import make_author, make_post
from tests.web.conftest import Author, Place, signed_in


def the_post(house: House) -> Post:
    with house.database.reading() as session:
        return session.scalars(select(Post)).one()


def campaigns(house: House) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Campaign)) or 0


@pytest.fixture
def post(house: House, place: Place) -> Post:
    with house.database.writing() as session:
        return make_post(session, place.mail, place.author, title="A letter")


def test_the_studio_asks_strangers_to_sign_in(place: Place, browser: FlaskClient) -> None:
    for path in ("/studio/", "/studio/posts/new"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in?next={path}")
    assert browser.post("/studio/posts/new", data={"title": "x"}).status_code == 401


def test_signing_out_ends_the_session(author: Author) -> None:
    author.post("/sign-out")

    assert author.get("/studio/").status_code == 302


def test_writing_saving_and_saving_again(house: House, place: Place, author: Author) -> None:
    made = author.post("/studio/posts/new", title="One", markdown="Text", section="mail")
    assert made.status_code == 303

    author.post(made.headers["Location"], title="Two", markdown="More", section="craft", version="1")

    post = the_post(house)
    assert (post.title, post.markdown, post.section_id, post.version) == ("Two", "More", place.craft.id, 2)


def test_nothing_typed_is_lost_when_saving_fails(house, place, author: Author) -> None:
    answer = author.post(
        "/studio/posts/new", title="T" * 400, markdown="My precious words & <tags>", section="mail"
    )

    assert answer.status_code == 400
    assert "The title is too long" in answer.text
    assert "My precious words &amp; &lt;tags&gt;" in answer.text


def test_saving_over_a_newer_version_keeps_both(house: House, author: Author, post: Post) -> None:
    path = f"/studio/posts/{post.public_id}"
    author.post(path, title="First", markdown="one", section="mail", version="1")

    late = author.post(path, title="Second", markdown="two words", section="mail", version="1")

    assert late.status_code == 409
    assert "two words" in late.text
    assert the_post(house).title == "First"


def test_publishing_says_exactly_what_will_happen(author: Author, post: Post) -> None:
    page = author.get(f"/studio/posts/{post.public_id}/publish").text

    assert re.search(r"mailed to\s+<strong>1 subscriber</strong> of How mail works, right now", page)


def test_what_the_checks_find_stands_before_the_button(house: House, author: Author, post: Post) -> None:
    markdown = "Words.\n\n[press](javascript:alert)\n"
    author.post(
        f"/studio/posts/{post.public_id}", title="New", markdown=markdown, section="mail", version="1"
    )
    path = f"/studio/posts/{post.public_id}/publish"

    page = author.get(path).text
    answer = author.post(path, how="email", version="2", accept="all")

    assert "Mend this first" in page
    assert "Line 3." in page
    assert 'value="email"' not in page
    assert 'value="web"' in page
    assert answer.status_code == 400
    assert "cannot be sent yet" in answer.text
    assert campaigns(house) == 0


def test_a_warning_is_accepted_by_a_tick(house: House, place: Place, author: Author, post: Post) -> None:
    with house.database.writing() as session:
        session.execute(update(Publication).values(postal_address=""))
    path = f"/studio/posts/{post.public_id}/publish"

    page = author.get(path).text
    refused = author.post(path, how="email", version="1")
    blanket = author.post(path, how="email", version="1", accept="all")
    sent = author.post(path, how="email", version="1", accept="identity")

    assert "Worth a second look" in page
    assert 'name="accept" value="identity"' in page
    assert refused.status_code == blanket.status_code == 400
    assert sent.status_code == 303
    with house.database.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
        (deed,) = deeds_on(session, f"campaign {campaign.public_id}")
    assert (deed.action, deed.actor) == ("send", "mara@example.org")
    assert deed.detail == {"in spite of": "identity"}


def test_publishing_to_the_web_only_mails_nobody(house: House, author: Author, post: Post) -> None:
    answer = author.post(f"/studio/posts/{post.public_id}/publish", how="web", version="1")

    assert answer.headers["Location"] == "/p/a-letter"
    assert campaigns(house) == 0
    assert author.get("/p/a-letter").status_code == 200


def test_publishing_by_email_twice_sends_once(house: House, author: Author, post: Post) -> None:
    path = f"/studio/posts/{post.public_id}/publish"

    first = author.post(path, how="email", version="1")
    second = author.post(path, how="email", version="1")

    assert first.headers["Location"] == second.headers["Location"]
    assert campaigns(house) == 1


def test_a_post_that_changed_under_the_button_is_not_sent(house: House, author: Author, post: Post) -> None:
    author.post(f"/studio/posts/{post.public_id}", title="New", markdown="new", section="mail", version="1")

    answer = author.post(f"/studio/posts/{post.public_id}/publish", how="email", version="1")

    assert answer.status_code == 409
    assert campaigns(house) == 0


def test_watching_shows_numbers_that_add_up(house: House, author: Author, post: Post) -> None:
    sent = author.post(f"/studio/posts/{post.public_id}/publish", how="email", version="1")
    with house.database.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
    freeze_audience(house.database, house.bell, campaign.id, 10)

    page = author.get(sent.headers["Location"])
    counts = author.get(sent.headers["Location"] + "/counts").json

    assert "On its way" in page.text
    assert counts is not None
    assert counts["state"] == CampaignState.SENDING
    assert (counts["audience"], counts["planned"], counts["accepted"]) == (1, 1, 0)


@pytest.mark.parametrize("form", ["web", "email", "text"])
def test_previews_show_the_post_as_its_readers_get_it(author: Author, post: Post, form: str) -> None:
    answer = author.get(f"/studio/posts/{post.public_id}/preview/{form}")

    assert answer.status_code == 200
    assert "Hello there" in answer.text.replace("=\n", "")
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert author.get(f"/studio/posts/{post.public_id}/preview").status_code == 200
    assert author.get(f"/studio/posts/{post.public_id}/preview/fax").status_code == 404


def test_an_author_may_not_touch_what_others_wrote(
    app: Flask, house: House, place: Place, post: Post
) -> None:
    with house.database.writing() as session:
        other = make_author(session, place.publication, "idris@example.org")
    stranger = signed_in(app, house, other)

    for path in ("", "/publish", "/preview", "/preview/web", "/preview/email"):
        assert stranger.get(f"/studio/posts/{post.public_id}{path}").status_code == 403
    assert stranger.post(f"/studio/posts/{post.public_id}", title="x", version="1").status_code == 403
    assert (
        stranger.post(f"/studio/posts/{post.public_id}/publish", how="email", version="1").status_code == 403
    )
    assert campaigns(house) == 0
