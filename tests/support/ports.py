"""Ports for servers that are started a while after their port was chosen."""

import os
from collections.abc import Iterator

from newsletter.cli.processes import require_free_port
from newsletter.domain.errors import BadSetting

# The system gives none of these to outgoing connections, and sinks take lower ones.
_PORTS = range(30_000, 32_768)


def free_port() -> int:
    """A port that nobody listens on, and that nobody else in this run of the tests will be given."""
    return next(_free)


def _free_ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        for port in _PORTS[worker::workers]:
            if _is_free(port):
                yield port


def _is_free(port: int) -> bool:
    try:
        require_free_port("127.0.0.1", port, "a test")
    except BadSetting:
        return False
    return True


_free = _free_ports()
