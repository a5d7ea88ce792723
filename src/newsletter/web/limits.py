"""How often one client may send the forms that cause mail."""

from ipaddress import ip_address, ip_network

from flask import Flask, request
from flask_limiter import Limiter

from newsletter.settings import Settings


def limit_clients(app: Flask, settings: Settings) -> Limiter:
    """A limiter that all web processes share through Redis, each for itself when it is away."""
    url = settings.redis_url.replace("unix://", "redis+unix://", 1) or "memory://"
    return Limiter(
        _client,
        app=app,
        enabled=settings.rate_limits,
        storage_uri=url,
        in_memory_fallback_enabled=True,
        strategy="moving-window",
        key_prefix="newsletter",
    )


def _client() -> str:
    """The client's address; of IPv6 the network, because one customer has 2^64 addresses."""
    address = request.remote_addr or ""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
