"""How often one client may send the forms that cause mail."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from newsletter.settings import Settings


def limit_clients(app: Flask, settings: Settings) -> Limiter:
    """A limiter that all web processes share through Redis, each for itself when it is away."""
    url = settings.redis_url.replace("unix://", "redis+unix://", 1) or "memory://"
    return Limiter(
        get_remote_address,
        app=app,
        enabled=settings.rate_limits,
        storage_uri=url,
        in_memory_fallback=["10/minute"],
        in_memory_fallback_enabled=True,
        strategy="moving-window",
        key_prefix="newsletter",
    )
