"""`newsletter campaign`: what an operator may do with a mailing."""

import click

from newsletter.cli.house import open_house
from newsletter.publishing.campaigns import find_campaign, resume_campaign


@click.group()
def campaign() -> None:
    r"""One mailing of one post.

    \b
    Example: newsletter campaign resume gqz5o2lhxq3vi
    """


@campaign.command()
@click.argument("campaign_id")
def resume(campaign_id: str) -> None:
    """Let a paused campaign go on where it stopped. `newsletter status` shows the ids."""
    with open_house() as house, house.database.writing() as session:
        resumed = resume_campaign(session, house.bell, find_campaign(session, campaign_id))
    click.echo("It goes on." if resumed else "It is not paused; nothing was changed.")
