"""Checks of pictures: whether mail programs can show them, and what is read where they are not shown."""

from collections.abc import Iterator
from urllib.parse import SplitResult

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.linking import is_private
from newsletter.publishing.preflight.proof import Proof, line
from newsletter.publishing.preflight.report import Severity
from newsletter.rendering.sources import Source
from newsletter.rendering.urls import join_url, split_url

_NOT_EVERYWHERE = (".svg", ".webp", ".avif", ".heic", ".bmp", ".tif", ".tiff", ".jxl")
_FEWEST_LETTERS = 100
_SERVED = ("/static/",)


def _unfetched(proof: Proof) -> Iterator[Spot]:
    for picture in proof.pictures:
        scheme = split_url(picture.url.strip()).scheme.lower()
        if scheme not in {"", "http", "https"}:
            yield Spot(f"Mail programs fetch no pictures from “{scheme}:” addresses.", line(picture.line))


def _alt(proof: Proof) -> Iterator[Spot]:
    for picture in proof.pictures:
        if not picture.words:
            yield Spot("A picture says nothing to those who cannot see it.", line(picture.line))


def _missing(proof: Proof) -> Iterator[Spot]:
    for picture, parts in _addressed(proof):
        if not picture.url.strip():
            yield Spot("A picture has no address.", line(picture.line))
        elif parts.hostname == proof.site_host and not parts.path.startswith(_SERVED):
            yield Spot(f"The site itself has no picture at {parts.path[:80]}.", line(picture.line))


def _private(proof: Proof) -> Iterator[Spot]:
    for picture, parts in _addressed(proof):
        host = parts.hostname or ""
        if is_private(host) and host != proof.site_host:
            yield Spot(f"{host} cannot be reached by readers.", line(picture.line))


def _kind(proof: Proof) -> Iterator[Spot]:
    for picture, parts in _addressed(proof):
        if parts.path.lower().endswith(_NOT_EVERYWHERE):
            ending = parts.path.rsplit(".", 1)[-1].upper()
            yield Spot(f"Many mail programs cannot show {ending} pictures.", line(picture.line))


def _insecure(proof: Proof) -> Iterator[Spot]:
    for picture, parts in _addressed(proof):
        if parts.scheme == "http" and parts.hostname != proof.site_host:
            yield Spot(
                "A picture is fetched without encryption; some programs refuse it.", line(picture.line)
            )


def _only_pictures(proof: Proof) -> Iterator[Spot]:
    letters = sum(char.isalnum() for char in proof.content.opening(1000))
    described = sum(char.isalnum() for picture in proof.pictures for char in picture.words)
    if proof.pictures and letters - described < _FEWEST_LETTERS:
        yield Spot("The letter is hardly more than pictures; filters take that for spam.")


def _addressed(proof: Proof) -> Iterator[tuple[Source, SplitResult]]:
    for picture in proof.pictures:
        parts = split_url(join_url(proof.page_url, picture.url))
        if parts.scheme in {"http", "https"} and parts.hostname:
            yield picture, parts


CHECKS = (
    Check("image-data", Severity.BLOCK, _unfetched, "Put it on a server and use its https:// address."),
    Check("image-private", Severity.BLOCK, _private, "Put it where everybody can fetch it."),
    Check("image-alt", Severity.WARNING, _alt, "Describe it: ![what one sees](address)."),
    Check(
        "image-missing",
        Severity.WARNING,
        _missing,
        "Use the full https:// address of a picture that is there.",
    ),
    Check("image-kind", Severity.WARNING, _kind, "Use PNG, JPEG or GIF."),
    Check("image-insecure", Severity.WARNING, _insecure, "Use an https:// address."),
    Check("image-only", Severity.WARNING, _only_pictures, "Say in words what the pictures show."),
)
