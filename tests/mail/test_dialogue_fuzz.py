"""Whatever a relay says, in whatever pieces, and whenever it hangs up: each letter comes to one end."""

import re
from collections import deque
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.outcomes import Outcome, Verdict
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.dialogue import Dialogue
from newsletter.mail.smtp.entry import Introduction
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Ready, Refused, TlsWanted

CHANCE = st.integers(0, 2**64).map(Random)  # too many draws for Hypothesis to make them one by one
LETTERS = 5
INTRODUCTIONS = [
    Introduction("sender.example"),
    Introduction("sender.example", starttls=True),
    Introduction("sender.example", True, "me", "a password"),
]
REPLIES = {
    "MAIL": ["250 ok"] * 20 + ["451 4.3.0 later", "550 5.7.1 no", "421 closing"],
    "RCPT": ["250 ok"] * 12 + ["550 5.1.1 no", "450 4.2.1 busy", "552 5.2.2 full", "421 closing"],
    "DATA": ["354 go"] * 20 + ["451 later", "554-5.6.0 no\r\n554 never", "421 closing"],
    "BODY": ["250 2.0.0 queued"] * 9
    + ["250-many\r\n250 lines", "451 later", "554 5.7.1 spam", "421 closing"],
    "RSET": ["250 reset"] * 20 + ["421 closing"],
    "QUIT": ["221 bye"],
    "AUTH": ["235 welcome"],
}
UNKNOWN = ["500 what?"]
STRAY = [b"250 stray\r\n", b"354 stray\r\n", b"550 5.1.1 stray\r\n", b"421 stray\r\n", b"stray\r\n", b"250-"]


class Relay:
    """Keeps to the protocol, answers as it likes, ends every reply with the number of its letter."""

    def __init__(self, chance: Random) -> None:
        self.answers: dict[int, str] = {}
        """What it said to each body."""
        self.is_gone = False
        self._chance = chance
        self._rest = b""
        self._letter = 0
        self._stage = ""
        offered = chance.sample(
            ["PIPELINING", "8BITMIME", "SIZE 999", "LIMITS MAILMAX=3"], chance.randint(0, 4)
        )
        lines = ["relay.example", "STARTTLS", "AUTH PLAIN", *offered]
        self._ehlo = "\r\n".join([*(f"250-{line}" for line in lines), "250 HELP"])

    def hear(self, data: bytes) -> bytes:
        """The replies to what is said to it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        replies = [self._reply(line.decode().rstrip("\r")) for line in lines]
        return "".join(reply.rstrip() + "\r\n" for reply in replies if reply).encode()

    def _reply(self, line: str) -> str:
        if self.is_gone:
            return ""
        if self._stage in {"NOBODY", "BODY", "DRAIN"}:
            return self._hear_body(line)
        verb = line[:4]
        if found := re.search(r"MAIL FROM:<p(\d+)@", line):
            self._letter = int(found[1])
        if verb in {"EHLO", "STAR"}:
            return self._ehlo if verb == "EHLO" else "220 go ahead"
        needed = {"RCPT": "MAIL", "DATA": "RCPT"}.get(verb)
        if needed is not None and self._stage != needed:
            may_invite = verb == "DATA" and self._stage == "MAIL" and self._chance.random() < 0.3
            return self._say("DATA", "354 go") if may_invite else f"503 5.5.1 what? {self._letter}"
        return self._say(verb, self._chance.choice(REPLIES.get(verb, UNKNOWN)))

    def _hear_body(self, line: str) -> str:
        if line == ".":
            was, self._stage = self._stage, ""
            return self._say(was, self._chance.choice(REPLIES["BODY"])) if was != "DRAIN" else ""
        self._stage = self._stage.replace("NOBODY", "BODY")
        if self._stage == "BODY" and self._chance.random() < 0.02:  # it has read enough
            self._stage = "DRAIN"
            return self._say("BODY", "552 5.3.4 too big")
        return ""

    def _say(self, step: str, reply: str) -> str:
        reply = f"{reply} {self._letter}"
        self.is_gone = reply.startswith("421") or step == "QUIT"
        if step == "BODY":
            self.answers[self._letter] = reply
        elif reply[0] in "23":
            self._stage = {"MAIL": "MAIL", "RCPT": "RCPT", "DATA": "NOBODY"}.get(step, "")
        return reply


class Journey:
    """A dialogue, a relay, and the wires between them, on which bytes travel in any pieces."""

    def __init__(self, chance: Random, *, is_cut: bool = False, faults: float = 0) -> None:
        self.relay = Relay(chance)
        self.events: list[Event] = []
        self.ends: dict[int, Answered | Refused] = {}
        self.sent: set[int] = set()
        self._chance = chance
        self._dialogue = Dialogue(chance.choice(INTRODUCTIONS))
        self._cut_chance = 0.006 if is_cut else 0
        self._faults = faults
        self.under_way: deque[int] = deque()
        self._to_relay, self._to_us = b"", b"220 hi\r\n"
        self._before_dot = 0
        """How many bytes are on the wire before the end of a body is."""

    def go(self) -> None:
        """All the way, until the conversation is over."""
        while not self._dialogue.is_over:
            if self._to_relay and self._chance.random() < 0.5:
                self._carry_to_relay()
            elif self._to_us:
                self._carry_to_us()
            if self._chance.random() < self._cut_chance or not self._goes_on():
                self._take(self._dialogue.closed("cut", body_is_out=self._before_dot <= 0))
        assert (self._dialogue.receive(b"250 ok\r\n"), self._dialogue.closed()) == ([], [])
        assert (self._dialogue.outgoing(), self._dialogue.waits) == (b"", False)

    def _goes_on(self) -> bool:
        return bool(self._to_us) or (bool(self._to_relay) and not self.relay.is_gone)

    def _piece(self, wire: bytes) -> int:
        return self._chance.choice([1, self._chance.randint(1, len(wire)), len(wire)])

    def _carry_to_relay(self) -> None:
        size = self._piece(self._to_relay)
        piece, self._to_relay = self._to_relay[:size], self._to_relay[size:]
        self._before_dot -= size
        self._to_us += self._spoilt(self.relay.hear(piece))

    def _spoilt(self, said: bytes) -> bytes:
        if self._chance.random() >= self._faults:
            return said
        chance = self._chance
        place = chance.randint(0, len(said))
        spoilt = [
            b"",
            said + said,
            said + chance.choice(STRAY),
            chance.choice(STRAY) + said,
            said[:place] + chance.randbytes(chance.randint(1, 9)) + said[place:],
            said[:place] + chance.randbytes(1) + said[place + 1 :],
            b"x" * 3000,
            b"250-x\r\n" * 200,
        ]
        return chance.choice(spoilt)

    def _carry_to_us(self) -> None:
        size = self._piece(self._to_us)
        piece, self._to_us = self._to_us[:size], self._to_us[size:]
        self._take(self._dialogue.receive(piece, body_is_out=self._before_dot <= 0))

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self.events.append(event)
            if isinstance(event, Answered | Refused):
                letter = self.under_way.popleft()
                assert isinstance(event, Answered) == (letter in self.sent)
                assert letter not in self.ends
                self.ends[letter] = event
        if not self._dialogue.is_over and events:
            self._act(events[-1])
        self._to_relay += self._dialogue.outgoing()

    def _act(self, event: Event) -> None:
        if isinstance(event, TlsWanted):
            self._dialogue.tls_started()
        elif isinstance(event, Invited):
            self._send_body()
        elif self._dialogue.is_idle:
            envelope = self._next()
            self._dialogue.offer(envelope) if envelope else self._dialogue.quit()
            self._take(self._dialogue.events())

    def _send_body(self) -> None:
        (letter,) = self.under_way
        self.sent.add(letter)
        body = b"letter %d\r\n" % letter * 3
        self._before_dot = len(self._to_relay) + len(body) + len(b".\r\n")
        self._dialogue.send_body([body], self._next() if self._chance.random() < 0.8 else None)

    def _next(self) -> Envelope | None:
        number = len(self.ends) + len(self.under_way) + 1
        if number > LETTERS:
            return None
        self.under_way.append(number)
        return Envelope(f"p{number}@example.org", f"r{number}@example.net", self._chance.choice([0, 9, 9999]))


def outcomes(journey: Journey) -> dict[int, Outcome]:
    return {letter: event.outcome for letter, event in journey.ends.items()}


def check_the_ends(journey: Journey) -> None:
    assert not journey.under_way
    assert list(journey.ends) == sorted(journey.ends)
    assert [event for event in journey.events if isinstance(event, Ended)] == journey.events[-1:]
    assert journey.events.count(Ready()) <= 1


@given(CHANCE)
@settings(max_examples=1000)
def test_a_relay_that_keeps_to_the_protocol_is_understood_to_the_letter(chance: Random) -> None:
    journey = Journey(chance)

    journey.go()

    check_the_ends(journey)
    check_against_the_relay(journey)
    assert Verdict.UNCERTAIN not in {outcome.verdict for outcome in outcomes(journey).values()}
    assert journey.events[-1] == Ended("")


@given(CHANCE)
@settings(max_examples=1000)
def test_a_cut_anywhere_leaves_no_letter_open_and_none_accepted_that_was_not(chance: Random) -> None:
    journey = Journey(chance, is_cut=True)

    journey.go()

    check_the_ends(journey)
    check_against_the_relay(journey)


def check_against_the_relay(journey: Journey) -> None:
    """Every outcome is the relay's own word on this very letter, or says that there is none."""
    for letter, outcome in outcomes(journey).items():
        said = journey.relay.answers.get(letter, "")
        if outcome.reply is not None and not outcome.reply.text.endswith("the relay takes 999"):
            assert outcome.reply.text.split()[-1] == str(letter)
        match journey.ends[letter], outcome.verdict:
            case Refused(), _:
                assert said == ""
            case Answered(), Verdict.UNTOUCHED:
                assert not said.startswith("2")
            case Answered(), Verdict.UNCERTAIN:
                assert outcome.reply is None
            case Answered(), verdict:
                assert verdict == {"2": "accepted", "4": "temporary", "5": "permanent"}[said[0]]


@given(CHANCE, st.sampled_from([0.03, 0.2, 0.8]))
@settings(max_examples=1000)
def test_whatever_arrives_each_letter_ends_once_and_in_order(chance: Random, faults: float) -> None:
    journey = Journey(chance, is_cut=True, faults=faults)

    journey.go()

    check_the_ends(journey)


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([*STRAY, b"250 ok\r\n", b"220 hi\r\n"]))))
def test_noise_ends_in_nothing_worse_than_an_end(noise: list[bytes]) -> None:
    dialogue = Dialogue(Introduction("sender.example"))

    events = [event for data in noise for event in dialogue.receive(data)] + dialogue.closed()

    assert [type(event) for event in events] in ([Ended], [Ready, Ended])
