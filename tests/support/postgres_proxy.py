"""A door to PostgreSQL that can fall shut in the middle of a conversation."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"
_BIT = 65536
_SAID = b"application_name\0x\0"
_LAST_WORDS = b"S" + struct.pack(">i", len(_SAID) + 4) + _SAID  # a ParameterStatus: harmless, and a message


class Proxy:
    """Carries one conversation at a time, both ways."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server / _SOCKET
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / _SOCKET))
        self._door.listen()
        self._falls_shut = threading.Event()
        self._holds_back = threading.Event()
        self._has_said = threading.Event()
        self._is_shut = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def hold_back(self) -> None:
        """Read nothing more of what is said."""
        self._falls_shut.set()
        assert self._holds_back.wait(20)

    def fall_shut(self) -> None:
        """Hang up with what was said since then unread, and a last word of the server's."""
        self._has_said.set()
        assert self._is_shut.wait(20)

    def close(self) -> None:
        self._door.close()

    def _run(self) -> None:
        client, _address = self._door.accept()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._server))
            other = {client: server, server: client}
            while not self._falls_shut.is_set():
                for speaker in select.select([client, server], [], [], 0.01)[0]:
                    other[speaker].sendall(speaker.recv(_BIT))
            self._holds_back.set()
            self._has_said.wait()
            client.sendall(_LAST_WORDS)
        self._is_shut.set()


@contextmanager
def running_proxy(server: Path, folder: Path) -> Iterator[Proxy]:
    proxy = Proxy(server, folder)
    yield proxy
    proxy.close()
