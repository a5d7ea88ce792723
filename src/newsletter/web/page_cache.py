"""Pages for everybody, kept in memory until something they show has changed.

Kept pages are told apart by address, language and theme. Before one is given out, the database is asked
whether it is still the newest; so all processes agree, and what was published or commented is seen at once.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.datastructures import Accept
from werkzeug.http import http_date, parse_accept_header, parse_cookie, parse_date

from newsletter.domain.errors import DatabaseTrouble
from newsletter.publishing.versions import Version
from newsletter.web import languages, themes
from newsletter.web.context import SESSION_COOKIE
from newsletter.web.keeping import ENVIRON, Kept
from newsletter.web.site.paging import FILTERS

Key = tuple[str, tuple[tuple[str, str], ...], str, str]
Headers = list[tuple[str, str]]

_LONGEST_QUERY = 300
_WORTH_PACKING = 500
_BODILESS = ("content-encoding", "content-length", "content-type")
_SHARED = "public, max-age=0, s-maxage=1, stale-while-revalidate=30"
_VARY = "Accept-Encoding, Accept-Language, Cookie"


@dataclass(frozen=True)
class Answer:
    """One spelling of a kept page, ready to be sent."""

    etag: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class KeptPage:
    """A page as it is kept: plain and packed, with what it was made from."""

    made_from: Kept
    changed_at: datetime
    plain: Answer
    packed: Answer | None

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return len(self.plain.body) + (len(self.packed.body) if self.packed else 0) + 2000


@dataclass(frozen=True)
class Newest:
    """Where the cache learns what is the newest: of everything, and of the scopes that a page shows."""

    everything: Callable[[], int]
    of: Callable[[Collection[str]], Mapping[str, Version]]


class PageCache:
    """A WSGI application in front of another; keeps those answers that say what they were made from."""

    def __init__(self, app: WSGIApplication, newest: Newest, now: Callable[[], datetime], room: int) -> None:
        self._app = app
        self._newest = newest
        self._now = now
        self._room = room
        self._pages: OrderedDict[Key, KeptPage] = OrderedDict()
        self._checked: dict[Key, int] = {}
        self._taken = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory, or ask the application and keep what may be kept."""
        key = key_of(environ) if self._room else None
        if key is None:
            return self._app(environ, start_response)
        page = self._pages.get(key)
        if page is None or not self._is_good(key, page):
            if environ["REQUEST_METHOD"] == "HEAD":
                return self._app(environ, start_response)
            page, answer = self._make(key, environ, start_response)
            if page is None:
                return answer
        return send(page, environ, start_response)

    def _is_good(self, key: Key, page: KeptPage) -> bool:
        until = page.made_from.until
        if until is not None and self._now() >= until:
            return False
        try:
            number = self._newest.everything()
            if self._checked.get(key) != number:
                # Something has changed; maybe nothing that this page shows.
                if self._newest.of(page.made_from.versions) != page.made_from.versions:
                    return False
                self._checked[key] = number
        except DatabaseTrouble:
            pass  # what was true a moment ago is better than nothing
        return True

    def _make(
        self, key: Key, environ: WSGIEnvironment, start_response: StartResponse
    ) -> tuple[KeptPage | None, Iterable[bytes]]:
        begun: list[Any] = []

        def begin(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            begun[:] = [status, headers, exc_info]
            return lambda _bytes: None

        body = self._app(environ, begin)
        made_from = environ.get(ENVIRON)
        if made_from is None:
            start_response(*begun)
            return None, body
        page = _page(made_from, begun[1], b"".join(body), self._now())
        self._keep(key, page)
        return page, ()

    def _keep(self, key: Key, page: KeptPage) -> None:
        with self._lock:
            old = self._pages.pop(key, None)
            self._checked[key] = page.made_from.everything
            self._taken += page.size - (old.size if old else 0)
            self._pages[key] = page
            while self._taken > self._room and self._pages:
                oldest, dropped = self._pages.popitem(last=False)
                self._checked.pop(oldest, None)
                self._taken -= dropped.size


def key_of(environ: WSGIEnvironment) -> Key | None:
    """What tells kept pages apart; None for what is nobody else's business, or no page."""
    query = environ.get("QUERY_STRING", "")
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or len(query) > _LONGEST_QUERY:
        return None
    cookies = environ.get("HTTP_COOKIE", "")
    chosen = parse_cookie(cookies) if cookies else {}
    if SESSION_COOKIE in chosen:
        return None
    known = FILTERS | {"page"}
    asked = tuple(sorted(each for each in parse_qsl(query) if each[0] in known)) if query else ()
    language = languages.wanted_language(
        chosen.get(languages.COOKIE, ""), environ.get("HTTP_ACCEPT_LANGUAGE", "")
    )
    theme = chosen.get(themes.COOKIE, "")
    return environ.get("PATH_INFO", ""), asked, language, theme if theme in themes.THEMES else ""


def send(page: KeptPage, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Send a kept page, or say that the reader has it already (RFC 9110 section 13)."""
    packed = page.packed is not None and _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    answer = page.packed if packed and page.packed is not None else page.plain
    if _has_it(environ, answer, page.changed_at):
        kept = [each for each in answer.headers if each[0].lower() not in _BODILESS]
        start_response("304 Not Modified", kept)
        return ()
    start_response("200 OK", answer.headers)
    return () if environ["REQUEST_METHOD"] == "HEAD" else (answer.body,)


def _has_it(environ: WSGIEnvironment, answer: Answer, changed_at: datetime) -> bool:
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return any(tag.strip().removeprefix("W/") in {answer.etag, "*"} for tag in tags.split(","))
    since = parse_date(environ.get("HTTP_IF_MODIFIED_SINCE", ""))
    return since is not None and changed_at.replace(microsecond=0) <= since


def _page(made_from: Kept, headers: Headers, body: bytes, now: datetime) -> KeptPage:
    moments = [version.changed_at for version in made_from.versions.values() if version.changed_at]
    # What says "today" has changed with the day, whatever the versions are.
    changed_at = now if made_from.until else max(moments, default=now)
    ours = {"etag", "last-modified", "cache-control", "vary", "content-length"}
    common = [each for each in headers if each[0].lower() not in ours]
    common += [("Cache-Control", _SHARED), ("Vary", _VARY), ("Last-Modified", http_date(changed_at))]
    digest = hashlib.sha256(body).hexdigest()[:24]
    packed = None
    if len(body) >= _WORTH_PACKING:
        small = gzip.compress(body, 6, mtime=0)
        packed = _answer(f'"{digest}-gzip"', [*common, ("Content-Encoding", "gzip")], small)
    return KeptPage(made_from, changed_at, _answer(f'"{digest}"', common, body), packed)


def _answer(etag: str, headers: Headers, body: bytes) -> Answer:
    return Answer(etag, [*headers, ("ETag", etag), ("Content-Length", str(len(body)))], body)


@lru_cache(maxsize=1000)
def _takes_gzip(accepted: str) -> bool:
    return bool(accepted) and parse_accept_header(accepted[:500], Accept).quality("gzip") > 0
