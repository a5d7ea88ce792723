"""The site's texts, collected for translation: `python -m tests.support.words` updates the catalogues."""

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from newsletter.web.languages import LANGUAGES

Keywords = Mapping[str, tuple[int, ...] | None]

SOURCE = Path(__file__).parent.parent.parent / "src" / "newsletter"
FOLDER = SOURCE / "web" / "translations"
_WIDTH = 100
_NOISE = re.compile(rb'^"(?:Report|POT|PO-|Last|Language-T|Project|Generated)[^\n]*\n', re.MULTILINE)
# What these raise, readers see; the errors of other rooms are for authors and operators.
_ROOMS_OF_READERS = ("accounts", "audience", "discussion", "privacy")
_SAID_TO_READERS = (
    *("domain/addresses.py", "domain/tokens.py", "domain/stamps.py", "publishing/archive.py"),
    *("publishing/posts.py", "publishing/free_pages.py", "publishing/publications.py"),
    *("domain/discussions.py", "rendering/comments.py"),
)
_PYTHON: Keywords = {"gettext": None, "ngettext": (1, 2)}
_ERRORS: Keywords = dict.fromkeys(
    ("BadInput", "BadAddress", "BadLink", "ExpiredLink", "NotFound", "NotAllowed", "Conflict", "TooMany")
)
_TEMPLATES: Keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}


def main() -> None:
    for code in list(LANGUAGES)[1:]:
        path = FOLDER / f"{code}.po"
        catalog = catalogue_of(code)
        catalog.update(collected(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        FOLDER.mkdir(exist_ok=True)
        written = BytesIO()
        write_po(written, catalog, width=_WIDTH, sort_output=True, no_location=True)
        path.write_bytes(_NOISE.sub(b"", written.getvalue()))
        missing = sum(not is_translated(message) for message in catalog if message.id)
        print(f"{path.name}: {len(catalog)} texts, {missing} of them without a translation")


def collected() -> Catalog:
    """Every text there is."""
    catalog = Catalog(header_comment="")
    for message in _messages():
        catalog.add(message)
    return catalog


def catalogue_of(code: str) -> Catalog:
    """What is translated into a language."""
    path = FOLDER / f"{code}.po"
    if not path.exists():
        return Catalog(locale=code, header_comment="", project="newsletter", version="1")
    return read_po(BytesIO(path.read_bytes()), locale=code)


def is_translated(message: Message) -> bool:
    """Whether every form of a text has its words."""
    words = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(words)


def _messages() -> Iterator[str | tuple[str, ...]]:
    for path in sorted((SOURCE / "web").rglob("*.html")):
        if "studio" not in path.parts and "inbox" not in path.parts:
            yield from _of(path, "jinja2.ext:babel_extract", _TEMPLATES)
    for path in sorted((SOURCE / "web").rglob("*.py")):
        if "studio" not in path.parts and "inbox" not in path.parts:
            yield from _of(path, "python", {**_PYTHON, **_ERRORS})
    rooms = [path for room in _ROOMS_OF_READERS for path in sorted((SOURCE / room).rglob("*.py"))]
    for path in [*rooms, *(SOURCE / name for name in _SAID_TO_READERS)]:
        if path.exists():
            yield from _of(path, "python", _ERRORS)


def _of(path: Path, method: str, keywords: Keywords) -> Iterator[str | tuple[str, ...]]:
    options = {"trimmed": "true", "newstyle_gettext": "true"}
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract(method, file, keywords=keywords, options=options):
            if isinstance(message, str) and " " not in message.strip() and not message[:1].isupper():
                continue
            yield message


if __name__ == "__main__":
    main()
