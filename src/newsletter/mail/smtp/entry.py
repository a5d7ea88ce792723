"""How we are let in by a relay, from its greeting to the login: read it from top to bottom."""

import base64
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.outcomes import Reply
from newsletter.mail.smtp.extensions import Extensions, read_extensions

NOTHING = b""
"""What is said before the relay has greeted us."""

HANDSHAKE = b"\x16"
"""No command, but the TLS handshake, which begins with this byte."""

_OLDER_THAN_EXTENSIONS = {500, 501, 502, 504}
_GO_AHEAD = 220
_SIGNED_IN = 235
_ASKS_FOR_MORE = 334


@dataclass(frozen=True)
class Introduction:
    """How we begin a conversation: who we are, and what we insist on."""

    ehlo_name: str
    starttls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)


class Heard(NamedTuple):
    """A reply, and its lines if it had several."""

    reply: Reply
    lines: Sequence[str] = ()


IN_TLS = Heard(Reply(0, "", "TLS stands"))
"""What is heard after the handshake."""


def enter(us: Introduction) -> Generator[bytes, Heard, Extensions]:
    """Yields what is to be said and is sent what was heard; returns what the relay can do.

    Raises RelayTrouble when we are not let in.
    """
    _require_success((yield NOTHING).reply)
    extensions = yield from _say_hello(us.ehlo_name)
    if us.starttls:
        if not extensions.starttls:
            raise RelayTrouble("offers no STARTTLS, and mail is not handed over unprotected")
        _require(_GO_AHEAD, (yield b"STARTTLS\r\n").reply)
        yield HANDSHAKE
        extensions = yield from _say_hello(us.ehlo_name)  # all begins anew (RFC 3207 section 4.2)
    if us.username:
        _require(_SIGNED_IN, (yield from _sign_in(us, extensions.auth)))
    return extensions


def _say_hello(name: str) -> Generator[bytes, Heard, Extensions]:
    """EHLO, and HELO to whoever is older than extensions (RFC 5321 section 3.2)."""
    reply, lines = yield b"EHLO %s\r\n" % name.encode("ascii")
    if reply.code in _OLDER_THAN_EXTENSIONS:
        _require_success((yield b"HELO %s\r\n" % name.encode("ascii")).reply)
        return Extensions()
    _require_success(reply)
    return read_extensions(lines[1:])


def _sign_in(us: Introduction, ways: Collection[str]) -> Generator[bytes, Heard, Reply]:
    """AUTH PLAIN (RFC 4616), or LOGIN where there is nothing else; returns the last reply."""
    name, password = us.username.encode(), us.password.encode()
    if "PLAIN" in ways:
        return (yield b"AUTH PLAIN %s\r\n" % base64.b64encode(b"\0%s\0%s" % (name, password))).reply
    if "LOGIN" not in ways:
        raise RelayTrouble("offers no way to sign in that we know (AUTH PLAIN or LOGIN)")
    reply = (yield b"AUTH LOGIN\r\n").reply
    for answer in (name, password):
        if reply.code == _ASKS_FOR_MORE:
            reply = (yield b"%s\r\n" % base64.b64encode(answer)).reply
    return reply


def _require_success(reply: Reply) -> None:
    if reply.code // 100 != 2:
        raise RelayTrouble(f"refuses us: {reply}")


def _require(code: int, reply: Reply) -> None:
    if reply.code != code:
        raise RelayTrouble(f"refuses us: {reply}")
