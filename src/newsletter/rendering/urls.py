"""Addresses that authors write: some are none, and that must never stop a letter from being made."""

from urllib.parse import SplitResult, urljoin, urlsplit


def split_url(url: str) -> SplitResult:
    """The parts of an address; all empty when it is none."""
    try:
        parts = urlsplit(url)
        _ = (parts.hostname, parts.port)  # broken ones are only found when they are asked for
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def join_url(base: str, url: str) -> str:
    """An address as it is meant on a page; one that is none stays as it was written."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url
