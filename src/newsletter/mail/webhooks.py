"""Calling the operator's own program over HTTP: one signed JSON object an event."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TIMEOUT = 5.0
_LONGEST = 300


@dataclass(frozen=True)
class Webhook:
    """Where events go. Each is signed: `v1=` HMAC-SHA256 over `<time>.<body>`, by the secret."""

    url: str
    secret: str = field(repr=False)

    def call(self, event: str, call_id: str, seconds: int, payload: Mapping[str, Any]) -> str:
        """Tell of one event. Returns what went wrong, or nothing; an answer of 2xx is a yes."""
        body = json.dumps({"id": call_id, "event": event, "at": seconds, **payload}).encode()
        request = urllib.request.Request(
            self.url,
            body,
            {
                "Content-Type": "application/json",
                "User-Agent": "newsletter",
                "X-Newsletter-Event": event,
                "X-Newsletter-Signature": f"t={seconds},v1={self._signature(seconds, body)}",
            },
        )
        try:
            opener = urllib.request.build_opener(_StaysHere)
            with opener.open(request, timeout=_TIMEOUT) as answer:
                return "" if answer.status // 100 == 2 else f"It answers {answer.status}."
        except urllib.error.HTTPError as error:
            return f"It answers {error.code}."
        except (OSError, ValueError) as error:
            return f"It cannot be reached: {error}"[:_LONGEST]

    def _signature(self, seconds: int, body: bytes) -> str:
        return hmac.new(self.secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """Events go where the operator said, and nowhere else."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Follow nobody."""
