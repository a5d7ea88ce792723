"""Finding posts by their words: with FTS5 on SQLite, with full-text search on PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session, defer, joinedload

from newsletter.domain.queries import Query
from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Post, Publication, SearchEntry
from newsletter.publishing.archive import is_listed
from newsletter.rendering.content import read_content

PER_PAGE = 20
_BEGIN, _END = "\x02", "\x03"
"""Around what was looked for; no post holds these characters."""

_LANGUAGES = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}

_ON_SQLITE = """
SELECT rowid AS post_id,
       (SELECT count(*) FROM search_index WHERE search_index MATCH :query) AS total,
       snippet(search_index, 2, :begin, :end, '…', 28) AS snippet,
       highlight(search_index, 0, :begin, :end) AS title
FROM search_index WHERE search_index MATCH :query
ORDER BY bm25(search_index, 10, 4, 1), rowid DESC LIMIT :limit OFFSET :offset
"""
_ON_POSTGRESQL = """
WITH asked AS (SELECT {query} AS query)
SELECT post_id, total,
       ts_headline(CAST(:language AS regconfig), left(body, 100000), query,
                   'MaxWords=28, MinWords=16, ShortWord=0, MaxFragments=1, ' || :marks) AS snippet,
       ts_headline(CAST(:language AS regconfig), title, query, 'HighlightAll=true, ' || :marks) AS title
FROM (SELECT post_id, title, body, query, count(*) OVER () AS total
      FROM search_entry, asked
      WHERE words @@ query
      ORDER BY ts_rank_cd('{{0.1, 0.1, 0.4, 1}}', words, query) DESC, post_id DESC
      LIMIT :limit OFFSET :offset) AS found
"""

Marked = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether it is what was looked for."""


@dataclass(frozen=True)
class Hit:
    """A post that was found, and why."""

    post: Post
    title: Marked
    snippet: Marked


@dataclass(frozen=True)
class Hits:
    """One page of what was found."""

    hits: Sequence[Hit]
    total: int


def search_posts(session: Session, publication: Publication, query: Query, page: int = 1) -> Hits:
    """The posts that hold all terms, the best first. Nothing asked finds nothing."""
    if not query:
        return Hits((), 0)
    rows = _look_up(session, publication, query, page)
    posts = _posts(session, [row.post_id for row in rows])
    hits = [
        Hit(posts[row.post_id], _marked(row.title), _marked(row.snippet))
        for row in rows
        if row.post_id in posts
    ]
    return Hits(hits, rows[0].total if rows else 0)


def remember_words(session: Session, post: Post) -> None:
    """Let a post be found by what anybody may read of it, or no longer."""
    session.flush()
    session.execute(delete(SearchEntry).where(SearchEntry.post_id == post.id))
    if not is_listed(post):
        return
    content = read_content(post.markdown)
    if post.access is PostAccess.SUBSCRIBERS:
        content = content.teaser()
    language = _language(session.get_one(Publication, post.publication_id))
    entry = {"post_id": post.id, "language": language, "title": post.title, "subtitle": post.subtitle}
    session.add(SearchEntry(**entry, body=content.words()))
    session.flush()


def remember_missing(session: Session) -> int:
    """Let posts be found that were published before there was a search; returns how many."""
    known = select(SearchEntry.post_id)
    query = select(Post).where(Post.state == PostState.PUBLISHED, Post.id.not_in(known))
    missing = [post for post in session.scalars(query) if is_listed(post)]
    for post in missing:
        remember_words(session, post)
    return len(missing)


def _language(publication: Publication) -> str:
    return _LANGUAGES.get(publication.locale.split("-")[0].lower(), "simple")


def _look_up(session: Session, publication: Publication, query: Query, page: int) -> Sequence[Any]:
    paging = {"limit": PER_PAGE, "offset": (page - 1) * PER_PAGE}
    if session.get_bind().dialect.name == "sqlite":
        asked = {"query": _for_fts5(query), "begin": _BEGIN, "end": _END}
        return session.execute(text(_ON_SQLITE), {**asked, **paging}).all()
    expression, values = _for_postgresql(query)
    values |= {"language": _language(publication), "marks": f"StartSel={_BEGIN}, StopSel={_END}"}
    return session.execute(text(_ON_POSTGRESQL.format(query=expression)), {**values, **paging}).all()


def _for_fts5(query: Query) -> str:
    """Every word in quotes, so that nothing typed is taken for FTS5's own language."""
    terms = ['"' + " ".join(words) + '"' for words in query.terms]
    if query.is_open:
        terms[-1] += "*"
    return " ".join(terms)


def _for_postgresql(query: Query) -> tuple[str, dict[str, str]]:
    values = {f"term{number}": " ".join(words) for number, words in enumerate(query.terms)}
    parts = [f"phraseto_tsquery(CAST(:language AS regconfig), :{name})" for name in values]
    if query.is_open:
        name = f"term{len(values) - 1}"
        values[name] = f"'{values[name]}':*"
        parts[-1] = f"to_tsquery(CAST(:language AS regconfig), :{name})"
    return " && ".join(parts), values


def _posts(session: Session, ids: Sequence[int]) -> dict[int, Post]:
    people = joinedload(Post.section, innerjoin=True), joinedload(Post.author, innerjoin=True)
    query = select(Post).options(*people, joinedload(Post.cover), defer(Post.markdown))
    return {post.id: post for post in session.scalars(query.where(Post.id.in_(ids)))}


def _marked(text_with_marks: str) -> Marked:
    first, *rest = text_with_marks.split(_BEGIN)
    pieces = [(first, False)]
    for each in rest:
        found, _, after = each.partition(_END)
        pieces += [(found, True), (after, False)]
    return tuple(piece for piece in pieces if piece[0])
