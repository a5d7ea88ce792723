"""Rules that hold for every route there is; a new route is covered the day it is added."""

import itertools
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from newsletter.accounts.moving import ask_to_move
from newsletter.accounts.signing_in import make_sign_in
from newsletter.audience.consents import Words
from newsletter.audience.subscribing import Request, ask_to_subscribe
from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.addresses import parse_address
from newsletter.domain.links import Links
from newsletter.domain.states import PostAccess
from newsletter.media.pictures import keep_picture, make_picture
from newsletter.models import Base, Comment, Consent, Identity, Post
from newsletter.publishing.free_pages import PageText, write_page
from newsletter.publishing.placing import Placement, place_post
from newsletter.web.app import create_app
from newsletter.web.context import SESSION_COOKIE
from newsletter.web.security import cookie_is_secure
from newsletter.wiring import House
from tests.support.factories import NOW, mail_post, make_post
from tests.support.pictures import drawing, written
from tests.web.conftest import Author, Place

SIGN_IN_NEEDED = ("/studio/", "/account")
OPEN_IN_STUDIO = {"signing_in.studio"}
WITH_TOKEN = {"account", "discussion"}
FROM_ANYWHERE = {"leaving.leave", "muting.stop", "embedding.from_elsewhere"}  # RFC 8058; one changes nothing


@pytest.fixture
def paths(app: Flask, house: House, place: Place) -> dict[str, list[str]]:
    """For every route the addresses to try: real ones, so that a careless GET would do real harm."""
    with house.database.writing() as session:
        post = make_post(session, place.mail, place.author, title="A letter", published=True)
        write_page(session, place.publication, PageText("About", "Who we are."), house.now())
        made = make_picture(written(drawing(8, 8), "PNG"), "drawing.png")
        picture = keep_picture(session, house.media, place.publication.id, None, made, house.now())
        place_post(session, post, Placement(post.slug, PostAccess.PUBLIC, cover=picture.public_id))
        comment = write(session, place, post)
    campaign = mail_post(house, post)
    freeze_audience(house.database, house.bell, campaign.id, 10)
    tokens = real_tokens(house, place) | {
        "site_posts.read": house.links.reading(post.public_id).rsplit("/", 1)[1],
        "muting.stop": house.links.mute(place.author.public_id, comment.public_id).rsplit("/", 1)[1],
    }
    values = {
        "slug": ["mail", "a-letter", "mara-lindqvist", "about"],
        "public_id": [each.public_id for each in (post, campaign, picture, comment, place.author)],
        "form": ["web", "email", "text"],
        "file": ["8.webp", "8x8.png", "secret.key"],
        "number": ["1"],
    }
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        tries: dict[str, list[str]] = {}
        for rule in app.url_map.iter_rules():
            tries.setdefault(rule.endpoint, []).extend(addresses(rule, adapter, values, tokens))
        return tries


def write(session: Session, place: Place, post: Post) -> Comment:
    """A comment of the author's own: there is nothing with it that they may not do."""
    comment = Comment(
        publication_id=place.publication.id,
        post_id=post.id,
        identity_id=place.author.id,
        markdown="Hello",
        html="<p>Hello</p>",
        path="00000001",
        created_at=NOW,
    )
    session.add(comment)
    session.flush()
    session.get_one(Post, post.id).comments = 1
    return comment


def real_tokens(house: House, place: Place) -> dict[str, str]:
    links: Links = house.links
    with house.database.writing() as session:
        request = Request(parse_address("new@example.org"), "", [place.mail.id], Words("w", "s"))
        ask_to_subscribe(session, house.bell, house.hasher, place.publication.id, request, house.now())
        consent = session.scalars(select(Consent)).one()
        link = make_sign_in(session, place.author, house.now())
        author = session.get_one(Identity, place.author.id)
        address = parse_address("mara@elsewhere.example")
        change = ask_to_move(session, house.bell, author, address, house.now())
    moving = links.address_change(change.public_id, change.created_at, by_new=True)
    return {
        "account.agree_to_move": moving.rsplit("/", 1)[1],
        "subscribing.confirm": links.confirm(consent.public_id, consent.at).rsplit("/", 1)[1],
        "leaving.leave": links.unsubscribe(place.reader.public_id, place.mail.public_id).rsplit("/", 1)[1],
        "leaving.preferences": links.preferences_token(place.reader.public_id),
        "signing_in.act": links.sign_in(link.public_id, link.created_at).rsplit("/", 1)[1],
    }


def addresses(rule: Rule, adapter, values: dict[str, list[str]], tokens: dict[str, str]) -> Iterator[str]:
    fixed = dict(rule.defaults or {})
    names = sorted(rule.arguments - set(fixed))
    choices = [[tokens[rule.endpoint]] if name == "token" else values[name] for name in names]
    for chosen in itertools.product(*choices):
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        yield adapter.build(rule.endpoint, fixed | dict(zip(names, chosen, strict=True)), method=method)


def everything(house: House) -> dict[str, list[tuple[object, ...]]]:
    with house.database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=str)
            for table in Base.metadata.sorted_tables
        }


def methods(app: Flask, endpoint: str) -> set[str]:
    return {
        method
        for rule in app.url_map.iter_rules(endpoint)
        for method in rule.methods or ()
        if method != "OPTIONS"
    }


def test_no_get_and_no_head_changes_a_row(app: Flask, house: House, paths, author: Author) -> None:
    before = everything(house)

    for browser in (app.test_client(), author.client):
        for endpoint, tries in paths.items():
            if "GET" in methods(app, endpoint):
                for path in tries:
                    assert browser.get(path).status_code < 500, path
                    assert browser.head(path).status_code < 500, path

    assert everything(house) == before


def test_no_form_is_taken_from_another_site(app: Flask, house: House, paths, author: Author) -> None:
    before = everything(house)
    foreign = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ]

    for endpoint, tries in paths.items():
        if "POST" in methods(app, endpoint) and endpoint not in FROM_ANYWHERE:
            for path in tries:
                for headers in foreign:
                    form = {
                        "form_token": author.token,
                        "how": "web",
                        "version": "1",
                        "address": "eve@example.org",
                    }
                    answer = author.client.post(path, data=form, headers=headers)
                    assert answer.status_code == 403, path

    assert everything(house) == before


def test_no_form_of_somebody_signed_in_is_taken_without_its_token(
    app: Flask, house: House, paths, author: Author
) -> None:
    before = everything(house)

    for endpoint, tries in paths.items():
        inside = any(path.startswith(SIGN_IN_NEEDED) for path in tries) and endpoint not in OPEN_IN_STUDIO
        inside = inside or endpoint.split(".")[0] in WITH_TOKEN or endpoint == "signing_in.leave"
        if "POST" in methods(app, endpoint) and inside:
            for path in tries:
                for token in ("", "0" * 64):
                    form = {
                        "title": "x",
                        "section": "mail",
                        "how": "web",
                        "version": "1",
                        "form_token": token,
                    }
                    assert author.client.post(path, data=form).status_code == 403, path

    assert everything(house) == before


def test_nothing_of_studio_and_account_is_shown_or_done_without_signing_in(
    app: Flask, house: House, paths
) -> None:
    before, stranger = everything(house), app.test_client()

    for endpoint, tries in paths.items():
        if endpoint in OPEN_IN_STUDIO:
            continue
        for path in tries:
            if path.startswith(SIGN_IN_NEEDED):
                if "GET" in methods(app, endpoint):
                    assert stranger.get(path).status_code in {302, 404}, path
                if "POST" in methods(app, endpoint):
                    assert stranger.post(path, data={"how": "web"}).status_code == 401, path

    assert everything(house) == before


def test_every_page_carries_the_headers(app: Flask, paths, author: Author) -> None:
    for endpoint, tries in paths.items():
        for path in tries:
            if "GET" in methods(app, endpoint):
                headers = author.client.get(path).headers
                assert "default-src 'none'" in headers["Content-Security-Policy"], path
                assert "'unsafe-inline'" not in headers["Content-Security-Policy"] or "/preview/" in path
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Referrer-Policy"] == "same-origin"


def test_pages_hold_no_inline_script_or_style(app: Flask, paths, author: Author) -> None:
    for endpoint, tries in paths.items():
        for path in tries:
            if "GET" in methods(app, endpoint) and "/preview/" not in path:
                page = author.client.get(path).data.decode("utf-8", "replace")
                assert " style=" not in page, path
                assert "<script>" not in page, path
                assert " onclick" not in page, path


def test_every_link_that_mails_carry_is_answered_by_a_route(app: Flask, house: House, place: Place) -> None:
    tokens = real_tokens(house, place)
    adapter = app.url_map.bind("localhost")
    links = house.links

    for url, endpoint in (
        (links.home(), "pages.home"),
        (links.post("a-letter"), "site_posts.post"),
        (links.unsubscribe(place.reader.public_id, place.mail.public_id), "leaving.leave"),
        (links.preferences(place.reader.public_id), "leaving.preferences"),
        (f"http://localhost/confirm/{tokens['subscribing.confirm']}", "subscribing.confirm"),
        (f"http://localhost/sign-in/{tokens['signing_in.act']}", "signing_in.act"),
        (f"http://localhost/address/{tokens['account.agree_to_move']}", "account.agree_to_move"),
        (links.account(), "account.overview"),
        (links.comment("a-letter", place.author.public_id), "discussion.comment"),
        (links.mute(place.author.public_id), "muting.stop"),
    ):
        assert adapter.match(url.removeprefix("http://localhost"), method="GET")[0] == endpoint


def test_a_database_that_is_away_is_a_503_that_names_nothing(house: House, tmp_path) -> None:
    broken = House(
        house.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/none.sqlite3"}), house.ring
    )
    answer = create_app(broken).test_client().get("/")

    assert answer.status_code == 503
    assert "sqlite" not in answer.text
    broken.database.close()


def test_the_cookie_is_for_https_only_when_the_site_is(house: House) -> None:
    secure = House(house.settings.model_copy(update={"site_url": "https://example.org"}), house.ring)
    app = create_app(secure)

    with app.test_request_context():
        assert cookie_is_secure()
    assert "Strict-Transport-Security" in app.test_client().get("/healthz").headers
    secure.database.close()


def test_health_and_readiness(app: Flask) -> None:
    browser = app.test_client()

    assert browser.get("/healthz").json == {"alive": True}
    assert browser.get("/readyz").json == {"ready": True}


def test_a_session_cookie_is_never_cached(author: Author, place: Place) -> None:
    assert author.get("/studio/").headers["Cache-Control"] == "no-store"
    assert SESSION_COOKIE not in author.get("/").headers.get("Set-Cookie", "")


def test_nobody_can_read_a_post_by_guessing_numbers(author: Author, house: House, place: Place) -> None:
    with house.database.writing() as session:
        post = make_post(session, place.mail, place.author)
        assert session.get_one(Post, post.id).public_id != str(post.id)

    assert author.get(f"/studio/posts/{post.id}").status_code == 404
