"""Campaigns opened for sending: their plans read once, ready to be merged."""

from newsletter.database import Database
from newsletter.domain.links import Links, SectionLinks
from newsletter.mail.dkim.signers import Signers
from newsletter.models import Campaign, Publication, Section
from newsletter.publishing.letters import Imprint, Merger
from newsletter.rendering.plan import load_plan

_KEPT = 8


class Mailings:
    """Opens campaigns, and keeps the newest few open."""

    def __init__(self, database: Database, links: Links, signers: Signers) -> None:
        self._database = database
        self._links = links
        self._signers = signers
        self._open: dict[int, Merger] = {}

    def open(self, campaign_id: int) -> Merger:
        """What merges a campaign's letters. Raises BrokenPromise when we cannot read its plan."""
        if campaign_id not in self._open:
            merger = self._read(campaign_id)
            for oldest in list(self._open)[: len(self._open) - _KEPT + 1]:
                del self._open[oldest]
            self._open[campaign_id] = merger
        return self._open[campaign_id]

    def _read(self, campaign_id: int) -> Merger:
        with self._database.reading() as session:
            campaign = session.get_one(Campaign, campaign_id)
            publication = session.get_one(Publication, campaign.publication_id)
            section = session.get_one(Section, campaign.section_id)
            message_id_end = f"{campaign.public_id}@{publication.list_domain}"
            sender = campaign.sender or publication.sender_address  # campaigns of version 0.3 kept none
            imprint = Imprint(message_id_end, sender, self._signers.of(sender))
            links = SectionLinks(self._links, section.public_id)
            return Merger(load_plan(campaign.plan), links, imprint)
