"""The proxy of docker-compose.yml: it keeps what is everybody's, and never what is somebody's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.request import Request, urlopen
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.models import Post
from newsletter.publishing.posts import Draft, edit_post, find_post
from newsletter.web.app import create_app
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.conftest import Rings, fresh_database, settings_for
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section
from tests.support.proxy import running_proxy
from tests.support.serving import serving
from tests.support.stack import wait_for

pytestmark = pytest.mark.slow


@dataclass
class Counting:
    """The site, and how often it is asked for what."""

    app: WSGIApplication
    asked: list[str] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        return self.app(environ, start_response)


@dataclass
class Front:
    house: House
    post: Post
    secret: str
    site: Counting
    port: int

    def get(self, path: str, **headers: str) -> str:
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)) as response:
            return str(response.read().decode())


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database("postgresql", request, tmp_path) as url:
        yield url


@pytest.fixture
def front(database_url: str, tmp_path: Path) -> Iterator[Front]:
    house = House(settings_for(tmp_path, database_url=database_url, trusted_proxies=1), Rings())
    with house.database.writing() as session:
        publication = make_publication(session)
        section, author = make_section(session, publication), make_author(session, publication)
        post = make_post(session, section, author, title="First", published=True)
        secret = sign_in(session, make_sign_in(session, author, house.now()).public_id, house.now()).secret
    site = Counting(create_app(house))
    with (
        serving(site) as web_port,
        running_proxy(tmp_path / "proxy", web_port) as (port, _static_port, _static),
    ):
        yield Front(house, post, secret, site, port)
    house.database.close()


def test_many_readers_are_one_question_to_the_site(front: Front) -> None:
    began = monotonic()
    pages = {front.get("/p/first") for _reader in range(20)}

    assert len(pages) == 1
    assert 1 <= front.site.asked.count("/p/first") <= 2 + (monotonic() - began)  # a page is kept for a second


def test_what_changes_is_seen_behind_the_proxy_too(front: Front) -> None:
    assert "Second" not in front.get("/p/first")
    with front.house.database.writing() as session:
        found = find_post(session, front.post.public_id)
        edit_post(session, found, Draft("Second", "words", found.section_id), found.version, NOW)

    wait_for(lambda: "Second" in front.get("/p/first"))


def test_languages_are_kept_apart_and_who_is_signed_in_gets_pages_of_their_own(front: Front) -> None:
    assert 'lang="en"' in front.get("/")
    assert 'lang="de"' in front.get("/", **{"Accept-Language": "de"})
    assert 'lang="en"' in front.get("/")
    for _time in range(3):
        front.get("/p/first", Cookie=f"{SESSION_COOKIE}={front.secret}")

    assert front.site.asked.count("/p/first") == 3


def test_forms_reach_the_site(front: Front) -> None:
    request = Request(f"http://127.0.0.1:{front.port}/theme", data=b"theme=dark&next=/archive")

    with urlopen(request) as response:
        assert response.url.endswith("/archive")
    assert "/theme" in front.site.asked
