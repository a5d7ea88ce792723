"""`newsletter campaign pause|resume|cancel|retry|top-up|correct|history`: a campaign in a person's hands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from newsletter.accounts.audit import deeds_on, record
from newsletter.cli.campaigns import letters
from newsletter.cli.house import open_house
from newsletter.cli.somebody import somebody
from newsletter.delivery.control import Control
from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import UncertainPolicy
from newsletter.models import Campaign, Identity
from newsletter.publishing.campaigns import (
    Terms,
    begin_campaign,
    campaign_of_post,
    find_campaign,
)
from newsletter.publishing.corrections import find_correction, write_correction
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.letters import Edition, unsaved_edition
from newsletter.publishing.posts import Draft
from newsletter.publishing.publications import the_publication
from newsletter.wiring import House

_UNCHANGED = "nothing was changed."


@click.command()
@click.argument("campaign_id")
def pause(campaign_id: str) -> None:
    """Stop a campaign that is going out; `resume` lets it go on where it stopped."""
    with _hands_on(campaign_id) as (_house, _campaign, control):
        paused = control.pause()
    click.echo("It is paused." if paused else f"It is not going out; {_UNCHANGED}")


@click.command()
@click.argument("campaign_id")
def resume(campaign_id: str) -> None:
    """Let a paused or cancelled campaign go on where it stopped. `newsletter status` shows the ids."""
    with _hands_on(campaign_id) as (_house, _campaign, control):
        resumed = control.resume()
    click.echo("It goes on." if resumed else f"It is not stopped; {_UNCHANGED}")


@click.command()
@click.argument("campaign_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cancel(campaign_id: str, yes: bool) -> None:
    """End a campaign: whoever has no letter yet gets none."""
    with _hands_on(campaign_id) as (house, campaign, control):
        if not yes:
            with house.database.reading() as session:
                counts = count_deliveries(session, campaign.id)
            waiting = counts.total - counts.settled
            click.confirm(f"Cancel “{campaign.subject}”? {waiting:,} readers get no letter.", abort=True)
        cancelled = control.cancel()
    click.echo("It is cancelled; nothing more leaves." if cancelled else f"It is over; {_UNCHANGED}")


@click.command()
@click.argument("campaign_id")
def retry(campaign_id: str) -> None:
    """Send the letters that failed once more, except to mailboxes that do not exist."""
    with _hands_on(campaign_id) as (house, _campaign, control):
        count = control.try_again(house.settings.give_up_after)
    click.echo(
        f"{letters(count)} planned again." if count else f"No letter could be tried again; {_UNCHANGED}"
    )


@click.command("top-up")
@click.argument("campaign_id")
def top_up(campaign_id: str) -> None:
    """Send a campaign to those as well who subscribed since."""
    with _hands_on(campaign_id) as (_house, _campaign, control):
        count = control.top_up()
    click.echo(f"It goes to {count:,} more." if count else f"Nobody came since; {_UNCHANGED}")


@click.command()
@click.argument("campaign_id")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--accept", multiple=True, metavar="CHECK", help="Send in spite of this warning, or of “all”.")
def correct(campaign_id: str, file: Path, accept: tuple[str, ...]) -> None:
    """Send a correction to those who got a campaign's letter. The same file twice is one correction.

    \b
    Example: newsletter campaign correct gqz5o2lhxq3vi correction.md
    """
    words = read_post_file(file)
    with _hands_on(campaign_id) as (house, campaign, control):
        # Before anything is shown: what stands in the way of the letter is mended first.
        unsaved = unsaved_correction(house, campaign, words)
        if unsaved is not None:
            house.inspector.inspect(unsaved, house.now()).cleared(accept)
        with house.database.writing() as session:
            post = write_correction(session, campaign, words.title, words.markdown, house.now())
        with house.database.reading() as session:
            publication = the_publication(session)
        inspection = house.inspector.inspect(Edition(publication, post.section, post), house.now())
        content = inspection.cleared(accept)
        policy, terms = UncertainPolicy(house.settings.uncertain_policy), Terms(corrects_id=campaign.id)
        with house.database.writing() as session:
            is_new = campaign_of_post(session, post.id, terms.kind) is None
            made = begin_campaign(session, house.bell, content, policy, house.now(), terms)
            if is_new:
                subject = f"campaign {campaign.public_id}"
                told = {"correction": made.public_id}
                record(session, campaign.publication_id, control.actor, "correct", subject, **told)
    click.echo(f"Campaign {made.public_id} takes “{post.title}” to those who got “{campaign.subject}”.")


@click.command()
@click.argument("campaign_id")
def history(campaign_id: str) -> None:
    """Show what people did with a campaign, the newest first."""
    with _hands_on(campaign_id) as (house, campaign, _control), house.database.reading() as session:
        deeds = deeds_on(session, f"campaign {campaign.public_id}")
    for deed in deeds:
        detail = ", ".join(f"{name} {value}" for name, value in deed.detail.items())
        click.echo(f"{deed.at:%Y-%m-%d %H:%M:%S} UTC  {deed.action:<10} {deed.actor}  {detail}".rstrip())
    if not deeds:
        click.echo("Nobody did anything with it yet.")


def unsaved_correction(house: House, campaign: Campaign, words: PostFile) -> Edition | None:
    """A correction as it would be mailed, kept nowhere; None when it was written before. Raises BadPost."""
    with house.database.reading() as session:
        if find_correction(session, campaign, words.title, words.markdown) is not None:
            return None
        publication = the_publication(session)
        original = find_campaign(session, campaign.public_id)
        author = session.get_one(Identity, original.post.author_id)
        draft = Draft(words.title, words.in_place, campaign.section_id)
        return unsaved_edition(publication, original.section, author, draft, house.now())


@contextmanager
def _hands_on(campaign_id: str) -> Iterator[tuple[House, Campaign, Control]]:
    with open_house() as house:
        with house.database.reading() as session:
            campaign = find_campaign(session, campaign_id)
        yield house, campaign, Control(house.database, house.bell, campaign.id, somebody())
