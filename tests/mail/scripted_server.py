"""An SMTP server that says what a test tells it to, and remembers every byte it was told."""

import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.support.certificates import localhost_certificate

HANG_UP = ""
"""As a reply: close the connection instead of answering."""
SILENCE = "(silence)"
"""As a reply: say nothing, and wait."""
"""A key for tests only, and a certificate that nobody trusts who was not told to."""

_FINE = {
    "BANNER": "220 relay.example ESMTP",
    "MAIL": "250 2.1.0 fine",
    "RCPT": "250 2.1.5 fine",
    "DATA": "354 go ahead",
    "BODY": "250 2.0.0 queued",
    "STARTTLS": "220 2.0.0 go ahead",
    "RSET": "250 2.0.0 fine",
    "AUTH": "235 2.7.0 welcome",
    "QUIT": "221 2.0.0 bye",
}


@dataclass(frozen=True)
class Script:
    """What to answer at each step; a list answers in order and its last entry repeats."""

    replies: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    extensions: Sequence[str] = ()
    hang_up_after: str = ""
    """The step whose reply is the last thing said on a connection."""
    hang_up_inside_body: bool = False
    """Reset the connection once a part of the body was read."""
    tls: bool = False
    """Speak TLS from the first byte."""


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Listens on a port of its own; `commands` (verbs in upper case) and `bodies` are what it was told."""

    allow_reuse_address = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.script = script
        self.commands: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def verbs(self) -> list[str]:
        """The commands without what follows them."""
        return [command.partition(" ")[0] for command in self.commands]

    def reply_to(self, step: str) -> str:
        """The next reply for this step."""
        with self._lock:
            scripted = self.script.replies.get(step, _FINE.get(step, "500 5.5.1 what?"))
            index = self._asked.get(step, 0)
            self._asked[step] = index + 1
        if isinstance(scripted, str):
            return scripted
        return scripted[min(index, len(scripted) - 1)]


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast("ScriptedServer", self.server)
        server.connections += 1
        going_on = not server.script.tls or self._encrypt()
        going_on = going_on and self._say("BANNER", server.reply_to("BANNER"))
        while going_on:
            line = self.rfile.readline()
            if not line.endswith(b"\r\n"):
                return
            verb, space, rest = line.removesuffix(b"\r\n").decode().partition(" ")
            server.commands.append(verb.upper() + space + rest)
            going_on = self._answer(server, verb.upper())

    def _answer(self, server: ScriptedServer, verb: str) -> bool:
        reply = server.reply_to(verb)
        if verb == "EHLO" and verb not in server.script.replies:
            lines = ["relay.example", *server.script.extensions]
            reply = "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
        going_on = self._say(verb, reply) and verb != "QUIT"
        if going_on and verb == "STARTTLS" and reply.startswith("220"):
            return self._encrypt()
        if going_on and verb == "DATA" and reply.startswith("354"):
            return self._read_body(server) and self._say("BODY", server.reply_to("BODY"))
        return going_on

    def _encrypt(self) -> bool:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(localhost_certificate())
        try:
            self.request = context.wrap_socket(self.connection, server_side=True)
        except OSError:  # the client does not trust us, or speaks no TLS
            return False
        self.setup()
        return True

    def finish(self) -> None:
        """Close what was wrapped too; the server knows only the bare socket."""
        super().finish()
        self.connection.close()

    def _read_body(self, server: ScriptedServer) -> bool:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
            if server.script.hang_up_inside_body and len(lines) == 10:
                return False
        server.bodies.append(b"".join(lines))
        return line != b""

    def _say(self, step: str, reply: str) -> bool:
        server = cast("ScriptedServer", self.server)
        if reply not in {HANG_UP, SILENCE}:
            self.wfile.write(reply.encode() + b"\r\n")
        return reply != HANG_UP and step != server.script.hang_up_after and not reply.startswith("421")


@contextmanager
def scripted_server(script: Script) -> Iterator[ScriptedServer]:
    """A scripted server in threads of this process."""
    with ScriptedServer(script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
