"""The account page: every form of it, without scripts."""

import io
import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from newsletter.accounts.identities import claim_identity
from newsletter.accounts.moving import CHANGES_A_DAY
from newsletter.audience.subscribers import choices
from newsletter.audience.suppression import is_suppressed, suppress
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import Rhythm, SubscriberState
from newsletter.models import AddressChange, Consent, Identity, Picture, Session, Subscriber
from newsletter.publishing.versions import SITE, versions
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.support.factories import make_post
from tests.support.pictures import drawing, written
from tests.web.conftest import Author, Place, signed_in

ADA, EVE = parse_address("ada@example.org"), parse_address("eve@example.org")


def somebody(app: Flask, house: House, place: Place, address=ADA) -> Author:
    with house.database.writing() as session:
        identity = claim_identity(session, place.publication.id, address, house.now())
    return signed_in(app, house, identity)


@pytest.fixture
def ada(app: Flask, house: House, place: Place) -> Author:
    """A reader of two sections."""
    return somebody(app, house, place)


@pytest.fixture
def eve(app: Flask, house: House, place: Place) -> Author:
    """Somebody who only signed in."""
    return somebody(app, house, place, EVE)


def identity_of(house: House, address=ADA) -> Identity:
    with house.database.reading() as session:
        return session.scalars(select(Identity).where(Identity.address_key == address.key)).one()


def reader(house: House, address=ADA) -> Subscriber | None:
    with house.database.reading() as session:
        return session.scalar(select(Subscriber).where(Subscriber.address_key == address.key))


def follows(house: House, address=ADA) -> list[str]:
    subscriber = reader(house, address)
    with house.database.reading() as session:
        found = choices(session, subscriber) if subscriber is not None else []
        return [each.section.slug for each in found if each.followed]


def consents(house: House) -> list[tuple[str, str]]:
    with house.database.reading() as session:
        rows = session.execute(select(Consent.wording, Consent.source).order_by(Consent.id))
        return [(wording, source) for wording, source in rows]


FORMS = {
    "name": {"name": "Ada"},
    "picture": {"remove": "yes"},
    "sections": {"section": "mail"},
    "pause": {"action": "pause"},
    "rhythm": {"rhythm": "weekly"},
    "discussion": {},
    "address": {"address": "new@example.org"},
    "browsers": {"others": "yes"},
}


@pytest.mark.parametrize("part", FORMS)
def test_every_form_says_that_it_was_saved_where_it_stands(ada: Author, part: str) -> None:
    answer = ada.post(f"/account/{part}", **FORMS[part])

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/account?saved={part}#{part}")
    page = ada.get(answer.headers["Location"])
    assert page.status_code == 200
    assert page.text.count("<strong>Saved.</strong>") == 1
    assert page.headers["Cache-Control"] == "no-store"


def test_nobody_else_sees_or_does_anything(app: Flask, house: House, place: Place) -> None:
    stranger = app.test_client()

    for path in ("/account", "/account/export", "/account/delete"):
        assert stranger.get(path).headers["Location"].startswith("/sign-in?next=/account")
    for part, form in FORMS.items():
        assert stranger.post(f"/account/{part}", data=form).status_code == 401
    assert stranger.post("/account/delete").status_code == 401


def test_every_form_needs_its_token(ada: Author) -> None:
    for part, form in FORMS.items():
        assert ada.client.post(f"/account/{part}", data=form).status_code == 403
    assert ada.client.post("/account/delete").status_code == 403


def test_a_word_that_is_no_part_of_the_page_says_nothing(ada: Author) -> None:
    assert "Saved" not in ada.get("/account?saved=<script>").text


def test_a_name_stands_on_the_site_and_in_letters(house: House, ada: Author) -> None:
    ada.post("/account/name", name="  Ada\u202e\nLovelace ")

    assert identity_of(house).name == "Ada Lovelace"
    found = reader(house)
    assert found is not None
    assert found.name == "Ada Lovelace"
    too_long = ada.post("/account/name", name="x" * 201)
    assert too_long.status_code == 400
    assert "The name is too long" in too_long.text
    assert "x" * 201 in too_long.text, "what was typed is still there"
    assert identity_of(house).name == "Ada Lovelace"


def test_an_author_needs_a_name_and_pages_show_a_new_one(house: House, place: Place, author: Author) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="A letter", published=True)
    with house.database.reading() as session:
        before = versions(session, [SITE])[SITE].number

    assert author.post("/account/name", name="").status_code == 400
    author.post("/account/name", name="Mara L.")

    with house.database.reading() as session:
        assert versions(session, [SITE])[SITE].number > before
    assert "Mara L." in author.get("/p/a-letter").text


def test_a_picture_is_shown_replaced_and_removed_with_its_files(house: House, ada: Author) -> None:
    def upload(size: int):
        file = (io.BytesIO(written(drawing(size, size), "PNG")), "me.png")
        return ada.client.post("/account/picture", data={"form_token": ada.token, "picture": file})

    folder = house.settings.data_dir / "media"
    assert upload(8).status_code == 303
    with house.database.reading() as session:
        first = session.scalars(select(Picture)).one()
    assert f"/media/{first.public_id}/8.webp" in ada.get("/account").text

    assert upload(9).status_code == 303
    with house.database.reading() as session:
        second = session.scalars(select(Picture)).one()
    assert [each.name for each in folder.iterdir()] == [second.public_id]

    ada.post("/account/picture", remove="yes")
    assert list(folder.iterdir()) == []
    assert "hue-" in ada.get("/account").text
    assert "<img" not in ada.get("/account").text


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"<svg onload=alert(1)>"])
def test_what_is_no_picture_is_refused_and_nothing_stays(house: House, ada: Author, content: bytes) -> None:
    file = (io.BytesIO(content), "me.png")

    answer = ada.client.post("/account/picture", data={"form_token": ada.token, "picture": file})

    assert answer.status_code == 400
    assert "Not saved yet" in answer.text
    assert identity_of(house).picture_id is None


def test_the_pictures_of_people_are_not_among_those_for_posts(house, ada: Author, author: Author) -> None:
    file = (io.BytesIO(written(drawing(8, 8), "PNG")), "me.png")
    ada.client.post("/account/picture", data={"form_token": ada.token, "picture": file})
    with house.database.reading() as session:
        picture = session.scalars(select(Picture)).one()

    assert picture.public_id not in author.get("/studio/pictures").text


def test_sections_are_switched_on_and_off(house: House, ada: Author) -> None:
    ada.post("/account/sections", section="craft")
    assert follows(house) == ["craft"]
    ada.post("/account/sections")
    assert follows(house) == []
    found = reader(house)
    assert found is not None
    assert found.state is SubscriberState.LEFT
    assert {source for _wording, source in consents(house)} == {"account page"}
    assert consents(house)[-1][0] == "Send me no letters."


def test_who_only_signed_in_follows_with_one_press(house: House, eve: Author) -> None:
    eve.post("/account/sections")
    assert reader(house, EVE) is None, "nothing chosen makes no subscriber"

    eve.post("/account/sections", section="mail")

    found = reader(house, EVE)
    assert found is not None
    assert (found.state, found.address) == (SubscriberState.ACTIVE, EVE.wire)
    assert found.confirmed_at is not None
    assert follows(house, EVE) == ["mail"]
    assert consents(house) == [("Send me letters from: How mail works.", "account page")]


def test_an_address_that_complained_gets_letters_again_only_by_saying_so(house, place, eve: Author) -> None:
    with house.database.writing() as session:
        suppress(session, house.hasher, place.publication.id, EVE, reason="complaint", now=house.now())

    eve.post("/account/sections", section="mail")
    page = eve.get("/account").text
    assert "No letters come to you now" in page
    with house.database.reading() as session:
        assert is_suppressed(session, house.hasher, place.publication.id, EVE)

    eve.post("/account/sections", section="mail", action="again")
    assert "No letters come to you now" not in eve.get("/account").text
    with house.database.reading() as session:
        assert not is_suppressed(session, house.hasher, place.publication.id, EVE)


def test_a_pause_is_a_month_and_can_end_at_once(house: House, ada: Author) -> None:
    ada.post("/account/pause", action="pause")
    found = reader(house)
    assert found is not None
    assert found.paused_until is not None
    assert timedelta(days=29) < found.paused_until - house.now() <= timedelta(days=30)
    assert "Send me letters again" in ada.get("/account").text

    ada.post("/account/pause", action="go on")
    found = reader(house)
    assert found is not None
    assert found.paused_until is None
    assert len(consents(house)) == 2


def test_a_rhythm_is_kept_and_the_page_is_honest_about_it(house: House, ada: Author) -> None:
    ada.post("/account/rhythm", rhythm="weekly")

    found = reader(house)
    assert found is not None
    assert found.rhythm is Rhythm.WEEKLY
    assert "not sent yet" in ada.get("/account").text
    assert ada.post("/account/rhythm", rhythm="hourly").status_code == 400


@pytest.mark.parametrize(("part", "form"), [("pause", {"action": "pause"}), ("rhythm", {"rhythm": "daily"})])
def test_who_gets_no_letters_cannot_pause_them(house: House, eve: Author, part: str, form) -> None:
    answer = eve.post(f"/account/{part}", **form)

    assert answer.status_code == 400
    assert reader(house, EVE) is None
    assert 'id="pause"' not in eve.get("/account").text


def test_mail_about_discussions_is_switched_off_and_on(house: House, ada: Author) -> None:
    ada.post("/account/discussion")
    assert not identity_of(house).hears_of_comments
    ada.post("/account/discussion", hears="yes")
    assert identity_of(house).hears_of_comments


def test_a_change_of_address_takes_both_mails(app: Flask, house: House, ada: Author) -> None:
    ada.post("/account/address", address="new@example.org")
    assert "new@example.org" in ada.get("/account").text
    with house.database.reading() as session:
        change = session.scalars(select(AddressChange)).one()
    mailbox = app.test_client()
    paths = [
        house.links.address_change(change.public_id, change.created_at, by_new=by_new).removeprefix(
            "http://localhost"
        )
        for by_new in (False, True)
    ]

    for path in paths:
        assert "Yes, change the address" in mailbox.get(path).text
        assert identity_of(house).address == ADA.wire
    assert "Half done" in mailbox.post(paths[0]).text
    assert identity_of(house).address == ADA.wire
    assert "Your address has changed" in mailbox.post(paths[1]).text
    assert "new@example.org" in ada.get("/account").text
    assert follows(house, parse_address("new@example.org")) == ["mail", "craft"]


def test_the_answer_is_the_same_whoever_has_the_new_address(house: House, place: Place, eve: Author) -> None:
    pages = set()
    for address in ("mara@example.org", "ada@example.org", "nobody@example.org"):
        answer = eve.post("/account/address", address=address)
        assert answer.status_code == 303
        pages.add(eve.get("/account").text.replace(address, "ADDRESS"))

    assert len(pages) == 1


def test_a_change_can_be_dropped_and_asking_ends_somewhere(house: House, ada: Author) -> None:
    for number in range(CHANGES_A_DAY):
        ada.post("/account/address", address=f"new{number}@example.org")
    refused = ada.post("/account/address", address="more@example.org")
    assert refused.status_code == 429
    assert ada.post("/account/address", address="ada@example.org").status_code == 400
    assert ada.post("/account/address", address="no address").status_code == 400

    ada.post("/account/address", action="drop")
    assert "You asked to move" not in ada.get("/account").text


def test_a_forged_link_to_agree_agrees_to_nothing(place, ada: Author) -> None:
    assert ada.get("/address/AAAA").status_code == 404
    assert ada.post("/address/AAAA").status_code == 404


def test_other_browsers_are_signed_out(app: Flask, house: House, place: Place, ada: Author) -> None:
    other, third = (somebody(app, house, place) for _time in range(2))
    with house.database.reading() as session:
        newest = session.scalar(select(func.max(Session.id)))

    ada.post("/account/browsers", browser=newest)
    assert third.get("/account").status_code == 302
    assert other.get("/account").status_code == 200
    ada.post("/account/browsers", others="yes")
    assert other.get("/account").status_code == 302
    for wild in ("", "x", "9" * 30, "-1", "٣"):
        assert ada.post("/account/browsers", browser=wild).status_code == 303
    assert ada.get("/account").status_code == 200


def test_everything_can_be_taken_along(ada: Author) -> None:
    answer = ada.get("/account/export")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="account.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    held = json.loads(answer.data)
    assert held["account"]["address"] == ADA.wire
    assert [each["section"] for each in held["reading"]["sections"]] == ["How mail works", "Craft"]


def test_deleting_says_what_goes_and_then_does_it(house: House, ada: Author) -> None:
    page = ada.get("/account/delete").text
    assert "What goes" in page
    assert "What stays" in page

    answer = ada.post("/account/delete")

    assert "Your account is deleted" in answer.text
    assert ">Sign in</a>" in answer.text
    assert answer.headers["Set-Cookie"].startswith(f"{SESSION_COOKIE}=;")
    assert ada.get("/account").status_code == 302
    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.address)).all() == [None]
        assert ADA.wire not in session.scalars(select(Identity.address)).all()


def test_authors_keep_their_account_until_their_role_is_taken(house, place, author: Author) -> None:
    assert "the owner has to take your role away first" in author.get("/account/delete").text
    assert author.post("/account/delete").status_code == 403
    assert author.get("/account").status_code == 200


def test_the_page_speaks_arabic_from_right_to_left(ada: Author) -> None:
    page = ada.client.get("/account", headers={"Accept-Language": "ar"})

    assert 'dir="rtl"' in page.text
    assert page.status_code == 200
