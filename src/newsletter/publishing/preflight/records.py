"""Looks up what the DNS says of a sender, and remembers it for a while."""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from newsletter.mail.dkim.keys import DkimKey
from newsletter.publishing.preflight.proof import DnsFacts, DnsRecord

Texts = Callable[[str], Sequence[str] | None]
"""The text records at a name; None when nobody answers."""

_KEPT_FOR = 600.0  # seconds
_RESERVED = (
    "example",
    "example.com",
    "example.net",
    "example.org",
    "invalid",
    "localhost",
    "test",
)  # RFC 6761


class Records:
    """The records of senders; when nobody answers the first question, no second one is asked."""

    def __init__(self, texts: Texts, keys: Mapping[str, Sequence[DkimKey]]) -> None:
        self._texts = texts
        self._keys = keys
        self._known: dict[str, tuple[float, DnsFacts | None]] = {}

    def of(self, sender: str, return_path: str) -> DnsFacts | None:
        """What is published for a sender and for the domain its bounces go to; None when nobody answered."""
        at, facts = self._known.get(sender + return_path, (-_KEPT_FOR, None))
        if monotonic() - at >= _KEPT_FOR:
            facts = self._ask(sender, return_path)
            self._known[sender + return_path] = (monotonic(), facts)
        return facts

    def _ask(self, sender: str, return_path: str) -> DnsFacts | None:
        if any(sender == name or sender.endswith(f".{name}") for name in _RESERVED):
            return None
        spf = self._texts(return_path)
        if spf is None:
            return None
        keys = self._keys.get(sender, ())
        return DnsFacts(
            DnsRecord(return_path, spf),
            self._dmarc(sender),
            [(DnsRecord(key.dns_name, self._texts(key.dns_name)), key.dns_record) for key in keys],
        )

    def _dmarc(self, domain: str) -> DnsRecord:
        """The record of the domain, or of the nearest one above it that has any (RFC 9989 section 4.10)."""
        labels = domain.split(".")
        for above in range(len(labels) - 1):
            name = "_dmarc." + ".".join(labels[above:])
            texts = self._texts(name)
            if texts is None or texts:
                return DnsRecord(name, texts)
        return DnsRecord(f"_dmarc.{domain}", [])
