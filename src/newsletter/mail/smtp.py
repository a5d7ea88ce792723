"""One kept-open conversation with a relay, on the standard library's client.

Every answer becomes an `Outcome`; only a relay that cannot be talked to at all raises RelayTrouble.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.outcomes import (
    Blame,
    Outcome,
    Reply,
    Step,
    Verdict,
    judge,
    nobody_knows,
    read_reply,
)
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.envelope import Envelope


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a connection and for a reply. Too short a wait for the last reply makes copies."""

    connect: float
    reply: float


class Connection:
    """Sends one message after another to one relay; opens itself when needed, and again after a break."""

    def __init__(self, relay: RelayAddress, ehlo_name: str, timeouts: Timeouts) -> None:
        self._relay = relay
        self._ehlo_name = ehlo_name
        self._timeouts = timeouts
        self._smtp: smtplib.SMTP | None = None

    def send(self, envelope: Envelope, message: bytes) -> Outcome:
        """Hand over one message: dot-free CRLF bytes. Raises RelayTrouble when no body can have left."""
        if self._smtp is None:
            return self._send(envelope, message)
        try:
            outcome = self._send(envelope, message)
        except RelayTrouble:
            return self._send(envelope, message)  # relays hang up on idle connections; that is no trouble
        if outcome.verdict is Verdict.UNTOUCHED and _says_goodbye(outcome):
            return self._send(envelope, message)
        return outcome

    def _send(self, envelope: Envelope, message: bytes) -> Outcome:
        smtp = self._smtp or self._open()
        refused = self._offer(smtp, envelope)
        if refused is not None:
            self._after_refusal(smtp, refused)
            return refused
        outcome = self._transmit(smtp, message)
        if outcome.verdict in {Verdict.UNCERTAIN, Verdict.UNTOUCHED} or _says_goodbye(outcome):
            self.drop()
        return outcome

    def close(self) -> None:
        """Say QUIT if there is somebody to say it to."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None

    def drop(self) -> None:
        """Hang up without a word; the conversation is out of step."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _open(self) -> smtplib.SMTP:
        try:
            smtp = self._connect()
        except smtplib.SMTPResponseException as error:
            raise RelayTrouble(
                f"The relay {self._relay} refuses us: {_reply(error.smtp_code, error.smtp_error)}."
            ) from error
        except ssl.SSLError as error:
            raise RelayTrouble(f"The relay {self._relay} fails at TLS: {error.reason or error}.") from error
        except UnicodeError as error:
            raise RelayTrouble(f"The relay {self._relay} has a name that cannot be used.") from error
        except (OSError, smtplib.SMTPException) as error:
            reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
            raise RelayTrouble(f"The relay {self._relay} does not answer: {reason}.") from error
        self._smtp = smtp
        return smtp

    def _connect(self) -> smtplib.SMTP:
        relay, context = self._relay, ssl.create_default_context()
        smtp: smtplib.SMTP
        if relay.security is Security.TLS:
            smtp = smtplib.SMTP_SSL(
                relay.host,
                relay.port,
                local_hostname=self._ehlo_name,
                timeout=self._timeouts.connect,
                context=context,
            )
        else:
            smtp = smtplib.SMTP(
                relay.host, relay.port, local_hostname=self._ehlo_name, timeout=self._timeouts.connect
            )
        try:
            smtp.ehlo_or_helo_if_needed()
            if relay.security is Security.STARTTLS:
                smtp.starttls(context=context)
                smtp.ehlo()
            if relay.username:
                smtp.login(relay.username, relay.password)
            assert smtp.sock is not None
            smtp.sock.settimeout(self._timeouts.reply)
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _offer(self, smtp: smtplib.SMTP, envelope: Envelope) -> Outcome | None:
        """MAIL, RCPT, DATA; None when the relay waits for the body."""
        options = []
        if envelope.needs_smtputf8:
            if not smtp.has_extn("smtputf8"):
                return Outcome(
                    Verdict.PERMANENT,
                    Blame.MESSAGE,
                    Reply(550, "5.6.7", "the relay cannot carry addresses beyond ASCII (no SMTPUTF8)"),
                )
            smtp.command_encoding = "utf-8"
            options = ["SMTPUTF8"]
        steps: tuple[tuple[Step, Callable[[], tuple[int, bytes]], int], ...] = (
            (Step.MAIL, lambda: smtp.mail(envelope.return_path, options), 2),
            (Step.RCPT, lambda: smtp.rcpt(envelope.recipient), 2),
            (Step.DATA, lambda: smtp.docmd("DATA"), 3),
        )
        for step, command, wanted in steps:
            try:
                code, text = command()
            except (smtplib.SMTPException, OSError) as error:
                self.drop()
                raise RelayTrouble(f"The relay {self._relay} hung up before the letter began.") from error
            if code // 100 != wanted:
                return judge(step, _reply(code, text))
        return None

    def _transmit(self, smtp: smtplib.SMTP, message: bytes) -> Outcome:
        try:
            smtp.send(message)
        except (smtplib.SMTPException, OSError):
            # Without its final dot a body counts for nothing (RFC 5321 section 4.1.1.4).
            return Outcome(Verdict.UNTOUCHED, Blame.RELAY)
        try:
            smtp.send(b".\r\n")
            return judge(Step.BODY, _reply(*smtp.getreply()))
        except (smtplib.SMTPException, OSError):
            return nobody_knows()

    def _after_refusal(self, smtp: smtplib.SMTP, refused: Outcome) -> None:
        if _says_goodbye(refused):
            self.drop()
            return
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self.drop()


def _says_goodbye(outcome: Outcome) -> bool:
    return outcome.reply is not None and outcome.reply.code == 421


def _reply(code: int, text: bytes | str) -> Reply:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() else " " for char in text)
    return read_reply(code, " ".join(shown.split())[:500])
