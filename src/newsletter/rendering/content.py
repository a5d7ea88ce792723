"""One content, three forms: the page's HTML, the letter's HTML and the letter's plain text."""

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from newsletter.domain.holes import Hole, HoleKind
from newsletter.rendering.headings import Heading, headings_of
from newsletter.rendering.letter_form import LetterForm
from newsletter.rendering.markdown import parse_markdown
from newsletter.rendering.markers import Markers
from newsletter.rendering.page_form import PageForm
from newsletter.rendering.plain_text import write_plain_text
from newsletter.rendering.sanitising import clean_letter, clean_page
from newsletter.rendering.teasers import teaser_of

_WORDS_A_MINUTE = 230


@dataclass(frozen=True)
class Content:
    """A parsed post."""

    tokens: Sequence[Token]

    def web_html(self) -> str:
        """HTML for the site; merge tags show their fallback."""
        return clean_page(PageForm(lambda _name, fallback: fallback).write(self.tokens))

    def email_html(self, markers: Markers, page_url: str) -> str:
        """HTML for a letter: colours inline, every link absolute, merge tags as markers."""

        def tag(name: str, fallback: str) -> str:
            return markers.mark(Hole(name, HoleKind.HTML, fallback))

        return clean_letter(LetterForm(tag, page_url).write(self.tokens), page_url)

    def plain_text(self, markers: Markers, page_url: str) -> str:
        """Text that reads well by itself, links listed at its end."""
        return write_plain_text(
            self.tokens, lambda name, fallback: markers.mark(Hole(name, HoleKind.TEXT, fallback)), page_url
        )

    def teaser(self) -> "Content":
        """Its beginning, for those who may not read the rest."""
        return Content(teaser_of(self.tokens))

    def headings(self) -> Sequence[Heading]:
        """Its headings, with the names by which its page can be linked to."""
        return headings_of(self.tokens)

    def words(self) -> str:
        """All its words, for searching."""
        return write_plain_text(self.tokens, lambda _name, fallback: fallback, "", bare=True)

    def minutes(self) -> int:
        """Reading time, at least a minute."""
        words = sum(len(token.content.split()) for token in self.tokens if token.type in {"inline", "fence"})
        return max(1, round(words / _WORDS_A_MINUTE))

    def opening(self, limit: int = 200) -> str:
        """The first words, for summaries and preheaders."""
        words = " ".join(self.words().split())
        return words if len(words) <= limit else words[:limit].rsplit(" ", 1)[0] + "…"


def read_content(markdown: str) -> Content:
    """Parse a post's Markdown. Raises BadPost."""
    return Content(parse_markdown(markdown))
