"""Checks of what the author wrote: raw HTML, headings, merge tags, characters nobody sees."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof, line
from newsletter.publishing.preflight.report import Severity
from newsletter.rendering.markdown import with_lines

_ACTING = re.compile(
    r"<(script|style|iframe|object|embed|form|button|select|textarea|video|audio|svg|link|meta|base)\b",
    re.IGNORECASE,
)
_LEFT_OPEN = frozenset({"p", "li", "td", "th", "tr", "dd", "dt", "thead", "tbody", "tfoot", "option"})
_VOID = frozenset(
    {"br", "hr", "img", "input", "wbr", "col", "area", "source", "meta", "link", "base", "embed"}
)
_OVERRIDE = re.compile("[\u202d\u202e]")
_LEFTOVER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|%%\w+%%|\*\|\w+\|\*|\[\[\w+\]\]|%recipient[.\w]*%")
_NOT_FOREIGN = re.compile(r"(`+).*?\1|\{\{\s*\w+\s*(?:\|[^{}|\n]*)?\}\}", re.DOTALL)
_WIDEST_TABLE = 5


class _Tags(HTMLParser):
    """Tags that are open, each with the line it was opened on."""

    def __init__(self) -> None:
        super().__init__()
        self.line = 0
        self.open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Note where it was opened."""
        if tag not in _VOID | _LEFT_OPEN:
            self.open.append((tag, self.line + self.getpos()[0] - 1))

    def handle_endtag(self, tag: str) -> None:
        """Close it and what is inside."""
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index][0] == tag:
                del self.open[index]
                return


def _html_left_out(proof: Proof) -> Iterator[Spot]:
    for number, token in with_lines(proof.content.tokens):
        if token.type in {"html_block", "html_inline"}:
            for found in _ACTING.finditer(token.content):
                yield Spot(f"<{found[1].lower()}> has no place in a letter and is left out.", line(number))


def _html_unclosed(proof: Proof) -> Iterator[Spot]:
    tags = _Tags()
    for number, token in with_lines(proof.content.tokens):
        if token.type in {"html_block", "html_inline"}:
            tags.line = number
            tags.reset()
            tags.feed(token.content)
    for tag, number in tags.open:
        yield Spot(f"<{tag}> is opened and never closed.", line(number))


def _overrides(proof: Proof) -> Iterator[Spot]:
    for number, text in enumerate(proof.markdown.split("\n"), 1):
        if _OVERRIDE.search(text):
            yield Spot(
                "An invisible character turns the text around, so that it reads as something else.",
                line(number),
            )


def _headings(proof: Proof) -> Iterator[Spot]:
    above = 1
    for number, token in with_lines(proof.content.tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
            if level == 1:
                yield Spot("This heading is as high as the post's title.", line(number))
            elif level > above + 1:
                yield Spot(f"A heading of level {level} follows one of level {above}.", line(number))
            above = level


def _fallbacks(proof: Proof) -> Iterator[Spot]:
    for number, token in with_lines(proof.content.tokens):
        if token.type == "merge_tag" and not token.meta["fallback"]:
            yield Spot(f"{token.content} says nothing to readers without a name.", line(number))


def _leftovers(proof: Proof) -> Iterator[Spot]:
    for number, token in with_lines(proof.content.tokens):
        if token.type == "inline":
            for found in dict.fromkeys(_LEFTOVER.findall(_NOT_FOREIGN.sub("", token.content))):
                yield Spot(f"“{found}” looks like a merge tag, and is not one of ours.", line(number))


def _wide_tables(proof: Proof) -> Iterator[Spot]:
    columns, begun = 0, 0
    for number, token in with_lines(proof.content.tokens):
        if token.type == "table_open":
            columns, begun = 0, number
        elif token.type == "th_open":
            columns += 1
        elif token.type == "table_close" and columns > _WIDEST_TABLE:
            yield Spot(f"A table of {columns} columns does not fit on a phone.", line(begun))


CHECKS = (
    Check("html-left-out", Severity.WARNING, _html_left_out, "Take it out, or say it in Markdown."),
    Check("html-unclosed", Severity.WARNING, _html_unclosed, "Close it, or say it in Markdown."),
    Check("direction-override", Severity.BLOCK, _overrides, "Delete the character (U+202D or U+202E)."),
    Check("heading-order", Severity.WARNING, _headings, "Begin with ## and go down one level at a time."),
    Check("merge-tag-bare", Severity.WARNING, _fallbacks, "Give it a fallback, such as {{ name | there }}."),
    Check("merge-tag-foreign", Severity.BLOCK, _leftovers, "Write {{ name | there }}, or mark it as code."),
    Check("table-wide", Severity.WARNING, _wide_tables, "Use fewer columns, or show it as a picture."),
)
