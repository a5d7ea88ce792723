"""The first words of HTML, where there is room for a few of them only."""

from newsletter.rendering.raw_html import LenientParser

_WITHIN_WORDS = frozenset(
    {"a", "abbr", "b", "bdi", "code", "del", "em", "i", "s", "span", "strong", "sub", "sup"}
)


def excerpt_of(html: str, limit: int) -> str:
    """What it says, on one line, cut between two words where it is longer; no tag is left of it."""
    words = _words_of(html)
    if len(words) <= limit:
        return words
    whole = words[: limit + 1].rpartition(" ")[0]
    # A word without end is cut within.
    return (whole if len(whole) > limit // 2 else words[:limit]) + "…"


def _words_of(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.said).split())


class _Words(LenientParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Part what stands in different blocks."""
        if tag not in _WITHIN_WORDS:
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Part what stands in different blocks."""
        if tag not in _WITHIN_WORDS:
            self.said.append(" ")

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.said.append(data)
