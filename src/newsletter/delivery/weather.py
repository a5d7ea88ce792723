"""How it goes with the relay: single bad outcomes happen, several say that something is wrong with all."""

from dataclasses import dataclass
from enum import Enum

from newsletter.domain.outcomes import Blame, Outcome, Verdict

_IN_A_ROW = 3


class Consequence(Enum):
    """What follows from an outcome beyond its own letter."""

    NOTHING = "go on"
    REST = "the relay needs a rest"
    PAUSE = "a person has to look at the campaign first"


_FAIR = (Consequence.NOTHING, "")


@dataclass
class Weather:
    """Bad outcomes in a row."""

    unwanted: int = 0
    unanswered: int = 0
    fruitless: int = 0
    """Connections in a row that ended before they took or refused a letter."""

    def note(self, outcome: Outcome) -> tuple[Consequence, str]:
        """Count one more outcome. Returns what follows, and why in a sentence."""
        verdict, blame = outcome.verdict, outcome.blame
        if verdict is Verdict.ACCEPTED:
            self.unwanted = self.unanswered = self.fruitless = 0
            return _FAIR
        unwanted = verdict is Verdict.PERMANENT and blame is not Blame.RECIPIENT
        self.unwanted = self.unwanted + 1 if unwanted else 0
        self.unanswered = self.unanswered + 1 if verdict is Verdict.UNCERTAIN else 0
        if verdict is Verdict.UNTOUCHED:
            return self._note_untouched(outcome)
        self.fruitless = 0
        if self.unanswered >= _IN_A_ROW:
            return Consequence.REST, "The relay takes letters and never answers."
        if self.unwanted >= _IN_A_ROW:
            return Consequence.PAUSE, f"The relay refused several letters in a row. {_words(outcome)}"
        return Consequence.NOTHING, ""

    def note_end(self, letters: int, trouble: str) -> tuple[Consequence, str]:
        """A connection ended that had brought so many letters to an end."""
        if letters:
            self.fruitless = 0
            return Consequence.NOTHING, ""
        self.fruitless += 1
        if self.fruitless < _IN_A_ROW:
            return Consequence.NOTHING, ""
        return Consequence.REST, trouble or "The relay hangs up before it takes a letter."

    def _note_untouched(self, outcome: Outcome) -> tuple[Consequence, str]:
        if outcome.blame is Blame.SENDER:
            return Consequence.PAUSE, f"The relay does not accept our sender address. {_words(outcome)}"
        if outcome.reply is None or outcome.reply.code == 421:
            return Consequence.NOTHING, ""  # it hung up, politely or not: `note_end` counts that
        return Consequence.REST, _words(outcome)


def _words(outcome: Outcome) -> str:
    return f"It answers: {outcome.reply}." if outcome.reply else "The relay hung up."
