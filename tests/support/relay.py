"""A relay on loopback that keeps what it accepts and refuses by rule."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy

import listunsub
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.mail.lint import lint
from tests.support.ports import free_port

_ON_THIS_MACHINE = re.compile(r"<http://(?:localhost|127\.0\.0\.1)[:/]")


@dataclass(frozen=True)
class Accepted:
    """A message the relay took; written down before its 250 leaves."""

    return_path: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default_policy)

    @property
    def is_alert(self) -> bool:
        return str(self.message["Subject"]).startswith(("Sent: ", "Paused: ", "The relay "))

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def text(self) -> str:
        return self._part("plain")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def unsubscribe_url(self) -> str:
        return str(self.message["List-Unsubscribe"]).strip("<> ")

    def link(self, kind: str) -> str:
        found = re.search(rf"https?://\S+/{kind}/[\w-]+", self.text)
        assert found, self.text
        return found.group(0)


class Relay:
    """What the relay saw, and how it answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.accepted: list[Accepted] = []
        self.alerts: list[Accepted] = []
        """What the people behind the publication are told."""
        self.flaws: list[object] = []
        """What our linter, and one that is not ours, have against the messages."""
        self.on_mail: Callable[[str], str | None] = lambda _address: None
        self.on_recipient: Callable[[str], str | None] = lambda _address: None
        self.on_body: Callable[[str], str | None] = lambda _address: None
        self.before_reply: Callable[[str], None] = lambda _address: None
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def copies(self) -> Counter[str]:
        with self._changed:
            return Counter(each.recipient for each in self.accepted)

    def to(self, address: str) -> list[Accepted]:
        with self._changed:
            return [each for each in self.accepted if each.recipient == address]

    def wait_for(self, condition: Callable[["Relay"], bool], within: float = 60) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), timeout=within), "the relay waited in vain"

    def keep(self, accepted: Accepted) -> None:
        with self._changed:
            self.flaws += lint(accepted.raw)
            self.flaws += _disagreements(accepted)
            (self.alerts if accepted.is_alert else self.accepted).append(accepted)
            self._changed.notify_all()


def _disagreements(accepted: Accepted) -> Iterator[str]:
    """What another reader of RFC 2369 and 8058 finds; plain http is right on one's own machine."""
    message = message_from_bytes(accepted.raw)
    fields = message.get_all("List-Unsubscribe")
    if fields:
        signatures = message.get_all("DKIM-Signature")  # None leaves signing to the relay
        for problem in listunsub.audit(
            fields, message.get_all("List-Unsubscribe-Post"), dkim_signatures=signatures
        ):
            if problem.code != "no-https" or not _ON_THIS_MACHINE.match(fields[0]):
                yield str(problem)


class _Handler:
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._relay.on_mail(address)
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 2.1.0 fine"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refusal = self._relay.on_recipient(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 fine"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        refusal = self._relay.on_body(recipient)
        if refusal is not None:
            return refusal
        assert isinstance(envelope.content, bytes)
        self._relay.keep(Accepted(envelope.mail_from or "", recipient, envelope.content))
        await server.loop.run_in_executor(None, self._relay.before_reply, recipient)
        return "250 2.0.0 taken"


@contextmanager
def running_relay(port: int = 0) -> Iterator[Relay]:
    """A relay in a thread of this process."""
    relay = Relay(port)
    controller = Controller(
        _Handler(relay),
        hostname="127.0.0.1",
        port=port or free_port(),
        enable_SMTPUTF8=True,
        ready_timeout=20,
    )
    controller.start()
    relay.port = controller.port
    try:
        yield relay
    finally:
        controller.stop()
    assert relay.flaws == []
