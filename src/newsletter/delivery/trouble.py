"""What is written down when something is wrong with the relay, or with a whole campaign."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from newsletter.database import Database
from newsletter.delivery.brakes import pause_itself
from newsletter.delivery.heralds import Herald
from newsletter.delivery.relays import let_rest, note_recovery
from newsletter.models import Relay

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TroubleBook:
    """Rests the relay, notes its recovery, pauses campaigns."""

    database: Database
    herald: Herald
    waits: Sequence[float]

    def rest(self, relay_id: int, trouble: str) -> float:
        """Let a relay rest. Returns for how many seconds."""
        _log.warning("relay_trouble", relay=relay_id, trouble=trouble)
        with self.database.writing() as session:
            wait = let_rest(session, relay_id, trouble, self.waits)
            self.herald.relay_rests(session, session.get_one(Relay, relay_id))
            return wait

    def note_recovery(self, relay_id: int) -> None:
        """A letter went through."""
        with self.database.writing() as session:
            note_recovery(session, relay_id)

    def pause(self, campaign_id: int, reason: str) -> None:
        """The sender or the message is to blame: a person has to look before more letters go out."""
        with self.database.writing() as session:
            pause_itself(session, self.herald, campaign_id, reason)
