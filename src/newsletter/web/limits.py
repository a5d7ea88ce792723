"""How often one client may send the forms that cause mail, or much work."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter

from newsletter.settings import Settings

_LIMITED: Mapping[str, str] = {
    "subscribing.ask": "subscribe",
    "embedding.embed": "subscribe",
    "signing_in.ask": "sign in",
    "signing_in.act": "sign in by link",
    "account.move": "address change",
    "account.picture": "picture",
}
"""The routes, and what they count as: our own form and the one in a frame are the same to a client."""


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


def limit_forms(app: Flask, limiter: Limiter) -> None:
    """Put the limits on the forms, once their routes are there."""
    views: dict[str, Any] = app.view_functions
    for route, scope in _LIMITED.items():
        limit = limiter.shared_limit("10/minute;100/hour", scope, methods=["POST"])
        views[route] = limit(views[route])
    # Each search is work for the database; nobody types faster than that.
    views["archive.search"] = limiter.limit("60/minute", methods=["GET", "HEAD"])(views["archive.search"])


def _client() -> str:
    """The client's address; of IPv6 the network, because one customer has 2^64 addresses."""
    address = request.remote_addr or ""
    try:
        parsed = ip_address(address.split("%")[0])
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
