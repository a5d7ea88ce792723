"""What a check is: a small question put to a proof, with one severity and one way to mend."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Finding, Severity

_SHOWN = 10


class Spot(NamedTuple):
    """One place where a check found something."""

    message: str
    where: str = ""


@dataclass(frozen=True)
class Check:
    """A check by its name."""

    id: str
    severity: Severity
    look: Callable[[Proof], Iterator[Spot]]
    mend: str

    def run(self, proof: Proof) -> list[Finding]:
        """What it finds, the first few of it."""
        spots = list(islice(self.look(proof), _SHOWN + 1))
        if len(spots) > _SHOWN:
            spots[_SHOWN] = Spot("There is more of this.")
        return [Finding(self.id, self.severity, message, self.mend, where) for message, where in spots]
