"""Ports for servers that are started a while after their port was chosen."""

import os
import socket
from collections.abc import Iterator

# The system gives none of these to outgoing connections, and sinks take lower ones.
_PORTS = range(30_000, 32_768)
_SLICES = 8


def free_port() -> int:
    """A port that nobody listens on, and that nobody else in this run of the tests will be given."""
    return next(_free)


def _free_ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        for port in _PORTS[worker % _SLICES :: _SLICES]:
            if _is_free(port):
                yield port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_free = _free_ports()
