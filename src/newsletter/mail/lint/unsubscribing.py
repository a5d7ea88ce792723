"""What a List-Unsubscribe header offers (RFC 2369 section 2, RFC 8058 section 3.1)."""

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from newsletter.mail.lint.mailboxes import size_trouble_with_address, trouble_with_address

_LIST = re.compile(r"<[^<>]*>(?:[ \t]*,[ \t]*<[^<>]*>)*")
_BRACKETED = re.compile(r"<([^<>]*)>")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def unsubscribe_uris(value: str) -> Sequence[str]:
    """What stands in angle brackets."""
    return _BRACKETED.findall(value)


def unsubscribe_link(value: str) -> str:
    """The first link for a browser, or nothing."""
    return next((uri for uri in unsubscribe_uris(value) if _scheme(uri) in {"https", "http"}), "")


def unsubscribe_trouble(value: str) -> str:
    """What is wrong with the value of the header, or nothing."""
    if not _LIST.fullmatch(value):
        return "is no list of addresses in angle brackets with commas between"
    uris = unsubscribe_uris(value)
    if any(" " in uri or "\t" in uri for uri in uris):
        return "holds a space within an address"
    if not all(_URI.fullmatch(uri) for uri in uris):
        return "holds an address with characters that no URI has"
    schemes = [_scheme(uri) for uri in uris]
    if not set(schemes) <= {"https", "http", "mailto"}:
        return "holds an address that is neither https nor mailto"
    if schemes.count("https") + schemes.count("http") != 1:
        return "must hold exactly one https address"
    if schemes.count("mailto") > 1:
        return "holds more than one mailto address"
    return _trouble_with_link(unsubscribe_link(value))


def mailto_trouble(uri: str) -> str:
    """What is wrong with the address of a mailto URI, or nothing; other URIs have none."""
    if _scheme(uri) != "mailto":
        return ""
    address = unquote(uri.partition(":")[2].partition("?")[0])
    return trouble_with_address(address) or size_trouble_with_address(address)


def _trouble_with_link(link: str) -> str:
    try:
        host = urlsplit(link).hostname
    except ValueError:
        host = None
    if not host:
        return "holds a link without a host"
    if _scheme(link) == "http" and host not in _THIS_MACHINE:
        return "holds a plain http link; it must be https"
    return ""


def _scheme(uri: str) -> str:
    return uri.partition(":")[0].lower()
