"""`newsletter status`: is everything all right?"""

import json
import socket
import sys
from datetime import timedelta
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.cli.house import open_house
from newsletter.database import clock
from newsletter.delivery.progress import count_deliveries
from newsletter.delivery.relays import relay_trouble, resting_relays
from newsletter.domain.errors import NotFound
from newsletter.domain.states import FINAL_DELIVERY_STATES
from newsletter.models import Notice, Worker
from newsletter.publishing.campaigns import recent_campaigns
from newsletter.publishing.publications import the_publication


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object of JSON.")
@click.option("--alive", is_flag=True, help="Only end with 1 when no worker of this machine is alive.")
def status(as_json: bool, alive: bool) -> None:
    """Show workers, relay, waiting mail and the newest campaigns.

    \b
    Examples: newsletter status
              newsletter status --json
    """
    with open_house() as house, house.database.reading() as session:
        alive_within = timedelta(seconds=3 * house.settings.sweep_every)
        if alive:
            sys.exit(0 if count_workers(session, alive_within, host=socket.gethostname()) else 1)
        facts = _facts(session, alive_within)
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(_sentence(facts))
    for campaign in facts["campaigns"]:
        click.echo(
            f"  {campaign['id']}  {campaign['state']:<9} {campaign['accepted']:>9,} of "
            f"{campaign['audience']:<9,} {campaign['subject']}"
        )
        if campaign["trouble"]:
            click.echo(f"      {campaign['trouble']}")


def count_workers(session: Session, alive_within: timedelta, host: str = "") -> int:
    """How many workers gave a sign of life lately, everywhere or on one machine."""
    query = select(func.count()).select_from(Worker).where(Worker.seen_at > clock(session) - alive_within)
    if host:
        query = query.where(Worker.name.startswith(f"{host}:", autoescape=True))
    return session.scalar(query) or 0


def _facts(session: Session, alive_within: timedelta) -> dict[str, Any]:
    try:
        publication = the_publication(session)
    except NotFound:
        return {
            "workers": 0,
            "relay_trouble": "",
            "relays_resting": [],
            "notices_waiting": 0,
            "campaigns": [],
        }
    notices = session.scalar(
        select(func.count()).select_from(Notice).where(Notice.state.not_in(FINAL_DELIVERY_STATES))
    )
    campaigns = [
        {
            "id": campaign.public_id,
            "subject": campaign.subject,
            "state": campaign.state,
            "trouble": campaign.trouble,
            **count_deliveries(session, campaign.id).as_dict(),
        }
        for campaign in recent_campaigns(session, publication.id, 10)
    ]
    return {
        "workers": count_workers(session, alive_within),
        "relay_trouble": relay_trouble(session),
        "relays_resting": list(resting_relays(session)),
        "notices_waiting": notices or 0,
        "campaigns": campaigns,
    }


def _sentence(facts: dict[str, Any]) -> str:
    if facts["relay_trouble"]:
        return f"Sending waits. {facts['relay_trouble']} It goes on by itself once this is mended."
    if any(campaign["state"] == "paused" for campaign in facts["campaigns"]):
        return "A campaign is paused and waits for you."
    if not facts["workers"]:
        return "No worker is alive: nothing is sent. Start one with `newsletter worker` or `newsletter up`."
    if facts["relays_resting"]:
        return (
            f"The others carry the letters of {', '.join(facts['relays_resting'])}, which cannot be used: "
            "newsletter relay list"
        )
    workers = f"{facts['workers']} worker{'' if facts['workers'] == 1 else 's'} alive"
    return f"All is well: {workers}, {facts['notices_waiting']} single mails waiting."
