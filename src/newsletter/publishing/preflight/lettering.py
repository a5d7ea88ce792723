"""Checks of the finished letter: its bytes, its size, its parts, its look in programs that know little."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from newsletter.domain.colours import contrast
from newsletter.domain.look import SMALL
from newsletter.mail.lint import lint
from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Severity

CLIPPED_AT = 102_000
"""Bytes of HTML that Gmail shows before it cuts, and with it the link that leaves."""

_NEAR = 90_000
_CONTRIBUTORS = 3
_HREF = re.compile(r'href="([^"]*)"')
_DARK = re.compile(r"prefers-color-scheme:\s*dark[^{]*\{[^{}]*\{[^{}]*!important")

# Properties and values that a good part of mail programs drops or gets wrong, and what it means for a letter.
_LITTLE_KNOWN: Mapping[str, str] = {
    r"position\s*:": "position is dropped by Gmail and Outlook",
    r"display\s*:\s*(?:inline-)?(?:flex|grid)": "flex and grid are unknown to Outlook and half of the others",
    r"float\s*:": "float is unknown to Outlook",
    r"\bvar\(": "variables are unknown to most programs",
    r"calc\(": "calc() is unknown to Outlook",
    r"\d+(?:\.\d+)?rem\b": "rem is unknown to Outlook",
    r"object-fit\s*:": "object-fit is dropped by Gmail and Outlook",
    r"background-image\s*:|background\s*:[^;]*url\(": "background pictures are unknown to Outlook",
    r"(?:transform|animation|filter|box-shadow|text-shadow)\s*:": "effects are dropped by Outlook and Gmail",
    r"rgba?\([^)]*/": "colours with a slash are unknown to nearly all",
    r"(?<![-\w])(?:gap|aspect-ratio|inset)\s*:": "newer layout properties are unknown to most",
}
_UNSHOWN = ("svg", "video", "audio", "form", "input", "iframe", "object", "canvas", "picture", "details")


def _bytes(proof: Proof) -> Iterator[Spot]:
    seen: set[tuple[str, str]] = set()
    for copy in proof.copies:
        for flaw in lint(copy.raw):
            if (flaw.rule, flaw.message) not in seen:
                seen.add((flaw.rule, flaw.message))
                yield Spot(f"{flaw.rule}: {flaw.message}", f"message line {flaw.line}" if flaw.line else "")


def _clipped(proof: Proof) -> Iterator[Spot]:
    size = _size(proof)
    if size > CLIPPED_AT:
        yield Spot(
            f"The letter has {size:,} bytes of HTML; Gmail cuts it at {CLIPPED_AT:,}, and the link to leave "
            f"is lost. Most of it: {_contributors(proof)}."
        )


def _near(proof: Proof) -> Iterator[Spot]:
    size = _size(proof)
    if _NEAR < size <= CLIPPED_AT:
        yield Spot(
            f"The letter has {size:,} of {CLIPPED_AT:,} bytes that Gmail shows. Most: {_contributors(proof)}."
        )


def _unsubscribe(proof: Proof) -> Iterator[Spot]:
    spots: dict[str, None] = {}
    for copy in proof.copies:
        hrefs = {each.attributes.get("href") for each in copy.document.elements("a")}
        for name, link in (
            ("leaves", copy.links.unsubscribe),
            ("changes what one gets", copy.links.preferences),
        ):
            if link not in hrefs:
                spots[f"The link that {name} is not in the HTML of the letter."] = None
            if link not in copy.text:
                spots[f"The link that {name} is not in the plain text of the letter."] = None
    yield from map(Spot, spots)


def _identity(proof: Proof) -> Iterator[Spot]:
    address = proof.edition.publication.postal_address
    if not address:
        yield Spot("The letter names no postal address, which the law asks for in many countries.")
    elif " ".join(address.split()) not in proof.sample.words:
        yield Spot("The postal address is not in the letter; its template leaves it out.")


def _text_part(proof: Proof) -> Iterator[Spot]:
    text, words = proof.copies[0].text, proof.sample.words
    shared = set(text.lower().split()) & set(words.lower().split())
    if len(shared) < 0.5 * len(set(words.lower().split())):
        yield Spot("The plain text says something else than the HTML.")
    for link in proof.links:
        href = link.attributes.get("href", "")
        if href.startswith("http") and href not in text and href.partition("#")[0] != _page(proof):
            yield Spot(f"The plain text leaves out a link: {href[:80]}", proof.line_of(href))


def _dark(proof: Proof) -> Iterator[Spot]:
    if not _DARK.search(proof.sample.style):
        yield Spot("The letter has no colours for readers who prefer dark.")


def _contrast(proof: Proof) -> Iterator[Spot]:
    for name, dark in (("light", False), ("dark", True)):
        seen: set[tuple[str, str]] = set()
        for inked in proof.sample.inked(dark=dark):
            pair = (inked.ink, inked.paper)
            if pair not in seen and contrast(*pair) < SMALL:
                seen.add(pair)
                ratio = f"{contrast(*pair):.1f}:1"
                yield Spot(
                    f"“{inked.words[:40]}” in {inked.ink} on {inked.paper} ({name}) has a contrast of "
                    f"{ratio}; {SMALL}:1 can be read.",
                    proof.line_of(inked.words[:40]),
                )


def _little_known(proof: Proof) -> Iterator[Spot]:
    styles = Counter(each.attributes.get("style", "") for each in proof.sample.elements())
    for pattern, why in _LITTLE_KNOWN.items():
        found = next((style for style in styles if re.search(pattern, style)), "")
        if found:
            yield Spot(f"{why[0].upper()}{why[1:]}: “{found[:60]}”.")
    for element in proof.sample.elements(*_UNSHOWN):
        yield Spot(f"<{element.tag}> is not shown by most mail programs.")


def _page(proof: Proof) -> str:
    """The post's own page; footnotes lead there, and the plain text has its notes at its end."""
    return f"{proof.site_url}p/{proof.edition.post.slug}"


def _size(proof: Proof) -> int:
    return max(len(copy.document.source.encode()) for copy in proof.copies)


def _contributors(proof: Proof) -> str:
    """What takes most of the room."""
    source = proof.sample.source
    rooms = {
        "styles in tags": sum(map(len, re.findall(r' style="[^"]*"', source))),
        "the style block": len(proof.sample.style),
        "addresses of links": sum(map(len, _HREF.findall(source))),
        "code": sum(map(len, re.findall(r"<pre.*?</pre>", source, re.DOTALL))),
        "tables": sum(map(len, re.findall(r'<table class="grid".*?</table>', source, re.DOTALL))),
        "words": len(proof.sample.words),
    }
    most = sorted(rooms.items(), key=lambda room: -room[1])[:_CONTRIBUTORS]
    return ", ".join(f"{name} {size:,}" for name, size in most)


CHECKS = (
    Check(
        "bytes",
        Severity.BLOCK,
        _bytes,
        "Compare your mail templates with ours. For List-Unsubscribe the site must be at https://.",
    ),
    Check("size-clipped", Severity.BLOCK, _clipped, "Shorten the post, or send its beginning with a link."),
    Check("size-near", Severity.WARNING, _near, "Shorten it a little; names and links of readers add to it."),
    Check(
        "unsubscribe",
        Severity.BLOCK,
        _unsubscribe,
        "Put both links back into post/body.html and post/body.txt.",
    ),
    Check("identity", Severity.WARNING, _identity, "Set it: newsletter publication set --postal-address …"),
    Check("text-part", Severity.WARNING, _text_part, "Let post/body.txt carry the post's text."),
    Check("dark-mode", Severity.WARNING, _dark, "Keep the dark media query of _base/style.css."),
    Check("contrast", Severity.WARNING, _contrast, "Choose colours that are further apart."),
    Check("css-support", Severity.WARNING, _little_known, "Use tables, padding and plain colours instead."),
)
