"""The SMTP client as a state machine without sockets: bytes and closings in, events and bytes out.

With PIPELINING (RFC 2920) a body, its final dot and the next letter's MAIL, RCPT and DATA are one
write, so a letter costs one round trip. Without it the commands go one by one.

Each letter that is offered ends in exactly one event: `Refused` before its body, or `Answered` after it.
"""

import re
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto

from newsletter.domain.errors import BrokenPromise, OutOfStep, RelayTrouble
from newsletter.domain.outcomes import Blame, Outcome, Reply, Step, Verdict, nobody_knows
from newsletter.domain.refusals import judge
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.entry import HANDSHAKE, IN_TLS, Heard, Introduction, enter
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Ready, Refused, TlsWanted
from newsletter.mail.smtp.extensions import Extensions
from newsletter.mail.smtp.replies import ReplyReader

_Handler = Callable[[Reply], None]
_Command = tuple[bytes, _Handler]
"""What is said, and who takes the reply."""


class _Phase(Enum):
    GREETING = auto()
    IDLE = auto()
    OFFERING = auto()
    INVITED = auto()
    BODY = auto()
    LEAVING = auto()
    OVER = auto()


_INVITATION = Invited()
_USUAL = re.compile(rb"2\d\d [^\n]*\n2\d\d [^\n]*\n354 [^\n]*\n")
_OF_A_LETTER = 4
"""So many replies bring a letter to its end and the next one to its body: to dot, MAIL, RCPT and DATA."""

# Names of their own: Python 3.11 is slow to find a member by its class.
_GREETING, _IDLE, _OFFERING, _INVITED, _BODY, _LEAVING, _OVER = _Phase


class Dialogue:
    """One conversation with a relay."""

    def __init__(self, introduction: Introduction) -> None:
        self.extensions = Extensions()
        self.letters = 0
        """How many letters the relay was offered so far."""
        self.replies = 0
        """How many replies came so far."""
        self._entry = enter(introduction)
        next(self._entry)  # says nothing: the relay speaks first
        self._reader = ReplyReader()
        self._phase = _GREETING
        self._expected: deque[_Handler] = deque([self._on_entry])
        self._to_offer: tuple[_Handler, ...] = (self._on_mail, self._on_rcpt, self._on_data)
        self._events: list[Event] = []
        self._outgoing: list[bytes] = []
        self._unsaid: list[_Command] = []
        self._refusal: Outcome | None = None
        self._next: Envelope | None = None
        self._answer: Outcome | None = None
        self._body_is_out = True
        self._usual = b""

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be said."""
        return self._phase is _OVER

    @property
    def is_idle(self) -> bool:
        """Whether a letter may be offered."""
        return self._phase is _IDLE

    @property
    def waits(self) -> bool:
        """Whether the relay owes us a reply."""
        return bool(self._expected)

    @property
    def is_worn_out(self) -> bool:
        """Whether this connection has carried all the letters that the relay allows (RFC 9422)."""
        limit = self.extensions.mail_limit
        return bool(limit) and self.letters >= limit

    def events(self) -> list[Event]:
        """What happened since the last look."""
        events, self._events = self._events, []
        return events

    def receive(self, data: bytes, *, body_is_out: bool = True) -> list[Event]:
        """Take in bytes. `body_is_out` is false while a part of the body still waits in our own buffer."""
        if self._phase is _OVER:
            return self.events()
        self._body_is_out = body_is_out
        if body_is_out and self._phase is _BODY and self._hears_the_usual(data):
            return self.events()
        before = self._phase
        try:
            for reply in self._reader.feed(data):
                self._take(reply)
                if self._phase is _OVER:
                    break
        except OutOfStep as trouble:
            if self._answer is not None:  # whose answer was it?
                self._answer = Outcome(Verdict.UNCERTAIN, reply=self._answer.reply)
            self._refusal = None
            self._end(str(trouble))
        if before is _BODY and self._phase is _INVITED:
            words = data[data.find(b"\n") + 1 :]
            self._usual = words if _USUAL.fullmatch(words) else b""
        return self.events()

    def closed(self, reason: str = "", *, body_is_out: bool = True) -> list[Event]:
        """Take in that the connection is gone, or that we give it up for a reason."""
        if self._phase is not _OVER:
            self._body_is_out = body_is_out
            self._end(reason or _HUNG_UP.get(self._phase, ""))
        return self.events()

    def tls_started(self) -> None:
        """Begin anew inside TLS: what was said before it counts for nothing (RFC 3207 section 4.2)."""
        self._reader = ReplyReader()
        self._enter(IN_TLS)

    def offer(self, envelope: Envelope) -> None:
        """Ask to take a letter."""
        if self._phase is not _IDLE:
            raise BrokenPromise(f"a letter was offered while {self._phase.name.lower()}")
        self._offer(envelope)

    def send_body(self, body: Sequence[bytes], then: Envelope | None = None) -> None:
        """Send the letter the relay waits for, and offer the next one in the same breath.

        `body` comes in pieces; it ends with CRLF and no line of it begins with a dot.
        """
        if self._phase is not _INVITED:
            raise BrokenPromise(f"a body was sent while {self._phase.name.lower()}")
        self._phase = _BODY
        self._outgoing += body
        self._say(b".\r\n", self._on_body)
        if then is not None and self.extensions.pipelining and self._cannot_carry(then) is None:
            self._begin(then)
        else:
            self._next = then

    def quit(self) -> None:
        """Say goodbye, when there is nothing else to say."""
        if self._phase is _IDLE:
            self._phase = _LEAVING
            self._say(b"QUIT\r\n", self._on_quit)

    @property
    def has_words(self) -> bool:
        """Whether something is to be written now."""
        return bool(self._outgoing)

    def outgoing(self) -> bytes:
        """What is to be written now."""
        said, self._outgoing = self._outgoing, []
        return b"".join(said)

    def _commands(self, envelope: Envelope) -> tuple[bytes, bytes, bytes]:
        options = b""
        if self.extensions.takes_size and envelope.size:
            options += b" SIZE=%d" % envelope.size
        if envelope.needs_smtputf8:
            options += b" BODY=8BITMIME SMTPUTF8" if self.extensions.eight_bit_mime else b" SMTPUTF8"
        return (
            b"MAIL FROM:<%s>%s\r\n" % (envelope.return_path.encode(), options),
            b"RCPT TO:<%s>\r\n" % envelope.recipient.encode(),
            b"DATA\r\n",
        )

    def _offer(self, envelope: Envelope) -> None:
        refusal = self._cannot_carry(envelope)
        if refusal is not None:
            self._refuse(refusal)
        else:
            self._phase = _OFFERING
            self._begin(envelope)

    def _begin(self, envelope: Envelope) -> None:
        self.letters += 1
        if self.extensions.pipelining:
            self._outgoing += self._commands(envelope)
            self._expected += self._to_offer
        else:
            self._unsaid = list(zip(self._commands(envelope), self._to_offer, strict=True))
            self._say_next()

    def _cannot_carry(self, envelope: Envelope) -> Outcome | None:
        """Why the relay need not even be asked."""
        if self.is_worn_out:
            return Outcome(Verdict.UNTOUCHED, Blame.RELAY)
        limit = self.extensions.size_limit
        if envelope.needs_smtputf8 and not self.extensions.smtputf8:
            text = "the relay cannot carry addresses beyond ASCII (no SMTPUTF8)"
            return Outcome(Verdict.PERMANENT, Blame.MESSAGE, Reply(550, "5.6.7", text))
        if limit and envelope.size > limit:
            text = f"the letter has {envelope.size} bytes, the relay takes {limit}"
            return Outcome(Verdict.PERMANENT, Blame.MESSAGE, Reply(552, "5.3.4", text))
        return None

    def _say(self, command: bytes, handler: _Handler) -> None:
        self._outgoing.append(command)
        self._expected.append(handler)

    def _say_next(self) -> None:
        if self._unsaid:
            self._say(*self._unsaid.pop(0))

    def _take(self, reply: Reply) -> None:
        self.replies += 1
        if not self._expected:
            if reply.code == 421:
                self._end("")
                return
            raise OutOfStep(f"speaks without being asked: {reply}")
        self._expected.popleft()(reply)
        if reply.code == 421 and self._phase is not _OVER:
            self._end("")

    def _hears_the_usual(self, data: bytes) -> bool:
        """Take in a letter accepted and the next invited, if the invitation has the words of the last one.

        Nearly every letter ends so, and three replies that are known need not be read again.
        """
        usual = self._usual
        if not usual or len(self._expected) != _OF_A_LETTER or not data.endswith(usual):
            return False
        reply = self._reader.read_alone(data[: -len(usual)])
        if reply is None or reply.code // 100 != 2:
            return False
        self.replies += _OF_A_LETTER
        self._expected.clear()
        self._answer = judge(Step.BODY, reply)
        self._release_answer()
        self._phase = _INVITED
        self._events.append(_INVITATION)
        return True

    def _on_entry(self, reply: Reply) -> None:
        lines, self._reader.lines = self._reader.lines, []
        self._enter(Heard(reply, lines))

    def _enter(self, heard: Heard) -> None:
        """One more step on the way in."""
        try:
            said = self._entry.send(heard)
        except RelayTrouble as trouble:
            self._end(str(trouble))
        except StopIteration as end:
            self.extensions = end.value
            self._phase = _IDLE
            self._events.append(Ready())
        else:
            if said is not HANDSHAKE:
                self._say(said, self._on_entry)
            elif self._reader.is_empty:
                self._events.append(TlsWanted())
            else:
                raise OutOfStep("speaks between STARTTLS and its handshake")  # somebody on the way does

    def _on_mail(self, reply: Reply) -> None:
        self._on_step(Step.MAIL, reply)

    def _on_rcpt(self, reply: Reply) -> None:
        self._on_step(Step.RCPT, reply)

    def _on_step(self, step: Step, reply: Reply) -> None:
        kind = reply.code // 100
        if kind == 3:
            raise OutOfStep(f"answers {step.upper()} with {reply}")
        if kind != 2 and self._refusal is None:
            self._refusal = judge(step, reply)
        if self.extensions.pipelining:
            return
        if self._refusal is not None:
            self._take_back()
        else:
            self._say_next()

    def _on_data(self, reply: Reply) -> None:
        if reply.code == 354:
            if self._refusal is not None:  # it waits for a body to nobody (RFC 2920 section 3.1)
                self._say(b".\r\n", self._on_lone_dot)
                return
            self._release_answer()
            self._phase = _INVITED
            self._events.append(_INVITATION)
            return
        if reply.code // 100 in {2, 3}:
            raise OutOfStep(f"answers DATA with {reply}")
        self._refusal = self._refusal or judge(Step.DATA, reply)
        self._take_back()

    def _on_lone_dot(self, _reply: Reply) -> None:
        self._take_back()

    def _take_back(self) -> None:
        """Begin anew, and believe the refusal when that is answered: a reply too many cannot pass for it."""
        self._unsaid = []
        self._say(b"RSET\r\n", self._on_reset)

    def _on_reset(self, reply: Reply) -> None:
        assert self._refusal is not None
        if reply.code // 100 == 2:
            self._refuse(self._refusal)
        elif reply.code != 421:
            raise OutOfStep(f"cannot begin anew: {reply}")

    def _on_body(self, reply: Reply) -> None:
        # When the next letter is under way, its replies will prove that we are in step.
        self._phase = _OFFERING if self._expected else _IDLE
        self._answer = judge(Step.BODY, reply)
        if not self._body_is_out:
            self._on_early_answer(reply)
        elif reply.code // 100 == 3:
            raise OutOfStep(f"answers a letter with {reply}")
        elif self._phase is _IDLE:
            self._release_answer()
            if reply.code != 421:
                self._offer_next()

    def _on_early_answer(self, reply: Reply) -> None:
        """An answer before the final dot left: the dot must not leave any more."""
        if reply.code // 100 in {2, 3}:
            self._answer = Outcome(Verdict.UNTOUCHED, Blame.RELAY, reply)
            self._end(f"answers a letter before its end: {reply}")
        else:
            self._end("")

    def _offer_next(self) -> None:
        """Offer the letter that had to wait for this answer."""
        then, self._next = self._next, None
        if then is not None:
            self._offer(then)

    def _on_quit(self, _reply: Reply) -> None:
        self._end("")

    def _refuse(self, outcome: Outcome) -> None:
        """End the offered letter before its body."""
        self._release_answer()
        self._refusal = None
        self._phase = _IDLE
        self._events.append(Refused(outcome))

    def _release_answer(self) -> None:
        """Tell the answer to the body before; the replies behind it fit, so it was what it seemed."""
        if self._answer is not None:
            self._events.append(Answered(self._answer))
            self._answer = None

    def _end(self, trouble: str) -> None:
        """Stop. Every letter that is still open comes to its end here."""
        phase, self._phase = self._phase, _OVER
        untouched = Outcome(Verdict.UNTOUCHED, Blame.RELAY)
        if phase is _BODY:
            self._answer = nobody_knows() if self._body_is_out else untouched
        self._release_answer()
        is_offered = len(self._expected) > 1 if phase is _BODY else phase in _OFFERED
        if is_offered or self._next is not None:
            self._events.append(Refused(self._refusal or untouched))
        self._next = None
        self._expected.clear()
        self._outgoing.clear()
        self._events.append(Ended(trouble))


_OFFERED = {_OFFERING, _INVITED}
_HUNG_UP = {
    _GREETING: "hung up before we could begin",
    _OFFERING: "hung up before the letter began",
    _INVITED: "hung up before the letter began",
    _BODY: "hung up without a word on the letter",
}
