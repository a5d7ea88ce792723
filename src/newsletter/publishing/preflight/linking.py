"""Checks of links: where they lead, and whether they say so."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.proof import Proof, line
from newsletter.publishing.preflight.report import Severity
from newsletter.rendering.sources import Source, prose
from newsletter.rendering.urls import join_url, split_url

_OPENED = frozenset({"", "http", "https", "mailto", "tel"})
# What acts is no link to Markdown, and stays as it was typed.
_TYPED = re.compile(r"\]\( {0,3}<?((?:javascript|vbscript|data|file):[^\s)>]{0,40})", re.IGNORECASE)
_SHORTENERS = frozenset(
    {"bit.ly", "t.co", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "buff.ly", "cutt.ly", "rebrand.ly", "t.ly"}
)
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid")
_SHOWN_HOST = re.compile(
    r"(?:(?:https?://|www\.)((?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24})"
    r"|((?:[a-z0-9-]{1,63}\.){1,6}(?:com|org|net|edu|gov|info)))(?:/\S*)?",
    re.IGNORECASE,
)


def _scheme(proof: Proof) -> Iterator[Spot]:
    for number, text in prose(proof.content.tokens):
        for found in _TYPED.findall(text):
            yield Spot(f"“{found}” is an address that acts instead of leading somewhere.", line(number))
    for link in proof.links:
        scheme = split_url(link.url).scheme.lower()
        if scheme not in _OPENED:
            yield Spot(f"Mail programs do not open “{scheme}:” addresses.", line(link.line))


def _empty(proof: Proof) -> Iterator[Spot]:
    for link in proof.links:
        if link.url.strip() in {"", "#"}:
            what = f"The link “{link.words[:60]}”" if link.words else "A link"
            yield Spot(f"{what} leads nowhere.", line(link.line))


def _private(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        host = parts.hostname or ""
        if is_private(host) and host != proof.site_host:
            yield Spot(f"{host} cannot be reached by readers.", line(link.line))
        elif host == proof.site_host and parts.path.startswith("/studio"):
            yield Spot("The link leads into the studio, where readers may not go.", line(link.line))


def _shortened(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        if parts.hostname in _SHORTENERS:
            yield Spot(f"{parts.hostname} hides where the link leads, as spam does.", line(link.line))


def _mismatched(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        shown = _SHOWN_HOST.fullmatch(link.words)
        host = (shown[1] or shown[2]) if shown else ""
        if host and _bare(host) != _bare(parts.hostname or ""):
            yield Spot(
                f"The words show {host}, the link leads to {parts.hostname}; readers take that for a trap.",
                line(link.line),
            )


def _insecure(proof: Proof) -> Iterator[Spot]:
    for link, parts in _addressed(proof):
        if parts.scheme == "http" and parts.hostname != proof.site_host:
            yield Spot(f"The link to {parts.hostname} is not encrypted.", line(link.line))


def is_private(host: str) -> bool:
    """Whether a host is one that only its own network reaches."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_ENDINGS)


def _addressed(proof: Proof) -> Iterator[tuple[Source, SplitResult]]:
    for link in proof.links:
        parts = split_url(join_url(proof.page_url, link.url))
        if parts.scheme in {"http", "https"} and parts.hostname:
            yield link, parts


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


CHECKS = (
    Check("link-scheme", Severity.BLOCK, _scheme, "Link to an https:// address, or mark it as code."),
    Check("link-empty", Severity.BLOCK, _empty, "Write the address, or take the link away."),
    Check("link-private", Severity.BLOCK, _private, "Link to what everybody can open, or mark it as code."),
    Check("link-shortened", Severity.WARNING, _shortened, "Link to the page itself."),
    Check("link-mismatch", Severity.WARNING, _mismatched, "Let the words name the page, or the same host."),
    Check("link-insecure", Severity.NOTE, _insecure, "Use https:// if the site answers there."),
)
