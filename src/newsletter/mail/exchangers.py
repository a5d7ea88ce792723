"""Who takes the mail of a domain: its MX records (RFC 5321 section 5.1)."""

import dns.exception
import dns.resolver

_PATIENCE = 3.0


class Exchangers:
    """Looks up mail exchangers by the resolver of this machine, or by the one at an address and port."""

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        self._server = server

    def of(self, domain: str) -> list[str] | None:
        """The exchangers of a domain, the preferred first; none when it names none. None: nobody answers."""
        try:
            answer = self._resolver().resolve(domain, "MX", lifetime=_PATIENCE)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError):
            return None
        ranked = sorted(
            (record.preference, record.exchange.to_text(omit_final_dot=True)) for record in answer
        )
        return [host.lower() for _preference, host in ranked]

    def _resolver(self) -> dns.resolver.Resolver:
        if self._server is None:
            return dns.resolver.Resolver()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
        return resolver
