"""How fast a long discussion opens: `python -m bench.discussion --json`.

A post with 5,000 comments, 2,000 of them in one thread eight levels deep, under the production server. Each
page is asked for as nobody's cache has it: a like has just changed it, or a signed-in reader asks.
"""

import argparse
import http.client
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from sqlalchemy import func, insert, select, update

from bench.site import serving
from bench.stage import Stage, fill, set_up
from newsletter.accounts.signing_in import make_sign_in, sign_in
from newsletter.cli.stack import HOST
from newsletter.domain.discussions import MAX_DEPTH, path_of
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import CommentState
from newsletter.models import Comment, Identity, Post
from newsletter.publishing.posts import publish_post
from newsletter.publishing.versions import COUNTS, discussion, readers_see
from newsletter.rendering.comments import render_comment
from newsletter.web.context import SESSION_COOKIE

_TEXT = (
    "It depends on what the relay *said*, and on whether anybody wrote it down: the reply is all the proof "
    "there is.\n\n> Nobody can know\n\nSo we ask [the ledger](https://example.org/ledger) instead."
)
_PEOPLE = 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--comments", type=int, default=5000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with set_up(options.database) as stage:
        post = fill(stage.house, 10, 10)
        secret, deepest = _discuss(stage, post, options.comments)
        with serving(stage) as port:
            figures = _measured(stage, port, post, secret, deepest, options.rounds)
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:22} {figure}")


def _measured(
    stage: Stage, port: int, post: Post, secret: str, deepest: str, rounds: int
) -> dict[str, float]:
    """Milliseconds until the whole page is there, of each the median."""
    pages = {
        "post": f"/p/{post.slug}",
        "comments": f"/p/{post.slug}/comments",
        "last_page": f"/p/{post.slug}/comments?sort=oldest&page=100",
        "thread": f"/p/{post.slug}/comments/{deepest}",
    }
    figures: dict[str, float] = {}
    for name, path in pages.items():
        strangers, readers = [], []
        for _round in range(rounds):
            with stage.house.database.writing() as session:
                readers_see(session, post.publication_id, COUNTS, discussion(post.public_id))
            strangers.append(_ask(port, path, ""))
            readers.append(_ask(port, path, f"{SESSION_COOKIE}={secret}"))
        figures[f"{name}_ms"] = round(median(strangers), 1)
        figures[f"{name}_signed_in_ms"] = round(median(readers), 1)
    return figures


def _ask(port: int, path: str, cookie: str) -> float:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    begun = perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    answer.read()
    taken = (perf_counter() - begun) * 1000
    connection.close()
    assert answer.status == 200, (path, answer.status)
    return taken


def _discuss(stage: Stage, post: Post, count: int) -> tuple[str, str]:
    """Comments of many people; returns a reader's session, and the first comment of the long thread."""
    now = datetime.now(UTC)
    with stage.house.database.writing() as session:
        found = session.get_one(Post, post.id)
        if found.published_at is None:
            publish_post(session, found, now)
        people = [
            Identity(
                publication_id=post.publication_id,
                address=f"person{number}@example.org",
                address_key=f"person{number}@example.org",
                name=f"Person {number}",
                created_at=now,
                confirmed_at=now,
            )
            for number in range(_PEOPLE)
        ]
        session.add_all(people)
        session.flush()
        first = session.scalar(select(Comment.id).order_by(Comment.id.desc()).limit(1)) or 0
        rows = _rows(post, people, first, count, now)
        session.execute(insert(Comment), rows)
        if not stage.house.database.is_sqlite:  # which goes on numbering by itself
            newest = select(func.max(Comment.id)).scalar_subquery()
            session.execute(select(func.setval("comment_id_seq", newest)))
        session.execute(update(Post).where(Post.id == post.id).values(comments=count, commented_at=now))
        link = make_sign_in(session, people[0], now)
        return sign_in(session, link.public_id, now).secret, str(rows[0]["public_id"])


def _rows(
    post: Post, people: Sequence[Identity], before: int, count: int, now: datetime
) -> list[dict[str, object]]:
    """The first two fifths are one thread, in chains as deep as can be; the others stand alone."""
    html = render_comment(_TEXT)
    rows: list[dict[str, object]] = []
    paths: list[str] = []
    for number in range(count):
        own = before + number + 1
        in_thread = 0 < number < count * 2 // 5
        # One chain after another: 1, 2, … down to the deepest level, each below the one before.
        depth = 1 + (number - 1) % (MAX_DEPTH - 1) if in_thread else 0
        above = paths[0 if depth == 1 else number - 1] if in_thread else ""
        paths.append(path_of(own, above))
        rows.append(
            {
                "id": own,
                "publication_id": post.publication_id,
                "post_id": post.id,
                "identity_id": people[number % len(people)].id,
                "public_id": new_public_id(),
                "parent_id": (before + 1 if depth == 1 else own - 1) if in_thread else None,
                "root_id": before + 1 if in_thread else None,
                "depth": depth,
                "path": paths[-1],
                "markdown": _TEXT,
                "html": html,
                "state": CommentState.VISIBLE,
                "pinned": False,
                "likes": number % 13,
                "answers": count * 2 // 5 - 1 if number == 0 else 0,
                "created_at": now - timedelta(seconds=count - number),
            }
        )
    return rows


if __name__ == "__main__":
    main()
