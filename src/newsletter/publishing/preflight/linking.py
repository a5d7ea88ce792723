"""Checks of links: where they lead, and whether they say so."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Severity
from newsletter.rendering.document import Element

_FORBIDDEN = re.compile(
    r"(?:(?<!!)\[[^\]\n]*\]\(|\)\]\(|href\s*=\s*[\"']?)\s*<?((?:javascript|vbscript|data|file):[^\s)\"'>]{0,40})",
    re.IGNORECASE,
)
_SHORTENERS = frozenset(
    {"bit.ly", "t.co", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "buff.ly", "cutt.ly", "rebrand.ly", "t.ly"}
)
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid")
_SHOWN_HOST = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,24})(?:/\S*)?", re.IGNORECASE)


def _scheme(proof: Proof) -> Iterator[Spot]:
    for number, text in enumerate(proof.markdown.split("\n"), 1):
        for found in _FORBIDDEN.findall(text):
            yield Spot(f"“{found}” is an address that acts instead of leading somewhere.", f"line {number}")


def _empty(proof: Proof) -> Iterator[Spot]:
    for link in proof.links:
        url = link.attributes.get("href", "")
        if url.rstrip("#") in {"", _page(proof)}:
            yield Spot(f"The link “{link.words[:60]}” leads nowhere.", proof.line_of(f"{link.words}]"))


def _private(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        host = parts.hostname or ""
        if is_private(host) and host != proof.site_host:
            yield Spot(f"{host} cannot be reached by readers.", proof.line_of(link.attributes["href"]))
        elif host == proof.site_host and parts.path.startswith("/studio"):
            yield Spot(
                "The link leads into the studio, where readers may not go.",
                proof.line_of(link.attributes["href"]),
            )


def _shortened(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        if parts.hostname in _SHORTENERS:
            yield Spot(
                f"{parts.hostname} hides where the link leads, as spam does.",
                proof.line_of(link.attributes["href"]),
            )


def _mismatched(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        shown = _SHOWN_HOST.fullmatch(link.words)
        if shown and _bare(shown[1]) != _bare(parts.hostname or ""):
            yield Spot(
                f"The words show {shown[1]}, the link leads to {parts.hostname}; that looks like a trap.",
                proof.line_of(link.attributes["href"]),
            )


def _insecure(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        if parts.scheme == "http" and parts.hostname != proof.site_host:
            yield Spot(
                f"The link to {parts.hostname} is not encrypted.", proof.line_of(link.attributes["href"])
            )


def is_private(host: str) -> bool:
    """Whether a host is one that only its own network reaches."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_ENDINGS)


def _addressed(proof: Proof) -> Iterator[tuple[Element, SplitResult]]:
    for link in proof.links:
        parts = urlsplit(link.attributes.get("href", ""))
        if parts.scheme in {"http", "https"}:
            yield link, parts


def _page(proof: Proof) -> str:
    return f"{proof.site_url}p/{proof.edition.post.slug}"


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


CHECKS = (
    Check("link-scheme", Severity.BLOCK, _scheme, "Link to an https:// address."),
    Check("link-empty", Severity.BLOCK, _empty, "Write the address, or take the link away."),
    Check("link-private", Severity.BLOCK, _private, "Link to an address that everybody can open."),
    Check("link-shortened", Severity.WARNING, _shortened, "Link to the page itself."),
    Check("link-mismatch", Severity.WARNING, _mismatched, "Let the words name the page, or the same host."),
    Check("link-insecure", Severity.NOTE, _insecure, "Use https:// if the site answers there."),
)
