"""Raw HTML inside Markdown, as words: what the plain text says where an author wrote tags."""

from collections.abc import Callable, Mapping
from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "iframe", "object", "form", "template", "noscript", "title"})
_SIGNS: Mapping[str, str] = {"sup": "^", "sub": "_"}
_BREAKS = frozenset(
    {"br", "p", "div", "li", "tr", "dd", "dt", "dl", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}
    | {"blockquote", "table", "summary", "details", "section", "figure", "figcaption", "hr", "pre"}
)


class LenientParser(HTMLParser):
    """Python's parser, which takes anything but the marked sections of SGML; here they are nothing."""

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002
        """Skip it."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1


class RawHtml(LenientParser):
    """Reads pieces of HTML in turn; a tag opened in one may be closed in another."""

    def __init__(self, number: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self._number = number
        self._words: list[str] = []
        self._links: list[str] = []
        self._silent = 0

    @property
    def is_silent(self) -> bool:
        """Whether we are inside of something that no reader sees."""
        return self._silent > 0

    def words(self, html: str) -> str:
        """What one more piece says."""
        self.feed(html)
        if not self.is_silent:
            self.clear_cdata_mode()
        words, self._words = "".join(self._words), []
        return words

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember links, name pictures, break lines."""
        named: Mapping[str, str | None] = dict(attrs)
        if tag in _SILENT:
            self._silent += 1
        elif tag == "a":
            self._links.append(named.get("href") or "")
        elif tag == "img" and named.get("src"):
            self._say(f"[Image: {named.get('alt') or ''}] {self._number(named['src'] or '')}".rstrip())
        elif tag in _BREAKS:
            self._say("\n- " if tag == "li" else "\n")
        elif tag in _SIGNS:
            self._say(_SIGNS[tag])

    def handle_endtag(self, tag: str) -> None:
        """Number a link behind its words."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a" and self._links:
            url = self._links.pop()
            self._say(f" {self._number(url)}" if url else "")
        elif tag in {"td", "th"}:
            self._say("  ")
        elif tag in _BREAKS and tag != "br":
            self._say("\n")

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self._say(data)

    def _say(self, words: str) -> None:
        if not self.is_silent:
            self._words.append(words)
