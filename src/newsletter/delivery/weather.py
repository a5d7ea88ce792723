"""How it goes: single bad outcomes happen, several say that something is wrong with all.

A relay's weather says when to leave it alone or to ask less of it; a campaign's, when a person has to
look at it before more letters go out.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from newsletter.delivery.entries import Holding
from newsletter.domain.outcomes import Blame, Meaning, Outcome, Verdict

_KEPT = 8
BLOCKED_OF = 1_000
BLOCKED_SHARE = 0.05
HARD_OF = 2_000
HARD_SHARE = 0.05
_TOO_FEW_TO_TELL = 20
_IN_A_ROW = 3
_OF_ONE_DOMAIN_IN_A_ROW = 10


class Sign(Enum):
    """What an outcome says of its relay."""

    FAIR = "go on"
    SLOW_DOWN = "ask less of it"
    REST = "leave it alone for a while"


_FAIR = (Sign.FAIR, "")


@dataclass
class RelayWeather:
    """How it goes with one relay."""

    unanswered: int = 0
    fruitless: int = 0
    """Connections in a row that ended before they took or refused a letter."""
    letters_a_connection: int = 0
    """After so many letters it hangs up each time; 0 when it does not."""
    _ends: deque[int] = field(default_factory=lambda: deque(maxlen=_IN_A_ROW))

    def note(self, outcome: Outcome) -> tuple[Sign, str]:
        """Count one more outcome. Returns what follows, and why in a sentence."""
        verdict = outcome.verdict
        if verdict is Verdict.ACCEPTED:
            self.count_accepted()
            return _FAIR
        self.unanswered = self.unanswered + 1 if verdict is Verdict.UNCERTAIN else 0
        if verdict is Verdict.UNTOUCHED:
            return self._note_untouched(outcome)
        self.fruitless = 0
        if self.unanswered >= _IN_A_ROW:
            return Sign.REST, "The relay takes letters and never answers."
        return _FAIR

    def count_accepted(self) -> None:
        """One more was taken; said of almost every letter."""
        self.unanswered = self.fruitless = 0

    def note_end(self, letters: int, trouble: str) -> tuple[Sign, str]:
        """A connection ended that had brought so many letters to an end."""
        if letters:
            self.fruitless = 0
            self._ends.append(letters)
            if len(self._ends) == _IN_A_ROW and len(set(self._ends)) == 1:
                self.letters_a_connection = letters
            return _FAIR
        self.fruitless += 1
        if self.fruitless < _IN_A_ROW:
            return _FAIR
        return Sign.REST, trouble or "The relay hangs up before it takes a letter."

    def _note_untouched(self, outcome: Outcome) -> tuple[Sign, str]:
        if outcome.meaning is Meaning.THROTTLED:
            return Sign.SLOW_DOWN, ""
        if outcome.blame is Blame.SENDER or outcome.meaning is Meaning.SESSION_FULL:
            return _FAIR
        if outcome.reply is None or outcome.reply.code == 421:
            return _FAIR  # it hung up, politely or not: `note_end` counts that
        return Sign.REST, words(outcome)


@dataclass
class CampaignWeather:
    """How it goes with one campaign, as this process sees it."""

    audience: int = 0
    is_released: bool = False
    """A person saw the share of refusals, and let it go on."""
    _row: list[str] = field(default_factory=list)
    """The domains of the refusals in a row that blame the sender or the letter."""
    _blocked: deque[int] = field(default_factory=deque)
    """Which of the last letters were."""
    _letters: int = 0
    _hard: int = 0

    def note(self, outcome: Outcome, domain: str) -> str:
        """Count one more outcome. Returns why the campaign has to pause, or nothing."""
        if outcome.verdict is Verdict.ACCEPTED:
            self.count_accepted()
            return ""
        if outcome.verdict is Verdict.UNTOUCHED:
            if outcome.blame is Blame.SENDER:
                return f"The relay does not accept our sender address. {words(outcome)}"
            return ""
        self._letters += 1
        self._count(outcome.meaning)
        return self._too_many_in_a_row(outcome, domain) or self._too_large_a_share(outcome)

    def count_accepted(self) -> None:
        """One more was taken; said of almost every letter."""
        self._letters += 1
        if self._row:
            self._row.clear()

    def _count(self, meaning: Meaning | None) -> None:
        if meaning is Meaning.BLOCKED:
            self._blocked.append(self._letters)
        while self._blocked and self._blocked[0] <= self._letters - BLOCKED_OF:
            self._blocked.popleft()
        if meaning is Meaning.NO_MAILBOX and self._letters <= HARD_OF:
            self._hard += 1

    def _too_many_in_a_row(self, outcome: Outcome, domain: str) -> str:
        if outcome.verdict is not Verdict.PERMANENT or outcome.blame is Blame.RECIPIENT:
            self._row.clear()
            return ""
        self._row.append(domain)
        # Receivers of one company say all the same: that proves less, unless they are most of the readers.
        enough = max(_IN_A_ROW, min(_OF_ONE_DOMAIN_IN_A_ROW, self.audience // 2))
        if len(set(self._row)) < _IN_A_ROW and len(self._row) < enough:
            return ""
        return f"The relay refused {len(self._row)} letters in a row. {words(outcome)}"

    def _too_large_a_share(self, outcome: Outcome) -> str:
        if len(self._blocked) >= BLOCKED_OF * BLOCKED_SHARE:
            last = min(self._letters, BLOCKED_OF)
            many = f"{len(self._blocked)} of the last {last:,} letters"
            return f"{many} were refused as unwanted. {words(outcome)}"
        if not self.is_released and self._hard > hard_limit(self.audience):
            return too_many_gone(self._hard, self._letters)
        return ""


class Weathers:
    """The weather of the newest few campaigns."""

    def __init__(self) -> None:
        self._known: dict[int, CampaignWeather] = {}

    def of(self, holding: Holding) -> CampaignWeather:
        """The weather of a batch's campaign; a fresh one once a person has looked at it."""
        campaign_id = holding.lease.campaign_id
        weather = self._known.get(campaign_id)
        if weather is None or weather.is_released != holding.is_released:
            weather = CampaignWeather(holding.audience, holding.is_released)
            for oldest in list(self._known)[: len(self._known) - _KEPT + 1]:
                del self._known[oldest]
            self._known[campaign_id] = weather
        return weather

    def forget(self, campaign_id: int) -> None:
        """Begin anew with a campaign."""
        self._known.pop(campaign_id, None)


def hard_limit(audience: int) -> int:
    """So many addresses of the first may turn out not to exist; of a few letters a few prove nothing."""
    return max(_TOO_FEW_TO_TELL, round(min(audience, HARD_OF) * HARD_SHARE))


def too_many_gone(hard: int, letters: int) -> str:
    """Why a campaign stops whose list is full of addresses that do not exist."""
    return (
        f"{hard:,} of the first {letters:,} addresses do not exist. Where did this list come from? "
        "Look at the failed letters, then resume or cancel."
    )


def words(outcome: Outcome) -> str:
    """What the relay said."""
    return f"It answers: {outcome.reply}." if outcome.reply else "The relay hung up."
