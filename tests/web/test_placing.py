"""The settings of a post: its address, who may read it, its cover."""

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.domain.states import PostAccess
from newsletter.media.pictures import keep_picture, make_picture
from newsletter.models import FormerSlug, Picture, Post
from newsletter.publishing.placing import Placement, place_post, placement
from newsletter.publishing.posts import find_post
from newsletter.publishing.versions import SITE, versions
from newsletter.wiring import House
from tests.support.factories import make_author, make_post
from tests.support.pictures import drawing, photo, written
from tests.web.conftest import Author, Place, signed_in


@pytest.fixture
def post(house: House, place: Place) -> Post:
    with house.database.writing() as session:
        return make_post(session, place.mail, place.author, title="A letter", published=True)


@pytest.fixture
def path(post: Post) -> str:
    return f"/studio/posts/{post.public_id}/settings"


def a_picture(house: House, place: Place, name: str = "drawing.png", alt: str = "") -> Picture:
    made = make_picture(written(drawing(8, 8), "PNG"), name)
    with house.database.writing() as session:
        picture = keep_picture(session, house.media, place.publication.id, None, made, house.now())
        picture.alt = alt
        return picture


def stands(house: House, post: Post) -> Placement:
    with house.database.reading() as session:
        return placement(find_post(session, post.public_id))


def alt_of(house: House, picture: Picture) -> str:
    with house.database.reading() as session:
        return session.scalars(select(Picture.alt).where(Picture.id == picture.id)).one()


def version(house: House) -> int:
    with house.database.reading() as session:
        return versions(session, [SITE])[SITE].number


FORM = {"slug": "a-letter", "access": "public", "cover": "", "alt": ""}


def test_the_page_shows_how_a_post_stands(house: House, place: Place, post: Post, author: Author, path: str):
    picture = a_picture(house, place, alt='A "red" corner')
    with house.database.writing() as session:
        found = find_post(session, post.public_id)
        place_post(session, found, Placement("a-letter", PostAccess.UNLISTED, True, picture.public_id))

    page = author.get(path).text

    assert 'name="slug" value="a-letter"' in page
    assert 'value="unlisted" checked' in page
    assert page.count(" checked") == 4
    assert 'name="featured" value="yes" checked' in page
    assert f'value="{picture.public_id}" checked' in page
    assert 'name="alt" value="A &#34;red&#34; corner"' in page
    assert "the old address keeps working" in page
    for words in ("Everybody", "Subscribers only", "Others read the beginning", "Unlisted", "Only by email"):
        assert words in page


def test_all_of_it_can_be_changed(house: House, place: Place, post: Post, author: Author, path: str) -> None:
    picture = a_picture(house, place)
    before = version(house)

    answer = author.post(
        path,
        slug="Another Name",
        access="subscribers",
        featured="yes",
        cover=picture.public_id,
        alt="Corners",
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?saved=yes")
    assert stands(house, post) == Placement("another-name", PostAccess.SUBSCRIBERS, True, picture.public_id)
    assert alt_of(house, picture) == "Corners"
    assert version(house) > before
    assert "Saved." in author.get(answer.headers["Location"]).text

    author.post(path, **{**FORM, "slug": "another-name"})
    assert stands(house, post) == Placement("another-name", PostAccess.PUBLIC)


def test_the_old_address_of_a_published_post_leads_to_the_new_one(
    house: House, post: Post, author: Author, browser: FlaskClient, path: str
) -> None:
    author.post(path, **{**FORM, "slug": "another-name"})

    answer = browser.get("/p/a-letter")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/p/another-name")


def test_nobody_knew_the_old_address_of_a_draft(house: House, place: Place, author: Author) -> None:
    with house.database.writing() as session:
        draft = make_post(session, place.mail, place.author, title="A draft")
    path = f"/studio/posts/{draft.public_id}/settings"

    assert "the old address keeps working" not in author.get(path).text
    author.post(path, **{**FORM, "slug": "another-name"})

    assert stands(house, draft).slug == "another-name"
    with house.database.reading() as session:
        assert session.scalars(select(FormerSlug)).all() == []


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"slug": "taken"}, 409, "Another post has, or had, the address “taken”"),
        ({"slug": "  "}, 400, "The post needs an address"),
        ({"access": "nobody"}, 400, "choose who may read the post"),
        ({"access": ""}, 400, "choose who may read the post"),
        ({"cover": "aaaaaaaaaaaaa"}, 400, "There is no such picture"),
        ({"cover": "a\0b"}, 400, "There is no such picture"),
        ({"alt": "x" * 501, "cover": "{picture}"}, 400, "The description is too long"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    house: House, place: Place, post: Post, author: Author, path: str, wrong, status: int, says: str
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Taken", published=True)
    picture = a_picture(house, place)
    form = {**FORM, "slug": "typed-name", "access": "unlisted", "featured": "yes", "alt": "Typed <words>"}
    wrong = {name: value.format(picture=picture.public_id) for name, value in wrong.items()}

    answer = author.post(path, **{**form, **wrong})

    assert answer.status_code == status
    assert says in answer.text
    if "alt" not in wrong:
        assert "Typed &lt;words&gt;" in answer.text
    assert wrong.get("slug", "typed-name") in answer.text
    assert 'name="featured" value="yes" checked' in answer.text
    assert stands(house, post) == Placement("a-letter", PostAccess.PUBLIC)
    assert alt_of(house, picture) == ""


def test_a_cover_can_be_uploaded_at_once(house: House, post: Post, author: Author, path: str) -> None:
    answer = author.post(path, **FORM | {"alt": "A harbour"}, picture=(BytesIO(photo()), "harbour.jpg"))

    assert answer.status_code == 303
    with house.database.reading() as session:
        picture = session.scalars(select(Picture)).one()
    assert stands(house, post).cover == picture.public_id
    assert (picture.name, picture.alt) == ("harbour.jpg", "A harbour")


def test_an_upload_is_not_lost_when_something_else_is_wrong(
    house: House, place: Place, post: Post, author: Author, path: str
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Taken", published=True)

    answer = author.post(path, **FORM | {"slug": "taken"}, picture=(BytesIO(photo()), "harbour.jpg"))

    with house.database.reading() as session:
        picture = session.scalars(select(Picture)).one()
    assert answer.status_code == 409
    assert f'value="{picture.public_id}" checked' in answer.text


def test_an_upload_that_is_no_picture_changes_nothing(
    house: House, post: Post, author: Author, path: str
) -> None:
    answer = author.post(path, **FORM | {"slug": "typed"}, picture=(BytesIO(b"hello"), "harbour.jpg"))

    assert answer.status_code == 400
    assert "This is not a picture we know" in answer.text
    assert 'value="typed"' in answer.text
    assert stands(house, post).slug == "a-letter"


def test_another_cover_keeps_its_own_description(
    house: House, place: Place, post: Post, author: Author, path: str
) -> None:
    one, other = a_picture(house, place, alt="One"), a_picture(house, place, alt="Other")
    author.post(path, **FORM | {"cover": one.public_id, "alt": ""})

    author.post(path, **FORM | {"cover": other.public_id, "alt": "One"})

    assert (alt_of(house, one), alt_of(house, other)) == ("One", "Other")
    author.post(path, **FORM | {"cover": other.public_id, "alt": "Described anew"})
    assert (alt_of(house, one), alt_of(house, other)) == ("One", "Described anew")
    author.post(path, **FORM | {"cover": other.public_id, "alt": ""})
    assert alt_of(house, other) == ""


def test_an_old_cover_can_still_be_kept(
    house: House, place: Place, post: Post, author: Author, path: str
) -> None:
    old = a_picture(house, place, "old.png")
    author.post(path, **FORM | {"cover": old.public_id})
    for number in range(25):
        a_picture(house, place, f"{number}.png")

    page = author.get(path).text

    assert f'value="{old.public_id}" checked' in page
    assert page.count('name="cover"') == 26


def test_an_author_may_not_place_what_others_wrote(
    app: Flask, house: House, place: Place, post: Post, path: str
) -> None:
    with house.database.writing() as session:
        other = make_author(session, place.publication, "idris@example.org")
    stranger = signed_in(app, house, other)

    assert stranger.get(path).status_code == 403
    answer = stranger.post(path, **FORM | {"slug": "mine"}, picture=(BytesIO(photo()), "x.jpg"))
    assert answer.status_code == 403
    assert stands(house, post).slug == "a-letter"
    with house.database.reading() as session:
        assert session.scalars(select(Picture)).all() == []


def test_the_settings_are_found_from_writing_and_from_the_list(author: Author, post: Post, path: str) -> None:
    assert f'href="{path}"' in author.get(f"/studio/posts/{post.public_id}").text
    assert f'href="{path}"' in author.get("/studio/").text
