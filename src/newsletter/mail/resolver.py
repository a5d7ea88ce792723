"""What the DNS says of a domain: who takes its mail (RFC 5321 section 5.1), and its text records."""

from typing import Any

import dns.exception
import dns.rdatatype
import dns.resolver

_PATIENCE = 3.0


class Resolver:
    """Asks the resolver of this machine, or the one at an address and port; None: nobody answers."""

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        self._server = server

    def exchangers(self, domain: str) -> list[str] | None:
        """The exchangers of a domain, the preferred first; none when it names none."""
        answer = self._ask(domain, dns.rdatatype.MX)
        if answer is None:
            return None
        ranked = sorted(
            (record.preference, record.exchange.to_text(omit_final_dot=True)) for record in answer
        )
        return [host.lower() for _preference, host in ranked]

    def texts(self, name: str) -> list[str] | None:
        """The texts at a name, each joined from its strings."""
        answer = self._ask(name, dns.rdatatype.TXT)
        if answer is None:
            return None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[Any] | None:
        try:
            return list(self._resolver().resolve(name, kind, lifetime=_PATIENCE))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError):
            return None

    def _resolver(self) -> dns.resolver.Resolver:
        if self._server is None:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
        return resolver
