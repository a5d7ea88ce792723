"""Subscribe forms on other sites: in a frame of ours, and as a form of theirs."""

import html
import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.models import Consent, Notice, Publication, Subscriber
from newsletter.wiring import House
from tests.web.conftest import Author, Place

ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://blog.example"}
IN_OUR_FRAME = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost", "Sec-Fetch-Dest": "iframe"}


def policy(answer) -> str:
    return str(answer.headers["Content-Security-Policy"])


def nothing_new(house: House) -> bool:
    with house.database.reading() as session:
        addresses = session.scalars(select(Subscriber.address)).all()
        return addresses == ["ada@example.org"] and not session.scalars(select(Notice.id)).all()


def test_the_frame_and_all_its_answers_may_stand_on_any_site(
    place: Place, browser: FlaskClient, stamp: str
) -> None:
    good = {"address": "eve@example.org", "stamp": stamp}
    answers = [
        browser.get("/embed"),
        browser.post("/embed", data=good, headers=IN_OUR_FRAME),
        browser.post("/embed", data={**good, "address": "nobody"}),
        browser.post("/embed", data={"address": "eve@example.org"}),
        browser.post("/embed", data=good, headers=ELSEWHERE),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 400, 200, 403]
    for answer in answers:
        assert "frame-ancestors *" in policy(answer)
        assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/subscribe", "/s/mail", "/studio/embed"])
def test_nothing_else_may_be_framed_by_others(author: Author, path: str) -> None:
    assert "frame-ancestors 'none'" in policy(author.get(path))


def test_a_form_in_the_frame_is_taken_and_stays_in_it(
    house: House, place: Place, browser: FlaskClient, stamp: str
) -> None:
    page = browser.get("/embed?section=craft").text
    assert 'action="/embed"' in page
    assert "Follow Craft" in page
    sent = {"address": "eve@example.org", "section": "craft", "source": "embedded form", "stamp": stamp}

    answer = browser.post("/embed", data=sent, headers=IN_OUR_FRAME)

    assert "Check your inbox" in answer.text
    assert re.findall(r'action="([^"]*)"', answer.text) == ["/embed"], "to send it again"
    assert "<header" not in answer.text
    with house.database.reading() as session:
        consent = session.scalars(select(Consent)).one()
    assert consent.section_ids == [place.craft.id]
    assert consent.source == "embedded form"
    assert consent.wording in page


def test_the_frame_is_never_filled_in_by_its_address(place: Place, browser: FlaskClient) -> None:
    """Else a hostile page could lay it under a button, with somebody else's address in it."""
    assert "eve@example.org" not in browser.get("/embed?address=eve@example.org").text


@pytest.mark.parametrize("form", [{}, {"section": "gossip"}, {"section": ["mail", "craft"]}])
def test_an_odd_address_of_the_frame_shows_the_whole_publication(
    place: Place, browser: FlaskClient, form: dict[str, object]
) -> None:
    answer = browser.get("/embed", query_string=form)

    assert answer.status_code == 200


def test_a_form_on_another_site_leads_to_ours_filled_in_and_changes_nothing(
    house: House, place: Place, browser: FlaskClient
) -> None:
    form = {"address": "eve@example.org", "section": "craft"}

    answer = browser.post("/subscribe/from-elsewhere", data=form, headers=ELSEWHERE)

    assert answer.status_code == 200
    assert 'value="eve@example.org"' in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["craft"]
    assert 'action="/subscribe"' in answer.text
    assert "frame-ancestors 'none'" in policy(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert nothing_new(house)

    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    pressed = browser.post("/subscribe", data={**hidden, **form})
    assert "Check your inbox" in pressed.text
    with house.database.reading() as session:
        assert session.scalars(select(Consent.source)).one() == "form on another site"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"address": '"><script>alert(1)</script>'},
        {"address": "x" * 5000, "section": "<gossip>", "name": "x" * 5000},
        {"address": "a\x00b", "choose": "1", "again": "1", "stamp": "x"},
    ],
)
def test_whatever_another_site_sends_is_shown_as_text_and_changes_nothing(
    house: House, place: Place, browser: FlaskClient, form: dict[str, str]
) -> None:
    answer = browser.post("/subscribe/from-elsewhere", data=form, headers=ELSEWHERE)

    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert nothing_new(house)


def test_a_script_on_another_site_is_told_where_to_go_on(
    house: House, place: Place, browser: FlaskClient
) -> None:
    headers = {**ELSEWHERE, "Accept": "application/json"}
    form = {"address": "eve@example.org", "section": "craft"}

    answer = browser.post("/subscribe/from-elsewhere", data=form, headers=headers)

    assert answer.json == {"continue": "http://localhost/subscribe?section=craft"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert nothing_new(house)


class Markup(HTMLParser):
    """What a snippet is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str | None]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = dict(attrs)


def snippets(page: str) -> list[Markup]:
    found = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, flags=re.DOTALL)
    return [Markup(html.unescape(each)) for each in found]


def test_the_studio_shows_snippets_that_work(author: Author, place: Place, browser: FlaskClient) -> None:
    page = author.get("/studio/embed?section=craft").text
    frame, form = snippets(page)

    src = str(frame.tags["iframe"]["src"]).removeprefix("http://localhost")
    assert "Follow Craft" in browser.get(src).text
    assert f'src="{src}"' in page, "the preview is the frame itself"
    action = str(form.tags["form"]["action"]).removeprefix("http://localhost")
    sent = {str(form.tags["input"]["name"]): "craft", "address": "eve@example.org"}
    assert 'value="eve@example.org"' in browser.post(action, data=sent, headers=ELSEWHERE).text


def test_a_name_is_text_in_the_snippets_and_on_the_page(house: House, author: Author, place: Place) -> None:
    name = '"Tom & <b>Jerry</b>"'
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).name = name

    page = author.get("/studio/embed").text
    frame, form = snippets(page)

    assert frame.tags["iframe"]["title"] == f"Subscribe to {name}"
    assert "b" not in form.tags
    assert "<b>" not in page
