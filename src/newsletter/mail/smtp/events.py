"""What can happen in a conversation with a relay."""

from dataclasses import dataclass

from newsletter.domain.outcomes import Outcome


@dataclass(frozen=True)
class TlsWanted:
    """The relay waits for a TLS handshake: do it, then call `tls_started`."""


@dataclass(frozen=True)
class Ready:
    """We are let in; letters may be offered."""


@dataclass(frozen=True)
class Invited:
    """The relay waits for the body of the letter that was offered."""


@dataclass(frozen=True)
class Refused:
    """The offered letter will not be taken; no body left."""

    outcome: Outcome


@dataclass(frozen=True)
class Answered:
    """The relay's word on the body that was sent, or that there is none."""

    outcome: Outcome


@dataclass(frozen=True)
class Ended:
    """The conversation is over; `trouble` says what is wrong with the relay, if something is."""

    trouble: str = ""


Event = TlsWanted | Ready | Invited | Refused | Answered | Ended
