"""Checks of the finished letter: its bytes, its size, its parts, and who it says it is from."""

import re
from collections.abc import Iterator

from newsletter.mail.lint import lint
from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof, line
from newsletter.publishing.preflight.report import Severity

CLIPPED_AT = 102_000
"""Bytes of HTML that Gmail shows before it cuts, and with it the link that leaves."""

_NEAR = 90_000
_CONTRIBUTORS = 3
_HREF = re.compile(r'href="([^"]*)"')


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
    text, words = proof.copies[0].text, _pairs(proof.sample.words)
    if len(words & _pairs(text)) < 0.5 * len(words):
        yield Spot("The plain text says something else than the HTML.")
    for link in proof.links:
        if link.url.startswith("http") and link.url not in text:
            yield Spot(f"The plain text leaves out a link: {link.url[:80]}", line(link.line))


def _pairs(text: str) -> set[str]:
    """Neighbouring letters: many languages put no spaces between words."""
    letters = re.sub(r"[\W_]", "", text.lower())
    return {letters[at : at + 2] for at in range(len(letters) - 1)}


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
)
