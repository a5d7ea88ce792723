"""A client that says exactly what a test wants said."""

import base64
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

OFFER = b"MAIL FROM:<bounce@example.org>\r\nRCPT TO:<%b>\r\nDATA\r\n"
READER = b"reader1@example.org"
LETTER = b"Message-ID: <1@example.org>\r\nSubject: News\r\n\r\nDear =\r\nreader1@example.org=\r\n!\r\n"


class Client:
    """One connection; `banner` is what the server said first, if that was waited for."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def reply(self) -> bytes:
        """The next reply with all its lines; nothing when the server hung up."""
        lines = [self._file.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self._file.readline())
        return b"".join(lines)

    def codes(self, number: int) -> list[bytes]:
        """The codes of so many replies."""
        return [self.reply()[:3] for _ in range(number)]

    def ask(self, command: bytes) -> bytes:
        """The reply to one command."""
        self.send(command + b"\r\n")
        return self.reply()

    def authenticate(self, user: bytes, password: bytes) -> bytes:
        return self.ask(b"AUTH PLAIN " + base64.b64encode(b"\0%b\0%b" % (user, password)))

    def greet(self) -> "Client":
        """Listen to the banner, and say EHLO."""
        assert self.reply().startswith(b"220")
        assert self.ask(b"EHLO client.test").startswith(b"250")
        return self

    def offer(self, recipient: bytes = READER) -> list[bytes]:
        """The codes that answer MAIL, RCPT and DATA."""
        self.send(OFFER % recipient)
        return self.codes(3)

    def deliver(self, recipient: bytes = READER) -> bytes:
        """The code that answers a whole message, or the last that was given before."""
        codes = self.offer(recipient)
        if codes[-1] != b"354":
            return next(code for code in codes if not code.startswith(b"2"))
        self.send(LETTER + b".\r\n")
        return self.reply()[:3]

    def encrypt(self, context: ssl.SSLContext) -> None:
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._file = self._socket.makefile("rb")

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def rest(self) -> bytes:
        """All that is said until the server hangs up."""
        return self._file.read()

    def hears_nothing(self) -> bool:
        """Whether nothing is said for a moment, and nobody hangs up."""
        self._socket.settimeout(0.1)
        try:
            self._socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(20)
        return False

    def gets_stuck_sending(self, data: bytes) -> bool:
        """Whether nobody takes so much in a moment."""
        self._socket.settimeout(0.2)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def talking(port: int, context: ssl.SSLContext | None = None) -> Iterator[Client]:
    client = Client(port, context)
    try:
        yield client
    finally:
        client.close()
