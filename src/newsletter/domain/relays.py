"""How a relay is named in one line: `smtp://user:password@host:587`."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.domain.errors import BadSetting


class Security(StrEnum):
    """How the connection to a relay is protected."""

    PLAIN = "plain"
    STARTTLS = "starttls"
    TLS = "tls"


_DEFAULT_PORTS = {Security.PLAIN: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True)
class RelayAddress:
    """Where a relay listens and who we are to it."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_relay_url(url: str) -> RelayAddress:
    """Read SMTP_URL. Raises BadSetting. `smtp://` insists on STARTTLS unless the relay is on this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        # Without its words: they may quote a piece of the password.
        raise BadSetting("SMTP_URL cannot be read: the port must be a number from 1 to 65535.") from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadSetting("SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465.")
    security = _security(parts.scheme, parts.hostname, parts.query)
    return RelayAddress(
        host=parts.hostname,
        port=port or _DEFAULT_PORTS[security],
        security=security,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _security(scheme: str, host: str, query: str) -> Security:
    if scheme == "smtps":
        return Security.TLS
    asked = parse_qs(query).get("security", [""])[0]
    if asked:
        try:
            return Security(asked)
        except ValueError as error:
            raise BadSetting("SMTP_URL: security must be plain, starttls or tls.") from error
    return Security.PLAIN if _is_loopback(host) else Security.STARTTLS


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
