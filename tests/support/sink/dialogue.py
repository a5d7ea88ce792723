"""What a correct server says to each command. No I/O: the caller tells what was really said."""

import re
from collections.abc import Callable
from typing import NamedTuple

from tests.support.sink.authentication import Authentication
from tests.support.sink.script import Moment, Script

BANNER = "220 sink.test ESMTP"
_PATH = r":[ \t]*<([^<>\x00-\x1f\x7f]*)>([ \t].*)?"
_FROM = re.compile("FROM" + _PATH, re.IGNORECASE)
_TO = re.compile("TO" + _PATH, re.IGNORECASE)
_SIZE = re.compile(r"(?:^|\s)SIZE=?\s?(\d+)(?:\s|$)", re.IGNORECASE)


class Turn(NamedTuple):
    """A reply, and the moment at which rules may change it."""

    reply: str
    moment: Moment | None = None
    address: str = ""


_Command = Callable[["Dialogue", str], Turn]


class Dialogue:
    """The state of one conversation."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.encrypted = script.implicit_tls
        self.messages = 0
        self._authentication: Authentication | None = None
        self.start_over()

    def start_over(self) -> None:
        """Forget all, as after STARTTLS."""
        self._greeted = False
        self._authenticated = False
        self.forget_message()

    def forget_message(self) -> None:
        """Forget the message that was under way."""
        self.return_path: str | None = None
        self.recipients: list[str] = []
        self._refused_recipient = False

    @property
    def is_open_to_offers(self) -> bool:
        """Whether any MAIL, RCPT and DATA would be welcome now."""
        script = self.script
        return (
            self._greeted
            and self.return_path is None
            and not script.messages_a_connection
            and not script.credentials
        )

    def hear(self, line: str) -> Turn:
        """The correct answer to a line."""
        if self._authentication is not None:
            return self._go_on_authenticating(line)
        verb, _, rest = line.partition(" ")
        command = _COMMANDS.get(verb.upper())
        return command(self, rest.strip()) if command else Turn("500 5.5.2 unknown command")

    def hear_body(self) -> Turn:
        """The correct answer to a body."""
        if not self.recipients:
            return Turn("554 5.5.1 no valid recipients")
        return Turn("250 2.0.0 taken", Moment.DOT)

    def settle(self, turn: Turn, reply: str) -> None:
        """Move on by what was really said."""
        good = reply.startswith("2")
        if turn.moment is Moment.EHLO and good:
            self._greeted = True
            self.forget_message()
        elif turn.moment is Moment.AUTH and good:
            self._authenticated = True
        elif turn.moment is Moment.MAIL and good:
            self.forget_message()
            self.return_path = turn.address
        elif turn.moment is Moment.RCPT and good:
            self.recipients.append(turn.address)
        elif turn.moment is Moment.RCPT:
            self._refused_recipient = True

    def end_body(self) -> None:
        """The body is answered, or will never be."""
        self.messages += 1
        self.forget_message()

    def _ehlo(self, _name: str) -> Turn:
        lines = ["sink.test", *self.script.extensions]
        if self.script.certificate and not self.encrypted:
            lines.append("STARTTLS")
        if self.script.credentials:
            lines.append("AUTH PLAIN LOGIN")
        text = "".join(f"250-{line}\r\n" for line in lines[:-1])
        return Turn(f"{text}250 {lines[-1]}", Moment.EHLO)

    def _helo(self, _name: str) -> Turn:
        self._greeted = True
        self.forget_message()
        return Turn("250 sink.test")

    def _starttls(self, _rest: str) -> Turn:
        if not self.script.certificate or self.encrypted:
            return Turn("503 5.5.1 no TLS now")
        return Turn("220 2.0.0 go ahead", Moment.STARTTLS)

    def _mail(self, rest: str) -> Turn:
        if not self._greeted:
            return Turn("503 5.5.1 say EHLO first")
        if self.script.credentials and not self._authenticated:
            return Turn("530 5.7.0 authentication required")
        if self.return_path is not None:
            return Turn("503 5.5.1 one message at a time")
        found = _FROM.fullmatch(rest)
        if found is None:
            return Turn("501 5.5.4 MAIL FROM:<address>")
        if self.script.messages_a_connection and self.messages >= self.script.messages_a_connection:
            return Turn("421 4.7.0 enough messages for this connection")
        if self._is_too_long(found.group(2) or ""):
            return Turn("552 5.3.4 too long")
        return Turn("250 2.1.0 fine", Moment.MAIL, found.group(1))

    def _is_too_long(self, parameters: str) -> bool:
        declared = _SIZE.search(parameters)
        limit = next(filter(None, map(_SIZE.search, self.script.extensions)), None)
        return declared is not None and limit is not None and int(declared.group(1)) > int(limit.group(1))

    def _rcpt(self, rest: str) -> Turn:
        if self.return_path is None:
            self._refused_recipient = True
            return Turn("503 5.5.1 say MAIL first")
        found = _TO.fullmatch(rest)
        if found is None or not found.group(1):
            self._refused_recipient = True
            return Turn("501 5.5.4 RCPT TO:<address>")
        return Turn("250 2.1.5 fine", Moment.RCPT, found.group(1))

    def _data(self, _rest: str) -> Turn:
        if self.recipients or (self.script.lone_354 and self._refused_recipient):
            return Turn("354 go ahead", Moment.DATA)
        if self._refused_recipient:
            return Turn("554 5.5.1 no valid recipients")
        return Turn("503 5.5.1 say RCPT first")

    def _rset(self, _rest: str) -> Turn:
        self.forget_message()
        return Turn("250 2.0.0 forgotten")

    def _noop(self, _rest: str) -> Turn:
        return Turn("250 2.0.0 fine")

    def _vrfy(self, _rest: str) -> Turn:
        return Turn("252 2.5.0 try it")

    def _quit(self, _rest: str) -> Turn:
        return Turn("221 2.0.0 bye")

    def _auth(self, rest: str) -> Turn:
        if not self.script.credentials or self._authenticated:
            return Turn("503 5.5.1 no authentication now")
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() not in {"PLAIN", "LOGIN"}:
            return Turn("504 5.5.4 PLAIN or LOGIN")
        self._authentication = Authentication(mechanism.upper())
        return self._go_on_authenticating(initial) if initial else Turn(self._authentication.challenge)

    def _go_on_authenticating(self, line: str) -> Turn:
        authentication = self._authentication
        assert authentication is not None
        if not authentication.takes(line):
            self._authentication = None
            return Turn("501 5.5.2 not understood")
        if authentication.challenge:
            return Turn(authentication.challenge)
        self._authentication = None
        if authentication.credentials == self.script.credentials:
            return Turn("235 2.7.0 welcome", Moment.AUTH)
        return Turn("535 5.7.8 wrong user or password", Moment.AUTH)


_COMMANDS: dict[str, _Command] = {
    "EHLO": Dialogue._ehlo,
    "HELO": Dialogue._helo,
    "STARTTLS": Dialogue._starttls,
    "AUTH": Dialogue._auth,
    "MAIL": Dialogue._mail,
    "RCPT": Dialogue._rcpt,
    "DATA": Dialogue._data,
    "RSET": Dialogue._rset,
    "NOOP": Dialogue._noop,
    "VRFY": Dialogue._vrfy,
    "QUIT": Dialogue._quit,
}
