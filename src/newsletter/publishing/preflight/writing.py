"""Checks of what the author wrote: raw HTML, headings, merge tags, characters nobody sees."""

import re
from collections.abc import Iterator

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof, line
from newsletter.publishing.preflight.report import Severity
from newsletter.rendering.markdown import with_lines
from newsletter.rendering.sanitising import KNOWN_TAGS
from newsletter.rendering.sources import left_open, prose, raw_tags

_OVERRIDE = re.compile("[\u202d\u202e]")
_FOREIGN = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^{}\n]{0,80}%\}|%%\w{1,40}%%|\*\|\w{1,40}\|\*|%recipient[.\w]{0,40}%"
)
_WIDEST_TABLE = 5


def _html_left_out(proof: Proof) -> Iterator[Spot]:
    for tag in raw_tags(proof.content.tokens):
        if tag.name not in KNOWN_TAGS:
            yield Spot(f"<{tag.name[:20]}> has no place in a letter and is left out.", line(tag.line))


def _html_unclosed(proof: Proof) -> Iterator[Spot]:
    for tag, number in left_open(proof.content.tokens):
        if tag in KNOWN_TAGS:
            yield Spot(f"<{tag}> is opened and never closed.", line(number))


def _overrides(proof: Proof) -> Iterator[Spot]:
    for number, token in with_lines(proof.content.tokens):
        if token.type != "inline" and _OVERRIDE.search(token.content):
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


def _foreign(proof: Proof) -> Iterator[Spot]:
    post = proof.edition.post
    for name, text in (("title", post.title), ("subtitle", post.subtitle)):
        for found in _FOREIGN.findall(text):
            yield Spot(f"“{found}” in the {name} is not filled in.")
    for number, text in prose(proof.content.tokens):
        for found in dict.fromkeys(_FOREIGN.findall(text)):
            yield Spot(f"“{found}” looks like a merge tag, and is not one of ours.", line(number))
    for source in (*proof.links, *proof.pictures):
        if "{{" in source.words or "{{" in source.url or "%7B%7B" in source.url:
            yield Spot("A merge tag in an address or a description is not filled in.", line(source.line))


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
    Check("merge-tag-foreign", Severity.BLOCK, _foreign, "Write {{ name | there }}, or mark it as code."),
    Check("table-wide", Severity.WARNING, _wide_tables, "Use fewer columns, or show it as a picture."),
)
