"""When the page of a form was made, as a signed stamp inside the form.

Programs that post forms do not read pages first, or keep one for ever; people do, and take a moment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from newsletter.domain.errors import BadLink
from newsletter.domain.tokens import Keyring, Purpose

GOOD_FOR = timedelta(days=3)
CLOCKS_DIFFER = timedelta(minutes=2)
"""By how much the clock of the host that made the page may be ahead."""

_BYTES = 5
_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Stamp:
    """When a page was made: to the second, or the day alone where one page is shown to everybody."""

    at: datetime
    exact: bool

    def is_younger_than(self, wait: timedelta, now: datetime) -> bool:
        """Whether the page was made less than that ago; a day alone does not tell."""
        return self.exact and timedelta() <= now - self.at < wait


def write_stamp(keyring: Keyring, at: datetime, *, exact: bool) -> str:
    """Make the stamp of a page made at this moment."""
    seconds = int(at.timestamp())
    if not exact:
        seconds -= seconds % _DAY
    return keyring.sign(Purpose.FORM, seconds.to_bytes(_BYTES, "big") + bytes([exact]))


def read_stamp(keyring: Keyring, text: str, now: datetime) -> Stamp | None:
    """Read the stamp of a form; None when there is none, it is forged, too old or not of our time."""
    try:
        payload = keyring.open(Purpose.FORM, text, now)
    except BadLink:
        return None
    at = datetime.fromtimestamp(int.from_bytes(payload[:_BYTES], "big"), UTC)
    if not -CLOCKS_DIFFER <= now - at <= GOOD_FOR:
        return None
    return Stamp(at, bool(payload[_BYTES]))
