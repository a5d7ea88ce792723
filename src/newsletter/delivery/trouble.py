"""What is written down when something is wrong with the relay, or with a whole campaign."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from newsletter.database import Database, close_gate
from newsletter.delivery.relays import let_rest, note_recovery
from newsletter.domain.states import CampaignState
from newsletter.models import Campaign

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TroubleBook:
    """Rests the relay, notes its recovery, pauses campaigns."""

    database: Database
    waits: Sequence[float]

    def rest(self, relay_id: int, trouble: str) -> float:
        """Let a relay rest. Returns for how many seconds."""
        _log.warning("relay_trouble", relay=relay_id, trouble=trouble)
        with self.database.writing() as session:
            return let_rest(session, relay_id, trouble, self.waits)

    def note_recovery(self, relay_id: int) -> None:
        """A letter went through."""
        with self.database.writing() as session:
            note_recovery(session, relay_id)

    def pause(self, campaign_id: int, reason: str) -> None:
        """The sender or the message is to blame: a person has to look before more letters go out."""
        with self.database.writing() as session:
            close_gate(session)
            campaign = session.get_one(Campaign, campaign_id, with_for_update=True)
            if campaign.state is CampaignState.SENDING:
                campaign.state = CampaignState.PAUSED
                campaign.trouble = reason
                _log.error("campaign_paused", campaign=campaign_id, reason=reason)
