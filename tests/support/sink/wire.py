"""Bytes to and from one client, as nicely or as rudely as wanted, encrypted or not."""

import asyncio
import socket
import ssl
import struct
import time
from contextlib import suppress
from dataclasses import dataclass

from tests.support.sink.script import Script

_RUDELY = struct.pack("ii", 1, 0)
_SLOW_CHUNK = 256
_CHUNK = 65536
_BETWEEN_BYTES = 0.0001
_LAST_WORDS_WITHIN = 1.0


@dataclass(frozen=True)
class Manner:
    """How bytes travel."""

    byte_by_byte: bool = False
    slow_reading: bool = False

    @classmethod
    def of(cls, script: Script) -> "Manner":
        return cls(script.byte_by_byte, script.slow_reading)


class Wire:
    """One connection. Reading gives nothing at its end; writing raises OSError then."""

    def __init__(self, connected: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self._tls: _Tls | None = None
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.manner = Manner()

    @property
    def encrypted(self) -> bool:
        return self._tls is not None

    async def read(self) -> bytes:
        try:
            return await self._read_plain() if self._tls is None else await self._read_tls(self._tls)
        except (OSError, ssl.SSLError):
            return b""

    async def write(self, data: bytes) -> None:
        if not self.manner.byte_by_byte:
            await self._send(data)
            return
        for at in range(len(data)):
            await self._send(data[at : at + 1])
            await _let_it_be_read()

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Shake hands. Raises OSError when that fails."""
        tls = _Tls(context)
        while not tls.shake_hands():
            await self._loop.sock_sendall(self._socket, tls.sealed())
            data = await self._read_plain()
            if not data:
                raise ConnectionError("The client hung up while shaking hands.")
            tls.feed(data)
        await self._loop.sock_sendall(self._socket, tls.sealed())
        self._tls = tls

    async def close(self) -> None:
        """Send FIN. What still arrives is read for a while: unread, it would turn the FIN into a RST."""
        with suppress(OSError):  # TimeoutError is one
            if self._tls is not None:
                await self._loop.sock_sendall(self._socket, self._tls.goodbye())
            self._socket.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(_LAST_WORDS_WITHIN):
                while await self._loop.sock_recv(self._socket, _CHUNK):
                    pass
        self._socket.close()

    def reset(self) -> None:
        """Send RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RUDELY)
        self._socket.close()

    async def _send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data if self._tls is None else self._tls.seal(data))

    async def _read_plain(self) -> bytes:
        if not self.manner.slow_reading:
            return await self._loop.sock_recv(self._socket, _CHUNK)
        await asyncio.sleep(0.001)
        return await self._loop.sock_recv(self._socket, _SLOW_CHUNK)

    async def _read_tls(self, tls: "_Tls") -> bytes:
        while (opened := tls.opened()) is None:
            data = await self._read_plain()
            if not data:
                return b""
            tls.feed(data)
        return opened


async def _let_it_be_read() -> None:
    """Wait for much less than the millisecond a timer takes, yet so long that the next byte comes alone."""
    until = time.monotonic() + _BETWEEN_BYTES
    while time.monotonic() < until:  # noqa: ASYNC110 (no event tells that the other side has read)
        await asyncio.sleep(0)


class _Tls:
    """TLS without a socket."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._in, self._out, server_side=True)

    def shake_hands(self) -> bool:
        """Whether hands are shaken; if not, the client must be asked for more."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def feed(self, data: bytes) -> None:
        self._in.write(data)

    def opened(self) -> bytes | None:
        """What the client said; None when more of it is needed, nothing when it said goodbye."""
        try:
            return self._object.read(_CHUNK)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            return b""

    def seal(self, data: bytes) -> bytes:
        self._object.write(data)
        return self.sealed()

    def sealed(self) -> bytes:
        return self._out.read()

    def goodbye(self) -> bytes:
        with suppress(ssl.SSLError):  # the client has not answered yet, and need not
            self._object.unwrap()
        return self.sealed()
