"""Uploading pictures, pasting them, and what readers' browsers get."""

from email import message_from_bytes
from email.policy import default as default_policy
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.domain.pictures import PictureAddress
from newsletter.media.pictures import address_of
from newsletter.models import Picture
from newsletter.publishing.letters import Edition, Reader, compose_letter, values_for
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.support.factories import make_author, make_post
from tests.support.pictures import drawing, photo, read, written
from tests.web.conftest import Author, Place, signed_in

PATH = "/studio/pictures"


def upload(author: Author, *files: tuple[bytes, str]):
    return author.post(PATH, pictures=[(BytesIO(content), name) for content, name in files])


def upload_large(author: Author, content: bytes):
    """The same, by hand: the test client would keep so much in a file that it never closes."""
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    token = part % (b"form_token", b"", author.token.encode())
    body = token + part % (b"pictures", b'; filename="large.jpg"', content) + b"--x--\r\n"
    return author.client.post(PATH, data=body, content_type="multipart/form-data; boundary=x")


def kept(house: House) -> list[Picture]:
    with house.database.reading() as session:
        return list(session.scalars(select(Picture).order_by(Picture.id)))


def files(house: House) -> set[str]:
    folder = house.settings.data_dir / "media"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def address(house: House, author: Author) -> PictureAddress:
    upload(author, (photo(1200, 800), "harbour.jpg"))
    (picture,) = kept(house)
    return address_of(picture)


def test_an_upload_is_kept_and_shown_with_the_line_to_paste(house: House, place: Place, author: Author):
    answer = upload(author, (photo(), "harbour.jpg"))

    assert (answer.status_code, answer.headers["Location"]) == (303, PATH)
    (picture,) = kept(house)
    assert (picture.name, picture.identity_id, picture.width) == ("harbour.jpg", place.author.id, 640)
    page = author.get(PATH).text
    assert f'value="![](/media/{picture.public_id}/640x400.jpg)"' in page
    assert "640 × 400" in page
    assert f'src="{address_of(picture).thumbnail}"' in page
    assert files(house) == {f"{picture.public_id}/{name}" for name in ("640x400.jpg", "480.webp", "640.webp")}


def test_of_several_files_each_stands_for_itself(house: House, author: Author) -> None:
    answer = upload(
        author,
        (photo(), "one.jpg"),
        (b"<svg onload='alert(1)'/>", "<b>two</b>.svg"),
        (photo()[:3000], "three.jpg"),
        (written(drawing(), "PNG"), "four.png"),
    )

    assert answer.status_code == 400
    assert [each.name for each in kept(house)] == ["one.jpg", "four.png"]
    assert "<strong>&lt;b&gt;two&lt;/b&gt;.svg was not kept.</strong> An SVG can carry scripts" in answer.text
    assert "<strong>three.jpg was not kept.</strong> The picture is damaged" in answer.text
    assert len({each.public_id for each in kept(house)} & {path[:13] for path in files(house)}) == 2
    assert len(files(house)) == 6


@pytest.mark.parametrize("form", ["nothing", "an empty field", "words"])
def test_sending_no_file_says_so(house: House, author: Author, form: str) -> None:
    fields: dict[str, object] = {"an empty field": (BytesIO(), ""), "words": "hello"}
    answer = author.post(PATH, **({"pictures": fields[form]} if form in fields else {}))

    assert answer.status_code == 400
    assert "Choose a file first" in answer.text
    assert kept(house) == []


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x", "..\\x.png", "/etc/passwd", "a\0b.png", "x" * 5000]
)
def test_the_name_of_a_file_leads_nowhere(house: House, author: Author, name: str) -> None:
    upload(author, (written(drawing(8, 8), "PNG"), name))

    (picture,) = kept(house)
    assert "/" not in picture.name
    assert "\\" not in picture.name
    assert len(picture.name) <= 200
    assert files(house) == {f"{picture.public_id}/{file}" for file in ("8x8.png", "8.webp")}


def test_too_much_at_once_is_refused_before_it_is_read(house: House, author: Author) -> None:
    answer = upload_large(author, b"\xff\xd8\xff" + b"\0" * 21_000_000)

    assert answer.status_code == 413
    assert kept(house) == []


def test_one_file_may_be_larger_than_a_form_but_not_than_a_picture(house: House, author: Author) -> None:
    raw = photo(64, 40)

    assert upload_large(author, raw + b"\0" * 14_000_000).status_code == 303
    assert "15 MB are the limit" in upload_large(author, raw + b"\0" * 15_000_000).text
    assert len(kept(house)) == 1


def test_strangers_and_readers_upload_nothing(app: Flask, house: House, place: Place, browser: FlaskClient):
    forged = app.test_client()
    forged.set_cookie(SESSION_COOKIE, "forged")
    data: dict[str, object] = {"pictures": (BytesIO(photo(64, 40)), "x.jpg")}

    assert browser.get(PATH).status_code == 302
    assert browser.post(PATH, data=data).status_code == 401
    data = {"pictures": (BytesIO(photo(64, 40)), "x.jpg"), "form_token": "0" * 64}
    assert forged.post(PATH, data=data).status_code == 403
    assert kept(house) == []
    assert not (house.settings.data_dir / "media").exists()


def test_every_author_may_upload(app: Flask, house: House, place: Place) -> None:
    with house.database.writing() as session:
        other = make_author(session, place.publication, "idris@example.org")

    assert upload(signed_in(app, house, other), (photo(64, 40), "x.jpg")).status_code == 303


def test_every_file_is_served_and_kept_by_browsers_for_good(
    house: House, browser: FlaskClient, address: PictureAddress
) -> None:
    kinds = {"jpg": ("image/jpeg", "JPEG"), "webp": ("image/webp", "WEBP")}

    for path in (address.whole, *map(address.copy, address.widths)):
        answer = browser.get(path)
        mimetype, kind = kinds[path.rpartition(".")[2]]
        assert (answer.status_code, answer.mimetype) == (200, mimetype)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Disposition"] == "inline"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert read(answer.data).format == kind
        head = browser.head(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Length"] == str(len(answer.data))


def test_what_a_browser_has_is_not_sent_again(browser: FlaskClient, address: PictureAddress) -> None:
    etag = browser.get(address.whole).headers["ETag"]

    again = browser.get(address.whole, headers={"If-None-Match": etag})
    other = browser.get(address.whole, headers={"If-None-Match": '"other"'})
    copy = browser.get(address.thumbnail, headers={"If-None-Match": etag})

    assert not etag.startswith("W/")
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert other.status_code == copy.status_code == 200


def test_an_author_who_is_signed_in_gets_the_same(author: Author, address: PictureAddress) -> None:
    assert author.get(address.whole).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "/media",
        "/media/",
        "/media/{id}",
        "/media/{id}/",
        "/media/{id}/1200x801.jpg",
        "/media/{id}/1200x800.png",
        "/media/{id}/481.webp",
        "/media/{id}/..",
        "/media/{id}/../secret.key",
        "/media/{id}/..%2f..%2fsecret.key",
        "/media/..%2f..%2f/secret.key",
        "/media/../secret.key",
        "/media/%2e%2e/secret.key",
        "/media/{id}/%2e%2e%5csecret.key",
        "/media/{id}/480.webp%00.png",
        "/media/{id}/480.webp/",
        "/media/{id}/.480.webp",
        "/media/aaaaaaaaaaaaa/480.webp",
    ],
)
def test_nothing_else_is_served(
    house: House, browser: FlaskClient, address: PictureAddress, path: str
) -> None:
    (house.settings.data_dir / "secret.key").write_bytes(b"the key to all links")

    answer = browser.get(path.format(id=address.public_id))

    assert answer.status_code == 404
    assert b"the key to all links" not in answer.data


def test_nothing_can_be_put_there(browser: FlaskClient, address: PictureAddress) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert browser.open(address.whole, method=method).status_code == 405


def test_the_pasted_line_shows_the_picture_on_the_page_and_in_the_letter(
    house: House, place: Place, author: Author, browser: FlaskClient, address: PictureAddress
) -> None:
    line = f"![A harbour at dawn]({address.whole})"
    with house.database.writing() as session:
        post = make_post(session, place.mail, place.author, markdown=f"Look:\n\n{line}\n", published=True)

    page = browser.get("/p/a-letter").text
    plan = compose_letter(house.composer, house.links, Edition(place.publication, place.mail, post))
    reader = Reader("ada@example.org", "", place.reader.public_id)
    values = values_for(house.links, place.mail.public_id, reader, "x@localhost", house.now())
    letter = message_from_bytes(plan.merge(values), policy=default_policy).get_body(("html",))

    assert f'src="{address.whole}"' in page
    assert f"{address.copy(960)} 960w" in page
    assert letter is not None
    assert f"http://localhost{address.whole}" in letter.get_content()
