"""Checks of pictures: whether mail programs can show them, and what is read where they are not shown."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.linking import is_private
from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Severity
from newsletter.rendering.blocks import STILLS

_UNFETCHED = re.compile(
    r"(?:!\[[^\]\n]*\]\(\s*<?|<img\b[^>]*\bsrc\s*=\s*[\"']?)\s*((?:data|file|cid|blob):)", re.IGNORECASE
)
_KNOWN = (".svg", ".webp", ".avif", ".heic", ".bmp", ".tif", ".tiff", ".jxl")
_FEWEST_WORDS = 200  # characters
_SERVED = ("/static/",)


def _data(proof: Proof) -> Iterator[Spot]:
    for number, text in enumerate(proof.markdown.split("\n"), 1):
        for found in _UNFETCHED.findall(text):
            yield Spot(
                f"A picture has an address that mail programs do not fetch ({found}).", f"line {number}"
            )


def _alt(proof: Proof) -> Iterator[Spot]:
    for picture in proof.pictures:
        source = picture.attributes.get("src", "")
        if not picture.attributes.get("alt", "").strip() and not source.startswith(STILLS):
            yield Spot("A picture says nothing to those who cannot see it.", proof.line_of(source))


def _missing(proof: Proof) -> Iterator[Spot]:
    for picture in proof.pictures:
        source = picture.attributes.get("src", "")
        parts = urlsplit(source)
        if parts.hostname == proof.site_host and not parts.path.startswith(_SERVED):
            yield Spot(f"The site has no picture at {parts.path[:80]}.", proof.line_of(source))
        elif parts.hostname and is_private(parts.hostname) and parts.hostname != proof.site_host:
            yield Spot(f"{parts.hostname} cannot be reached by readers.", proof.line_of(source))


def _kind(proof: Proof) -> Iterator[Spot]:
    for picture in proof.pictures:
        source = picture.attributes.get("src", "")
        if urlsplit(source).path.lower().endswith(_KNOWN):
            ending = urlsplit(source).path.rsplit(".", 1)[-1].upper()
            yield Spot(f"Many mail programs cannot show {ending} pictures.", proof.line_of(source))


def _insecure(proof: Proof) -> Iterator[Spot]:
    for picture in proof.pictures:
        source = picture.attributes.get("src", "")
        if urlsplit(source).scheme == "http" and urlsplit(source).hostname != proof.site_host:
            yield Spot(
                "A picture is fetched without encryption; some programs refuse it.", proof.line_of(source)
            )


def _only_pictures(proof: Proof) -> Iterator[Spot]:
    written = proof.content.opening(_FEWEST_WORDS + 1)
    words = re.sub(r"\s", "", written)
    for picture in proof.pictures:
        words = words.replace(re.sub(r"\s", "", picture.attributes.get("alt", "")), "", 1)
    if proof.pictures and len(words) < _FEWEST_WORDS / 2:
        yield Spot("The letter is hardly more than pictures; filters take that for spam.")


CHECKS = (
    Check("image-data", Severity.BLOCK, _data, "Put the picture on a server and use its https:// address."),
    Check("image-alt", Severity.WARNING, _alt, "Describe it: ![what one sees](address)."),
    Check(
        "image-missing", Severity.BLOCK, _missing, "Use the full https:// address of a picture that is there."
    ),
    Check("image-kind", Severity.WARNING, _kind, "Use PNG, JPEG or GIF."),
    Check("image-insecure", Severity.WARNING, _insecure, "Use an https:// address."),
    Check("image-only", Severity.WARNING, _only_pictures, "Say in words what the pictures show."),
)
