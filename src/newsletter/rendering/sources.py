"""What stands where in a post: its links, its pictures, its raw tags and its prose, each with its line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from markdown_it.token import Token

from newsletter.rendering.markdown import with_lines
from newsletter.rendering.raw_html import LenientParser

_HTML = frozenset({"html_block", "html_inline"})
_SILENT = frozenset({"code_inline", "merge_tag", "image"})


class Source(NamedTuple):
    """A link or a picture, with the words of the one or the description of the other."""

    line: int
    url: str
    words: str


class Tag(NamedTuple):
    """A tag of raw HTML that opens."""

    line: int
    name: str
    attributes: Mapping[str, str | None]


def links_of(tokens: Sequence[Token]) -> Iterator[Source]:
    """Every link an author wrote, in Markdown or in HTML."""
    for line, token, rest in _walk(tokens):
        if token.type == "link_open":
            yield Source(line, str(token.attrs.get("href", "")), _words(rest))
        elif token.type in {"figure", "button", "card"} and token.meta["href"]:
            words = token.meta.get("title") or _words(token.children or ())
            yield Source(line, token.meta["href"], words)
    for tag in raw_tags(tokens):
        if tag.name == "a" and "href" in tag.attributes:
            yield Source(tag.line, tag.attributes["href"] or "", "")


def pictures_of(tokens: Sequence[Token]) -> Iterator[Source]:
    """Every picture an author wrote; the stills of videos are ours."""
    for line, token, _ in _walk(tokens):
        if token.type == "image":
            yield Source(line, str(token.attrs.get("src", "")), _words(token.children or ()))
    for tag in raw_tags(tokens):
        if tag.name == "img":
            yield Source(tag.line, tag.attributes.get("src") or "", tag.attributes.get("alt") or "")


def raw_tags(tokens: Sequence[Token]) -> Sequence[Tag]:
    """Every tag of raw HTML that opens; comments hold none."""
    return _read_tags(tokens).found


def left_open(tokens: Sequence[Token]) -> Sequence[tuple[str, int]]:
    """Raw tags that nothing closes, each with its line."""
    return _read_tags(tokens).open


def prose(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """What reads as text, by line: no code, no merge tags, and emphasis with its signs as they were typed."""
    for token in tokens:
        parts: dict[int, list[str]] = {}
        for line, each in with_lines([token]):
            if each.type == "html_block":
                parts.setdefault(line, []).append(each.content)
            elif not each.block and each.type not in _SILENT:
                parts.setdefault(line, []).append(each.content or each.markup)
        yield from ((line, "".join(words)) for line, words in parts.items())


def _walk(tokens: Sequence[Token]) -> Iterator[tuple[int, Token, Sequence[Token]]]:
    """Every token with its line, and what follows it among its neighbours."""
    lines = list(with_lines(tokens))
    for index, (line, token) in enumerate(lines):
        following = [each for _, each in lines[index + 1 : index + 40]] if token.type == "link_open" else []
        yield line, token, following


def _words(tokens: Sequence[Token]) -> str:
    """The words up to the end of a link."""
    words: list[str] = []
    for token in tokens:
        if token.type == "link_close":
            break
        words.append(token.content)
    return "".join(words).strip()


def _read_tags(tokens: Sequence[Token]) -> "_Tags":
    reader = _Tags()
    for line, token in with_lines(tokens):
        if token.type in _HTML:
            reader.read(token.content, line)
    return reader


class _Tags(LenientParser):
    """Tags in turn, and those that are open."""

    VOID = frozenset(
        {"br", "hr", "img", "input", "wbr", "col", "area", "source", "meta", "link", "base", "embed", "track"}
    )
    LEFT_OPEN = frozenset({"p", "li", "td", "th", "tr", "dd", "dt", "thead", "tbody", "tfoot", "option"})

    def __init__(self) -> None:
        super().__init__()
        self._line = 0
        self.found: list[Tag] = []
        self.open: list[tuple[str, int]] = []

    def read(self, html: str, line: int) -> None:
        """One more piece."""
        self._line = line
        self.reset()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it with its line and its address."""
        line = self._line + self.getpos()[0] - 1
        self.found.append(Tag(line, tag, dict(attrs)))
        if tag not in self.VOID | self.LEFT_OPEN:
            self.open.append((tag, line))

    def handle_endtag(self, tag: str) -> None:
        """Close it and what is inside."""
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index][0] == tag:
                del self.open[index:]
                return
