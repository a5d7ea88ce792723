"""What readers see."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.audience.suppression import suppress
from newsletter.domain.addresses import parse_address
from newsletter.models import Consent, Notice, Subscriber
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.factories import make_post
from tests.web.conftest import Place


def test_a_site_without_a_publication_says_so(browser: FlaskClient) -> None:
    answer = browser.get("/")

    assert answer.status_code == 200
    assert "has not been set up yet" in answer.text


def test_the_home_page_shows_published_posts_only(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Out now", published=True)
        make_post(session, place.mail, place.author, title="Still a draft")

    page = browser.get("/").text

    assert "Out now" in page
    assert "Still a draft" not in page


def test_a_post_page_shows_the_post_with_merge_tags_filled_by_their_fallback(
    house: House, place: Place, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="<b>Bold</b> & true", published=True)

    page = browser.get("/p/b-bold-b-true").text

    assert "<h1>&lt;b&gt;Bold&lt;/b&gt; &amp; true</h1>" in page
    assert "Hello there," in page


@pytest.mark.parametrize("path", ["/p/nothing", "/s/nothing", "/p/still-a-draft", "/nowhere", "/p/%00"])
def test_an_unknown_address_is_a_page_that_says_so(
    house: House, place: Place, browser: FlaskClient, path: str
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="Still a draft")

    answer = browser.get(path)

    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_a_section_page_lists_its_own_posts(house: House, place: Place, browser: FlaskClient) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="About mail", published=True)
        make_post(session, place.craft, place.author, title="About craft", published=True)

    page = browser.get("/s/mail").text

    assert "About mail" in page
    assert "About craft" not in page


def test_an_empty_section_says_what_will_be_here(place: Place, browser: FlaskClient) -> None:
    assert "The first post of this section will appear" in browser.get("/s/craft").text


def test_subscribing_answers_with_the_address_and_mails_it(
    house: House, place: Place, browser: FlaskClient
) -> None:
    answer = browser.post(
        "/subscribe", data={"address": "Eve@Example.org", "section": "mail", "source": "subscribe page"}
    )

    assert answer.status_code == 200
    assert "Eve@example.org" in answer.text
    with house.database.reading() as session:
        notice = session.scalars(select(Notice)).one()
        consent = session.scalars(select(Consent)).one()
    assert notice.kind == "confirm"
    assert consent.section_ids == [place.mail.id]
    assert consent.source == "subscribe page"


def test_the_answer_is_the_same_for_known_unknown_pending_and_suppressed_addresses(
    house: House, place: Place, browser: FlaskClient
) -> None:
    with house.database.writing() as session:
        suppress(
            session,
            house.hasher,
            place.publication.id,
            parse_address("bad@example.org"),
            reason="complaint",
            now=house.now(),
        )
    browser.post("/subscribe", data={"address": "pen@example.org"})

    answers = {
        browser.post("/subscribe", data={"address": address}).text.replace(address, "ADDRESS")
        for address in ("ada@example.org", "new@example.org", "pen@example.org", "bad@example.org")
    }

    assert len(answers) == 1


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
    house: House, place: Place, browser: FlaskClient, address: str
) -> None:
    answer = browser.post("/subscribe", data={"address": address})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.address)).all() == ["ada@example.org"]
        assert session.scalars(select(Notice)).all() == []


def test_an_address_beyond_ascii_is_welcome(house: House, place: Place, browser: FlaskClient) -> None:
    assert browser.post("/subscribe", data={"address": "jürgen@bücher.example"}).status_code == 200

    with house.database.reading() as session:
        assert "jürgen@xn--bcher-kva.example" in session.scalars(select(Subscriber.address)).all()


def test_an_unknown_section_gets_a_sentence(place: Place, browser: FlaskClient) -> None:
    answer = browser.post("/subscribe", data={"address": "eve@example.org", "section": "<gossip>"})

    assert answer.status_code == 400
    assert "There is no section “&lt;gossip&gt;”" in answer.text


def test_the_subscribe_page_asks_for_at_least_one_section(place: Place, browser: FlaskClient) -> None:
    answer = browser.post("/subscribe", data={"address": "eve@example.org", "choose": "1"})

    assert answer.status_code == 400
    assert "at least one section" in answer.text


def test_a_program_that_fills_the_hidden_field_is_thanked_and_ignored(
    house: House, place: Place, browser: FlaskClient
) -> None:
    answer = browser.post("/subscribe", data={"address": "eve@example.org", "website": "http://spam"})

    assert "Check your inbox" in answer.text
    with house.database.reading() as session:
        assert session.scalars(select(Notice)).all() == []


def test_a_huge_form_is_refused(place: Place, browser: FlaskClient) -> None:
    answer = browser.post("/subscribe", data={"address": "eve@example.org", "name": "x" * 100_000})

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_one_client_may_not_ask_without_end(house: House, place: Place) -> None:
    limited = House(house.settings.model_copy(update={"rate_limits": True}), house.ring)
    browser = create_app(limited).test_client()

    codes = [browser.post("/subscribe", data={"address": f"r{n}@example.org"}).status_code for n in range(12)]

    assert codes == [200] * 10 + [429] * 2
    limited.database.close()


def test_confirming_takes_a_button_and_opening_changes_nothing(
    house: House, place: Place, browser: FlaskClient
) -> None:
    browser.post("/subscribe", data={"address": "eve@example.org", "section": "mail"})
    with house.database.reading() as session:
        consent = session.scalars(select(Consent)).one()
    path = house.links.confirm(consent.public_id, consent.at).removeprefix("http://localhost")

    opened = browser.get(path)
    assert "How mail works" in opened.text
    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()[1] == "pending"

    pressed, again = browser.post(path), browser.post(path)
    assert "You are in" in pressed.text
    assert "Already confirmed" in again.text
    with house.database.reading() as session:
        assert session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()[1] == "active"


@pytest.mark.parametrize("kind", ["confirm", "u", "preferences", "studio/sign-in"])
@pytest.mark.parametrize("token", ["x", "A" * 40, "%2e%2e", "a.b", "ü"])
def test_a_forged_link_is_a_page_that_says_so(
    place: Place, browser: FlaskClient, kind: str, token: str
) -> None:
    for answer in (browser.get(f"/{kind}/{token}"), browser.post(f"/{kind}/{token}")):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text


def test_a_confirm_link_expires_after_a_week(house: House, place: Place, browser: FlaskClient) -> None:
    browser.post("/subscribe", data={"address": "eve@example.org"})
    with house.database.reading() as session:
        consent = session.scalars(select(Consent)).one()
    path = house.links.confirm(consent.public_id, consent.at - timedelta(days=8))

    answer = browser.post(path.removeprefix("http://localhost"))

    assert answer.status_code == 410
    assert "too old" in answer.text


def test_without_redis_only_the_forms_stay_limited(house: House, place: Place, tmp_path) -> None:
    update = {"rate_limits": True, "redis_url": f"unix://{tmp_path}/gone.sock"}
    alone = House(house.settings.model_copy(update=update), house.ring)
    browser = create_app(alone).test_client()
    path = house.links.unsubscribe(place.reader.public_id, place.mail.public_id).removeprefix(
        "http://localhost"
    )

    forms = [browser.post("/subscribe", data={"address": f"r{n}@example.org"}).status_code for n in range(12)]

    assert forms == [200] * 10 + [429] * 2
    assert {browser.get("/").status_code for _time in range(15)} == {200}
    assert {browser.post(path).status_code for _time in range(15)} == {200}
    alone.database.close()


def test_a_made_up_source_is_not_kept_as_proof(house: House, place: Place, browser: FlaskClient) -> None:
    browser.post("/subscribe", data={"address": "eve@example.org", "source": "i made this up"})

    with house.database.reading() as session:
        assert session.scalars(select(Consent.source)).one() == "another page"


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/", {"source": "home page"}),
        ("/s/mail", {"source": "section page", "section": "mail"}),
        ("/subscribe", {"source": "subscribe page", "section": ["mail", "craft"], "choose": "1"}),
    ],
    ids=["home", "section", "subscribe"],
)
def test_the_words_kept_as_consent_are_the_words_on_the_page(
    house: House, place: Place, browser: FlaskClient, page: str, form: dict[str, str | list[str]]
) -> None:
    browser.post("/subscribe", data={"address": "eve@example.org", **form})

    with house.database.reading() as session:
        consent = session.scalars(select(Consent)).one()
    assert consent.wording in browser.get(page).text
    assert consent.source == form["source"]
