"""A post as a file: YAML front matter between `---` lines, then Markdown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from newsletter.domain.errors import BadPost
from newsletter.domain.states import PostAccess

_KNOWN = ("title", "subtitle", "section", "slug", "author", "published", "access", "featured", "cover")
_MAX_BYTES = 4_000_000


@dataclass(frozen=True)
class PostFile:
    """What a file says; empty where it says nothing."""

    title: str
    markdown: str
    subtitle: str = ""
    section: str = ""
    slug: str = ""
    author: str = ""
    published: datetime | None = None
    access: PostAccess = PostAccess.PUBLIC
    featured: bool = False
    cover: Path | None = None
    lines_before: int = 0

    @property
    def in_place(self) -> str:
        """The Markdown on the lines it has in its file, so that what is said of a line fits."""
        return "\n" * self.lines_before + self.markdown


def read_post_file(path: Path, title: str = "") -> PostFile:
    """Read a Markdown file; a title given here wins. Raises BadPost with the file, the line and the cause."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadPost(f"{path}: the file is too large; {_MAX_BYTES // 1_000_000} MB are the limit.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPost(f"{path}: the file is not UTF-8 (at byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise BadPost(f"{path}: {error.strerror}.") from error
    return parse_post_file(text, str(path), title)


def parse_post_file(text: str, name: str, title: str = "") -> PostFile:
    """Take a post's text apart. Raises BadPost."""
    text = text.replace("\r\n", "\n")
    front, markdown = _split(text, name)
    fields = _fields(front, name)
    published, placed = _moment(fields.pop("published", None), name), _placed(fields, name)
    said = placed | {key: _text(key, value, name) for key, value in fields.items()}
    own_title = said.pop("title", "")
    title = title or own_title
    if not title:
        first, _, rest = markdown.lstrip().partition("\n")
        if not first.startswith("# "):
            raise BadPost(f"{name}: there is no title. Add `title: …` to the front matter.")
        title, markdown = first[2:].strip(), rest
    body = markdown.strip()
    before = text.count("\n", 0, text.rfind(body)) if body else 0
    return PostFile(title, body + "\n", published=published, lines_before=before, **said)


def _split(text: str, name: str) -> tuple[str, str]:
    if not text.startswith("---\n"):
        return "", text
    front, end, markdown = text[4:].partition("\n---\n")
    if not end:
        raise BadPost(f"{name}: the front matter begins with --- on line 1 but never ends. Add a line ---.")
    return front, markdown


def _fields(front: str, name: str) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(front) or {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 2}" if mark else "somewhere"
        raise BadPost(f"{name}: the front matter cannot be read at {where}: {error.problem}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadPost(f"{name}: the front matter cannot be read: {error}.") from error
    if not isinstance(fields, Mapping):
        raise BadPost(f"{name}: the front matter must be lines such as `title: My title`.")
    for key in fields:
        if key not in _KNOWN:
            raise BadPost(f"{name}: the front matter knows no “{key}”. It knows: {', '.join(_KNOWN)}.")
    return dict(fields)


def _placed(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """How the post stands on the site; what is not said stays as it is for every post."""
    placed: dict[str, Any] = {}
    if "access" in fields:
        placed["access"] = _access(_text("access", fields.pop("access"), name), name)
    if "featured" in fields:
        placed["featured"] = fields.pop("featured")
        if not isinstance(placed["featured"], bool):
            raise BadPost(f"{name}: “featured” in the front matter must be true or false.")
    if "cover" in fields:
        placed["cover"] = Path(name).parent / _text("cover", fields.pop("cover"), name)
    return placed


def _access(word: str, name: str) -> PostAccess:
    if word not in set(PostAccess):
        raise BadPost(f"{name}: “access” in the front matter must be one of {', '.join(PostAccess)}.")
    return PostAccess(word)


def _text(key: str, value: object, name: str) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip()
    raise BadPost(f"{name}: “{key}” in the front matter must be text. Put it in quotes.")


def _moment(value: object, name: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, 8, tzinfo=UTC)
    raise BadPost(f"{name}: “published” must be a date such as 2026-11-19.")
