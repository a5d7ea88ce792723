"""Checks of how the letter looks: in both palettes, and in programs that know little."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from newsletter.domain.colours import contrast
from newsletter.domain.look import SMALL
from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Severity

_DARK = re.compile(r"prefers-color-scheme:\s*dark[^{]*\{[^{}]*\{[^{}]*!important")

# Properties and values that a good part of mail programs drops or gets wrong, and what it means for a letter.
_LITTLE_KNOWN: Mapping[str, str] = {
    r"(?<![-\w])position\s*:": "position is dropped by Gmail and Outlook",
    r"display\s*:\s*(?:inline-)?(?:flex|grid)": "flex and grid are unknown to Outlook and half of the others",
    r"(?<![-\w])float\s*:": "float is unknown to Outlook",
    r"\bvar\(": "variables are unknown to most programs",
    r"calc\(": "calc() is unknown to Outlook",
    r"\d+(?:\.\d+)?rem\b": "rem is unknown to Outlook",
    r"object-fit\s*:": "object-fit is dropped by Gmail and Outlook",
    r"background-image\s*:|background\s*:[^;]*url\(": "background pictures are unknown to Outlook",
    r"(?<![-\w])(?:transform|animation|filter|box-shadow|text-shadow)\s*:": "Outlook and Gmail drop effects",
    r"rgba?\([^)]*/": "colours with a slash are unknown to nearly all",
    r"(?<![-\w])(?:gap|aspect-ratio|inset)\s*:": "newer layout properties are unknown to most",
}
_KEPT = re.compile(r"\{([^{}]*)\}")
_PROPERTY = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:")
_UNSHOWN = ("svg", "video", "audio", "form", "input", "iframe", "object", "canvas", "picture", "details")


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
                    f"{ratio}; {SMALL}:1 can be read."
                )


def _little_known(proof: Proof) -> Iterator[Spot]:
    styles = Counter(each.attributes.get("style", "") for each in proof.sample.elements())
    for pattern, why in _LITTLE_KNOWN.items():
        found = next((style for style in styles if re.search(pattern, style)), "")
        if found:
            yield Spot(f"{why[0].upper()}{why[1:]}: “{found[:60]}”.")
    inlined = {name for style in styles for name in _PROPERTY.findall(style)}
    for body in _KEPT.findall(proof.sample.style):
        for name in _PROPERTY.findall(";".join(each for each in body.split(";") if "!important" not in each)):
            if name in inlined:
                yield Spot(f"{name} in the style block has no !important, so inlined styles win over it.")
    for element in proof.sample.elements(*_UNSHOWN):
        yield Spot(f"<{element.tag}> is not shown by most mail programs.")


CHECKS = (
    Check("dark-mode", Severity.WARNING, _dark, "Keep the dark media query of _base/style.css."),
    Check("contrast", Severity.WARNING, _contrast, "Choose colours that are further apart."),
    Check("css-support", Severity.WARNING, _little_known, "Use tables, padding and plain colours instead."),
)
