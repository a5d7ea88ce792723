"""Two hundred people like and discuss one post at the same moment, through two web servers."""

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.cli.stack import HOST, web_command
from newsletter.domain.states import CommentState
from newsletter.models import Comment, CommentLike, ContentVersion, Post, PostLike
from newsletter.settings import Settings
from newsletter.web.context import SESSION_COOKIE
from newsletter.wiring import House
from tests.conftest import Rings
from tests.support.discussions import make_comment, make_reader
from tests.support.factories import make_author, make_post, make_publication, make_section
from tests.support.ports import free_port
from tests.support.stack import environment_of, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PEOPLE = 200
AT_ONCE = 24


@pytest.fixture
def servers(settings: Settings) -> Iterator[tuple[int, int]]:
    """Two web servers on one database, each of one process."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(web_server(settings)) for _number in range(2))
        yield one, other


@contextmanager
def web_server(settings: Settings) -> Iterator[int]:
    port = free_port()
    running = settings.model_copy(update={"web_processes": 1, "web_threads": 8})
    process = subprocess.Popen(web_command(running, HOST, port), env=environment_of(running))
    try:
        wait_for(lambda: is_ready(port))
        yield port
    finally:
        process.terminate()
        process.wait()


def is_ready(port: int) -> bool:
    try:
        return ask(port, "GET", "/healthz", "")[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, secret: str, **fields: str) -> tuple[int, str]:
    connection = HTTPConnection(HOST, port, timeout=60)
    headers = {"Cookie": f"{SESSION_COOKIE}={secret}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, urlencode(fields) or None, headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_counts_are_exact_and_nothing_goes_wrong(settings: Settings, servers: tuple[int, int]) -> None:
    house = House(settings, Rings())
    with house.database.writing() as session:
        publication = make_publication(session)
        author = make_author(session, publication)
        section = make_section(session, publication)
        post = make_post(session, section, author, title="First", published=True)
        first = make_comment(session, house, post, author)
        people = [make_reader(session, publication, f"reader{n}@example.org") for n in range(PEOPLE)]
        now = house.now()
        secrets = [
            sign_in(session, make_sign_in(session, each, now).public_id, now).secret for each in people
        ]

    def join_in(number: int) -> list[int]:
        """Like the post twice, the comment once, write an answer; every third takes the like back."""
        port, other, secret = servers[number % 2], servers[1 - number % 2], secrets[number]
        _status, page = ask(port, "GET", f"/p/first/comments/{first.public_id}/answer", secret)
        found = re.search(r'name="form_token" value="(\w+)"', page)
        assert found is not None
        own = {"form_token": found[1]}
        answers = [
            ask(port, "POST", "/p/first/like", secret, like="yes", **own),
            ask(other, "POST", "/p/first/like", secret, like="yes", **own),
            ask(other, "POST", f"/p/first/comments/{first.public_id}/like", secret, like="yes", **own),
            ask(
                port,
                "POST",
                "/p/first/comments",
                secret,
                text=f"From {number}.",
                parent=first.public_id,
                **own,
            ),
        ]
        if number % 3 == 0:
            answers.append(ask(other, "POST", "/p/first/like", secret, like="no", **own))
        return [status for status, _body in answers]

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        statuses = {status for each in crowd.map(join_in, range(PEOPLE)) for status in each}

    assert statuses == {303}
    likes = PEOPLE - len(range(0, PEOPLE, 3))
    with house.database.reading() as session:
        found_post = session.get_one(Post, post.id)
        assert found_post.likes == likes == count(session, PostLike)
        assert found_post.comments == PEOPLE + 1 == count(session, Comment)
        root = session.get_one(Comment, first.id)
        assert (root.likes, root.answers) == (PEOPLE, PEOPLE)
        assert count(session, CommentLike) == PEOPLE
        assert set(session.scalars(select(Comment.state))) == {CommentState.VISIBLE}
        assert session.scalar(select(func.max(ContentVersion.number))) is not None
    house.database.close()
    for port in servers:
        assert f"{PEOPLE + 1}" in ask(port, "GET", "/p/first", "")[1]


def count(session, table) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0
