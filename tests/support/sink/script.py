"""What a test tells the sink to do wrong: values, and their way through JSON to the sink's process."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE 52428800", "ENHANCEDSTATUSCODES", "SMTPUTF8")


class Moment(StrEnum):
    """A place in the conversation where a rule can step in."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY_START = "body_start"
    """After the 354, when the first bytes of the body are there."""
    BODY_MIDDLE = "body_middle"
    """When `Script.middle` bytes of the body are there, or the whole of a shorter one."""
    DOT = "dot"
    """The body is complete."""


class Do(StrEnum):
    """What a rule does instead of replying normally. Its `reply` may stand for the normal one."""

    REPLY = "reply"
    CLOSE = "close"
    """Hang up (FIN). A `reply` is said before as it stands, so it may be the half of one."""
    RESET = "reset"
    """Hang up rudely (RST); `reply` as with CLOSE."""
    SILENCE = "silence"
    """Never say anything again, and keep the connection; `reply` as with CLOSE."""
    DELAY = "delay"
    """Reply after `seconds`; a message is written down before that."""
    HOLD = "hold"
    """Reply when told to `release`; a message is written down before that."""
    EXTRA = "extra"
    """The normal reply, and `reply` right behind it, which nobody asked for."""
    FLOOD = "flood"
    """A reply without end: `reply`, again and again."""
    ACCEPT_AND_CLOSE = "accept_and_close"
    ACCEPT_AND_RESET = "accept_and_reset"
    ACCEPT_AND_SILENCE = "accept_and_silence"


OF_ACCEPTED = frozenset({Do.ACCEPT_AND_CLOSE, Do.ACCEPT_AND_RESET, Do.ACCEPT_AND_SILENCE})
"""What is done once a message was written down."""


@dataclass(frozen=True)
class Rule:
    """One thing to do, and when. All conditions that are given must hold."""

    at: Moment
    do: Do
    reply: str = ""
    """Sent as it is, with CRLF at its end if it has none; `text_of` makes one of any bytes."""
    address: str = ""
    """A regular expression found in the recipient's address; at MAIL in the return path."""
    nth: int = 0
    """Only for this message of the whole sink, counted at MAIL; before MAIL, for this connection."""
    every: int = 0
    """Only for each so many-th, counted as `nth`."""
    after: int = 0
    """Only when the connection has brought this many bodies to their end."""
    chance: float = 0.0
    """Only with this probability; 0 is always."""
    times: int = 0
    """At most so often; 0 has no end."""
    seconds: float = 0.0
    above: float = 0.0
    """Only for what comes on top of so many a second."""
    until: float = 0.0
    """Only for so many seconds after the address was first seen, as greylisting does."""

    def __post_init__(self) -> None:
        if self.do in OF_ACCEPTED and self.at is not Moment.DOT:
            raise ValueError(f"{self.do} is for {Moment.DOT}, not for {self.at}.")


@dataclass(frozen=True)
class Script:
    """How the sink behaves. Of all rules that match, the first one wins."""

    rules: tuple[Rule, ...] = ()
    extensions: tuple[str, ...] = EXTENSIONS
    latency: float = 0.0
    """Seconds before each batch of replies."""
    dot_latency: float = 0.0
    """Seconds between a body and what is said of it."""
    messages_a_connection: int = 0
    """So many messages, then 421 to the next MAIL; 0 has no end."""
    byte_by_byte: bool = False
    slow_reading: bool = False
    certificate: str = ""
    """A PEM file with key and certificate; it enables STARTTLS."""
    implicit_tls: bool = False
    credentials: tuple[str, str] | None = None
    """User and password that are required then."""
    seed: int = 0
    lone_354: bool = False
    """Answer DATA with 354 even if there is no recipient; nothing is written down then."""
    middle: int = 4096

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Script":
        rules = tuple(
            Rule(**{**rule, "at": Moment(rule["at"]), "do": Do(rule["do"])}) for rule in values["rules"]
        )
        credentials = values["credentials"]
        return cls(
            **{
                **values,
                "rules": rules,
                "extensions": tuple(values["extensions"]),
                "credentials": credentials and tuple(credentials),
            }
        )

    def dumps(self) -> str:
        return json.dumps(self.to_json())

    @classmethod
    def loads(cls, text: str) -> "Script":
        return cls.from_json(json.loads(text))


def bytes_of(text: str) -> bytes:
    """The bytes that a text of a script stands for."""
    return text.encode("utf-8", "surrogateescape")


def text_of(raw: bytes) -> str:
    """A text of a script for any bytes, also those that are no UTF-8."""
    return raw.decode("utf-8", "surrogateescape")
