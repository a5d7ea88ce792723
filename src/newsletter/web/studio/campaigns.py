"""Watching a campaign: numbers that add up."""

from flask import Blueprint, Response, jsonify

from newsletter.accounts.identities import Permission
from newsletter.delivery.progress import count_deliveries
from newsletter.delivery.relays import relay_trouble
from newsletter.domain.states import CAMPAIGN_OVER
from newsletter.publishing.campaigns import find_campaign
from newsletter.web.context import house, page, require_visitor

campaigns = Blueprint("campaigns", __name__, template_folder="templates", url_prefix="/studio")


@campaigns.get("/campaigns/<public_id>")
def watch(public_id: str) -> str:
    """How far a campaign is."""
    with house().database.reading() as session:
        require_visitor(session, Permission.WRITE)
        campaign = find_campaign(session, public_id)
        return page(
            session,
            "studio/campaign.html",
            campaign=campaign,
            counts=count_deliveries(session, campaign.id),
            over=campaign.state in CAMPAIGN_OVER,
            trouble=campaign.trouble or relay_trouble(session),
        )


@campaigns.get("/campaigns/<public_id>/counts")
def counts(public_id: str) -> Response:
    """The same numbers for the page's script."""
    with house().database.reading() as session:
        require_visitor(session, Permission.WRITE)
        campaign = find_campaign(session, public_id)
        numbers = count_deliveries(session, campaign.id)
        return jsonify(state=campaign.state, settled=numbers.settled, **numbers.as_dict())
