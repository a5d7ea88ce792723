"""Subscribe and confirm: what a form is answered with, what is kept, and what is not."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.audience.consents import Words
from newsletter.audience.subscribing import leave_section
from newsletter.audience.suppression import suppress
from newsletter.domain.addresses import parse_address
from newsletter.domain.stamps import write_stamp
from newsletter.models import Base, Consent, Notice, Publication, Section, Subscriber
from newsletter.web import languages
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.web.conftest import Place

ONCE_MORE = "Please press Subscribe once more."
THROWN_AWAY = "mailinator.com"

Subscribe = Callable[..., str]


@pytest.fixture
def subscribe(browser: FlaskClient, stamp: str) -> Subscribe:
    """Send the form as a page of ours would, and read the answer."""

    def subscribe(address: str = "eve@example.org", **form: object) -> str:
        return browser.post("/subscribe", data={"address": address, "stamp": stamp, **form}).text

    return subscribe


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house.now().replace(hour=12, minute=0))


@pytest.fixture
def later(house: House, clock: Clock) -> Iterator[House]:
    """The house by that clock, with forms that need two seconds."""
    house = House(house.settings.model_copy(update={"form_seconds": 2}), house.ring, now=clock)
    yield house
    house.database.close()


@pytest.fixture
def visitor(later: House, place: Place) -> FlaskClient:
    return create_app(later).test_client()


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's form in the main column, as a browser would send them."""
    form = re.search(r"<main.*?<form.*?</form>", page, flags=re.DOTALL)
    assert form
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))


Kept = tuple[list[str | None], list[str]]


def everything_kept(house: House) -> Kept:
    with house.database.reading() as session:
        addresses = session.scalars(select(Subscriber.address).order_by(Subscriber.id)).all()
        return list(addresses), list(session.scalars(select(Notice.kind).order_by(Notice.id)))


NOTHING_NEW: Kept = (["ada@example.org"], [])


def the_consent(house: House) -> Consent:
    with house.database.reading() as session:
        return session.scalars(select(Consent).order_by(Consent.id.desc())).first() or pytest.fail("none")


def confirm_path(house: House) -> str:
    consent = the_consent(house)
    return house.links.confirm(consent.public_id, consent.at).removeprefix("http://localhost")


def test_subscribing_answers_with_the_address_and_mails_it(house, place, subscribe: Subscribe) -> None:
    answer = subscribe("Eve@Example.org", section="mail", source="subscribe page")

    assert "Check your inbox" in answer
    assert "Eve@example.org" in answer
    assert everything_kept(house) == (["ada@example.org", "Eve@example.org"], ["confirm"])
    assert the_consent(house).section_ids == [place.mail.id]
    assert the_consent(house).source == "subscribe page"


def test_the_answer_is_the_same_for_known_unknown_pending_and_suppressed_addresses(
    later: House, place: Place, clock: Clock, visitor: FlaskClient
) -> None:
    with later.database.writing() as session:
        address = parse_address("bad@example.org")
        suppress(session, later.hasher, place.publication.id, address, reason="complaint", now=clock())
    stamp = write_stamp(later.keyring, clock(), exact=False)

    def ask(address: str, **form: str) -> str:
        data = {"address": address, "stamp": stamp, **form}
        return visitor.post("/subscribe", data=data).text.replace(address, "ADDRESS")

    ask("pen@example.org")
    everybody = ("ada@example.org", "new@example.org", "pen@example.org", "bad@example.org")

    assert len({ask(address) for address in everybody}) == 1
    clock.wait(minutes=2)
    assert len({ask(address, again="1") for address in everybody}) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "no-at-sign",
        "two@@example.org",
        "a@b",
        "a@example.org\r\nBcc: eve@example.org",
        '"quoted"@example.org',
        "x" * 300 + "@example.org",
        "a\x00b@example.org",
        "a@exa mple.org",
        "<script>@example.org",
        "ada@192.0.2.1",
    ],
)
def test_a_bad_address_gets_a_sentence_and_leaves_nothing_behind(
    house: House, place: Place, browser: FlaskClient, stamp: str, address: str
) -> None:
    answer = browser.post("/subscribe", data={"address": address, "stamp": stamp})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert everything_kept(house) == NOTHING_NEW


def test_an_address_beyond_ascii_is_welcome(house: House, place: Place, subscribe: Subscribe) -> None:
    assert "Check your inbox" in subscribe("jürgen@bücher.example")

    assert "jürgen@xn--bcher-kva.example" in everything_kept(house)[0]


def test_an_unknown_section_gets_a_sentence(place: Place, browser: FlaskClient, stamp: str) -> None:
    form = {"address": "eve@example.org", "section": "<gossip>", "stamp": stamp}

    answer = browser.post("/subscribe", data=form)

    assert answer.status_code == 400
    assert "There is no section “&lt;gossip&gt;”" in answer.text


def test_the_subscribe_page_asks_for_at_least_one_section(
    place: Place, browser: FlaskClient, stamp: str
) -> None:
    form = {"address": "eve@example.org", "choose": "1", "stamp": stamp}

    answer = browser.post("/subscribe", data=form)

    assert answer.status_code == 400
    assert "at least one section" in answer.text
    assert "checked" not in answer.text, "as it was sent"


def test_a_program_that_fills_the_hidden_field_is_thanked_and_ignored(house, place, subscribe) -> None:
    assert "Check your inbox" in subscribe(website="http://spam")

    assert everything_kept(house) == NOTHING_NEW


def test_a_huge_form_is_refused(place: Place, browser: FlaskClient, stamp: str) -> None:
    form = {"address": "eve@example.org", "name": "x" * 100_000, "stamp": stamp}

    answer = browser.post("/subscribe", data=form)

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_long_name_gets_a_sentence(house: House, place: Place, subscribe: Subscribe) -> None:
    assert "The name is too long: 200 characters" in subscribe(name="x" * 201)
    assert everything_kept(house) == NOTHING_NEW


@pytest.mark.parametrize("page", ["/", "/s/mail", "/subscribe"])
def test_every_form_of_ours_is_taken_as_it_stands_after_a_moment(
    later: House, clock: Clock, visitor: FlaskClient, page: str
) -> None:
    form = fields(visitor.get(page).text)
    clock.wait(seconds=5)

    answer = visitor.post("/subscribe", data={**form, "address": "eve@example.org", "section": "mail"})

    assert "Check your inbox" in answer.text
    assert everything_kept(later)[1] == ["confirm"]


def test_a_page_for_everybody_is_the_same_all_day_and_another_tomorrow(
    clock: Clock, visitor: FlaskClient
) -> None:
    first = visitor.get("/").text
    clock.wait(hours=11, minutes=59)
    assert visitor.get("/").text == first

    clock.wait(minutes=2)
    assert visitor.get("/").text != first


def test_the_page_with_the_exact_moment_is_kept_nowhere(place: Place, browser: FlaskClient) -> None:
    assert browser.get("/subscribe").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("wrong", ["none", "forged", "confirm link", "old", "from tomorrow", "hasty"])
def test_a_form_that_was_not_read_is_shown_again_filled_in_and_stores_nothing(
    later: House, place: Place, clock: Clock, visitor: FlaskClient, wrong: str
) -> None:
    right = write_stamp(later.keyring, clock(), exact=False)
    stamps = {
        "none": "",
        "forged": right[:-4] + "AAAA",
        "confirm link": later.links.preferences_token(place.reader.public_id),
        "old": write_stamp(later.keyring, clock() - timedelta(days=4), exact=False),
        "from tomorrow": write_stamp(later.keyring, clock() + timedelta(minutes=3), exact=True),
        "hasty": write_stamp(later.keyring, clock() - timedelta(seconds=1), exact=True),
    }
    form = {"address": "eve@example.org", "name": "Eve", "section": "craft", "stamp": stamps[wrong]}

    answer = visitor.post("/subscribe", data=form)

    assert answer.status_code == 200
    assert ONCE_MORE in answer.text
    assert 'value="eve@example.org"' in answer.text
    assert 'value="Eve"' in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["craft"]
    assert everything_kept(later) == NOTHING_NEW

    clock.wait(seconds=3)
    pressed = visitor.post("/subscribe", data={**form, **fields(answer.text)})
    assert "Check your inbox" in pressed.text
    assert everything_kept(later)[1] == ["confirm"]


def test_a_page_made_by_a_host_whose_clock_is_ahead_is_taken(
    later: House, clock: Clock, visitor: FlaskClient
) -> None:
    ahead = write_stamp(later.keyring, clock() + timedelta(seconds=119), exact=True)

    answer = visitor.post("/subscribe", data={"address": "eve@example.org", "stamp": ahead})

    assert "Check your inbox" in answer.text


def test_one_client_may_not_ask_without_end(house: House, place: Place, stamp: str) -> None:
    limited = House(house.settings.model_copy(update={"rate_limits": True}), house.ring)
    browser = create_app(limited).test_client()

    with time_machine.travel(house.now(), tick=False):
        codes = [
            browser.post(path, data={"address": f"r{n}@example.org", "stamp": stamp}).status_code
            for n, path in enumerate(["/subscribe", "/embed"] * 6)
        ]

    assert codes == [200] * 10 + [429] * 2, "both forms together"
    limited.database.close()


def test_without_redis_only_the_forms_stay_limited(house: House, place: Place, stamp: str, tmp_path) -> None:
    update = {"rate_limits": True, "redis_url": f"unix://{tmp_path}/gone.sock"}
    alone = House(house.settings.model_copy(update=update), house.ring)
    browser = create_app(alone).test_client()
    path = house.links.unsubscribe(place.reader.public_id, place.mail.public_id).removeprefix(
        "http://localhost"
    )

    with time_machine.travel(house.now(), tick=False):
        forms = [
            browser.post("/subscribe", data={"address": f"r{n}@example.org", "stamp": stamp}).status_code
            for n in range(12)
        ]

    assert forms == [200] * 10 + [429] * 2
    assert {browser.get("/").status_code for _time in range(15)} == {200}
    assert {browser.post(path).status_code for _time in range(15)} == {200}
    alone.database.close()


@pytest.mark.parametrize(
    ("address", "mail"),
    [("eve@example.org", "confirm"), ("ada@example.org", "already")],
    ids=["new", "known"],
)
def test_two_presses_at_the_same_time_are_one_mail(
    later: House, place: Place, clock: Clock, address: str, mail: str
) -> None:
    app, both_ready, codes = create_app(later), threading.Barrier(2), []
    form = {"address": address, "stamp": write_stamp(later.keyring, clock(), exact=False)}

    def press() -> None:
        browser = app.test_client()
        both_ready.wait()
        codes.append(browser.post("/subscribe", data=form).status_code)

    threads = [threading.Thread(target=press, daemon=True) for _time in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [200, 200]
    assert everything_kept(later)[1] == [mail]


def test_many_at_one_domain_within_the_hour_are_asked_to_come_later(
    house: House, place: Place, stamp: str
) -> None:
    few = House(house.settings.model_copy(update={"confirmations_per_domain": 2}), house.ring)
    browser = create_app(few).test_client()

    def ask(address: str):
        return browser.post("/subscribe", data={"address": address, "stamp": stamp})

    assert [ask(f"r{n}@crowd.example").status_code for n in range(2)] == [200, 200]
    kept = everything_kept(house)
    refused = ask("r3@crowd.example")

    assert refused.status_code == 429
    assert "Many people with addresses at crowd.example subscribed within the hour." in refused.text
    assert 'value="r3@crowd.example"' in refused.text
    assert everything_kept(house) == kept
    assert ask("r3@another.example").status_code == 200
    few.database.close()


def test_it_is_sent_again_only_after_a_minute_and_within_the_limits(
    later: House, clock: Clock, visitor: FlaskClient
) -> None:
    stamp = write_stamp(later.keyring, clock(), exact=False)
    first = {"address": "eve@example.org", "name": "Eve", "section": "mail", "source": "home page"}
    inbox = visitor.post("/subscribe", data={**first, "stamp": stamp}).text
    again = fields(inbox)
    assert {name: again[name] for name in first} == first

    clock.wait(seconds=30)
    early = visitor.post("/subscribe", data=again)
    assert early.status_code == 200
    assert "Just a moment" in early.text
    assert fields(early.text)["stamp"] == again["stamp"], "the minute does not begin anew"
    assert everything_kept(later)[1] == ["confirm"]

    for _time in range(4):
        clock.wait(seconds=61)
        sent = visitor.post("/subscribe", data=again)
        assert "We sent it again." in sent.text
        again = fields(sent.text)
    assert everything_kept(later)[1] == ["confirm"] * 3
    assert the_consent(later).wording in inbox
    assert the_consent(later).source == "home page"


def test_an_address_that_will_not_last_is_kept_after_a_warning(
    house: House, place: Place, browser: FlaskClient, stamp: str
) -> None:
    form = {"address": f"eve@mx.{THROWN_AWAY}", "stamp": stamp}
    warned = browser.post("/subscribe", data=form)

    assert warned.status_code == 200
    assert "Will this address last?" in warned.text
    assert everything_kept(house) == NOTHING_NEW
    pressed = browser.post("/subscribe", data={**form, **fields(warned.text), "section": "mail"})
    assert "Check your inbox" in pressed.text
    assert everything_kept(house)[1] == ["confirm"]


@pytest.mark.parametrize(("policy", "status", "mails"), [("allow", 200, ["confirm"]), ("refuse", 400, [])])
def test_an_installation_may_take_all_addresses_or_those_that_last(
    house: House, place: Place, stamp: str, policy: str, status: int, mails: list[str]
) -> None:
    strict = House(house.settings.model_copy(update={"disposable_addresses": policy}), house.ring)
    form = {"address": f"eve@{THROWN_AWAY}", "stamp": stamp, "anyway": "1"}

    answer = create_app(strict).test_client().post("/subscribe", data=form)

    assert answer.status_code == status
    assert everything_kept(house)[1] == mails
    strict.database.close()


def test_confirming_takes_a_button_and_opening_changes_nothing(
    house: House, place: Place, browser: FlaskClient, subscribe: Subscribe
) -> None:
    subscribe(section="mail")
    path = confirm_path(house)

    opened = browser.get(path)
    assert "How mail works" in opened.text
    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()[1] == "pending"

    pressed, again = browser.post(path), browser.post(path)
    assert "You are in" in pressed.text
    assert "Already confirmed" in again.text
    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()[1] == "active"


def test_a_confirm_link_works_in_another_browser(house: House, app: Flask, place, subscribe) -> None:
    subscribe()

    assert "You are in" in app.test_client().post(confirm_path(house)).text


def test_who_confirmed_lands_on_the_choice_of_sections(
    house: House, place: Place, browser: FlaskClient, subscribe: Subscribe
) -> None:
    subscribe(section="mail")

    page = browser.post(confirm_path(house)).text

    assert re.findall(r'value="(\w+)" checked', page) == ["mail"]
    action = re.search(r'<form method="post" action="(/preferences/[^"]+)"', page)
    assert action
    saved = browser.post(action[1], data={"section": ["mail", "craft"]})
    assert re.findall(r'value="(\w+)" checked', saved.text) == ["mail", "craft"]


@pytest.mark.parametrize("kind", ["confirm", "u", "preferences", "sign-in"])
@pytest.mark.parametrize("token", ["x", "A" * 40, "%2e%2e", "a.b", "ü"])
def test_a_forged_link_is_a_page_that_says_so(
    place: Place, browser: FlaskClient, kind: str, token: str
) -> None:
    for answer in (browser.get(f"/{kind}/{token}"), browser.post(f"/{kind}/{token}")):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text


def test_a_confirm_link_expires_after_a_week(house: House, place, browser: FlaskClient, subscribe) -> None:
    subscribe()
    consent = the_consent(house)
    path = house.links.confirm(consent.public_id, consent.at - timedelta(days=8))

    answer = browser.post(path.removeprefix("http://localhost"))

    assert answer.status_code == 410
    assert "too old" in answer.text


def test_a_confirm_link_from_a_host_whose_clock_is_ahead_opens(
    house: House, place: Place, browser: FlaskClient, subscribe: Subscribe
) -> None:
    subscribe()
    consent = the_consent(house)
    path = house.links.confirm(consent.public_id, consent.at + timedelta(minutes=2))

    assert "You are in" in browser.post(path.removeprefix("http://localhost")).text


def test_who_left_comes_back_by_the_form(house: House, place, browser: FlaskClient, subscribe) -> None:
    with house.database.writing() as session:
        reader = session.get_one(Subscriber, place.reader.id)
        for section in (place.mail, place.craft):
            leave_section(session, reader, session.get_one(Section, section.id), Words("w", "s"), house.now())

    subscribe("ada@example.org", section="mail")
    old = confirm_path(house)

    assert "You are in" in browser.post(old).text
    with house.database.reading() as session:
        assert session.get_one(Subscriber, place.reader.id).state == "active"


def test_an_old_confirm_link_of_somebody_who_left_offers_the_form(
    house: House, place: Place, browser: FlaskClient, subscribe: Subscribe
) -> None:
    subscribe(section="mail")
    path = confirm_path(house)
    browser.post(path)
    with house.database.writing() as session:
        reader = session.scalars(select(Subscriber).where(Subscriber.address == "eve@example.org")).one()
        mail = session.get_one(Section, place.mail.id)
        leave_section(session, reader, mail, Words("w", "s"), house.now())

    page = browser.post(path).text

    assert "This link was used before" in page
    assert '<a href="/subscribe">Subscribe again</a>' in page


def test_a_made_up_source_is_not_kept_as_proof(house: House, place, subscribe: Subscribe) -> None:
    subscribe(source="i made this up")

    assert the_consent(house).source == "another page"


PAGES = pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/", {"source": "home page"}),
        ("/s/mail", {"source": "section page", "section": "mail"}),
        ("/subscribe", {"source": "subscribe page", "section": ["mail", "craft"], "choose": "1"}),
    ],
    ids=["home", "section", "subscribe"],
)


@PAGES
def test_the_words_kept_as_consent_are_the_words_on_the_page(
    house: House, place: Place, browser: FlaskClient, subscribe: Subscribe, page: str, form: dict[str, object]
) -> None:
    subscribe(**form)

    assert the_consent(house).wording in browser.get(page).text
    assert the_consent(house).source == form["source"]


GERMAN = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"
msgid "Send me new posts of %(publication)s. I can leave with one click."
msgstr "Schickt mir alles Neue von %(publication)s."
msgid "Send me new posts from %(section)s of %(publication)s. I can leave with one click."
msgstr "Schickt mir Neues aus %(section)s von %(publication)s."
msgid "Send me new posts from the sections of %(publication)s I chose. I can leave with one click."
msgstr "Schickt mir Neues aus dem, was ich bei %(publication)s wählte."
msgid "Yes, send me new posts from %(sections)s."
msgstr "Ja, schickt mir Neues aus %(sections)s."
"""


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A German catalogue of our own, so that the test does not hang on the one that readers see."""
    (tmp_path / "de.po").write_text(GERMAN, "utf-8")
    monkeypatch.setattr(languages, "_FOLDER", tmp_path)
    languages._translations.cache_clear()
    yield
    languages._translations.cache_clear()


@PAGES
@pytest.mark.usefixtures("german")
def test_the_words_are_kept_in_the_language_in_which_they_were_shown(
    house: House, place: Place, browser: FlaskClient, stamp: str, page: str, form: dict[str, object]
) -> None:
    shown = browser.get(page, headers={"Accept-Language": "de"}).text
    sent = {**fields(shown), **form, "address": "eve@example.org", "stamp": stamp}

    browser.post("/subscribe", data=sent, headers={"Accept-Language": "en"})

    assert the_consent(house).wording.startswith("Schickt mir")
    assert the_consent(house).wording in shown


@pytest.mark.usefixtures("german")
def test_the_words_of_a_confirmation_are_kept_in_their_language(house, place, browser, subscribe) -> None:
    subscribe(section="mail")
    path = confirm_path(house)
    shown = browser.get(path, headers={"Accept-Language": "de"}).text

    browser.post(path, data=fields(shown), headers={"Accept-Language": "en"})

    assert the_consent(house).wording == "Ja, schickt mir Neues aus How mail works."
    assert the_consent(house).wording in shown


def test_the_box_says_how_often_something_comes(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        session.get_one(Publication, place.publication.id).rhythm = "every second Thursday"

    for page in ("/", "/s/mail", "/subscribe", "/embed"):
        assert "How often: every second Thursday" in browser.get(page).text, page


def test_nothing_at_all_is_stored_for_a_form_that_was_not_read(
    house: House, place: Place, browser: FlaskClient
) -> None:
    def rows() -> dict[str, int]:
        with house.database.engine.connect() as connection:
            return {
                table.name: len(connection.execute(table.select()).all())
                for table in Base.metadata.sorted_tables
            }

    before = rows()
    browser.post("/subscribe", data={"address": "eve@example.org"})

    assert rows() == before
