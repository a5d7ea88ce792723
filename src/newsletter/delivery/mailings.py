"""Campaigns opened for sending: their plans read once, ready to be merged."""

from dataclasses import dataclass

from newsletter.database import Database
from newsletter.domain.links import Links
from newsletter.models import Campaign, Publication, Section
from newsletter.publishing.letters import Merger
from newsletter.rendering.plan import load_plan

_KEPT = 8


@dataclass(frozen=True)
class Mailing:
    """What all letters of a campaign share."""

    merger: Merger
    return_path: str


class Mailings:
    """Opens campaigns, and keeps the newest few open."""

    def __init__(self, database: Database, links: Links) -> None:
        self._database = database
        self._links = links
        self._open: dict[int, Mailing] = {}

    def open(self, campaign_id: int) -> Mailing:
        """The mailing of a campaign. Raises BrokenPromise when its plan is of a format we cannot read."""
        if campaign_id not in self._open:
            mailing = self._read(campaign_id)
            for oldest in list(self._open)[: len(self._open) - _KEPT + 1]:
                del self._open[oldest]
            self._open[campaign_id] = mailing
        return self._open[campaign_id]

    def _read(self, campaign_id: int) -> Mailing:
        with self._database.reading() as session:
            campaign = session.get_one(Campaign, campaign_id)
            publication = session.get_one(Publication, campaign.publication_id)
            section = session.get_one(Section, campaign.section_id)
            message_id_end = f"{campaign.public_id}@{publication.list_domain}"
            merger = Merger(load_plan(campaign.plan), self._links, section.public_id, message_id_end)
            return Mailing(merger, publication.sender_address)
