"""`newsletter demo`: the whole thing on one machine, with a sample publication."""

import json
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import click
from sqlalchemy import select

from newsletter.accounts.identities import the_author
from newsletter.accounts.signing_in import make_sign_in
from newsletter.cli import stack as stacks
from newsletter.cli.bars import Bars
from newsletter.cli.following import follow
from newsletter.cli.processes import PORT, Processes, free_port
from newsletter.cli.sample.filling import LIVE_POST, add_post, fill_publication, fill_subscribers
from newsletter.cli.stack import Ports, Stack
from newsletter.delivery.progress import Counts
from newsletter.domain.errors import BadSetting
from newsletter.domain.states import CampaignState, UncertainPolicy
from newsletter.logs import configure_logs
from newsletter.mail.catcher import Spool
from newsletter.migrations import upgrade
from newsletter.models import Campaign, Identity
from newsletter.publishing.campaigns import begin_campaign
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import find_post
from newsletter.publishing.publications import the_publication
from newsletter.settings import Settings, load_settings
from newsletter.wiring import House, wire


@dataclass(frozen=True)
class Result:
    """What one demonstration came to; `caught` counts messages, `twice` recipients with more than one."""

    counts: Counts
    caught: int
    twice: int
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether everybody was accepted and caught exactly once."""
        return self.counts.total == self.counts.accepted == self.caught and not self.twice

    def as_json(self) -> str:
        """One line for a program."""
        numbers = self.counts.as_dict()
        shown = {key: numbers[key] for key in ("audience", "accepted", "failed", "skipped", "uncertain")}
        return json.dumps({**shown, "caught": self.caught, "seconds": round(self.seconds, 2)})


@click.command()
@click.option("--once", is_flag=True, help="Send once on free ports, then stop.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.option("--subscribers", default=1000, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option(
    "--post", type=click.Path(path_type=Path), default=None, help="A Markdown file to send instead."
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(0, 16),
    help="Worker processes to start; with 0 you start them yourself.",
)
@click.option("--port", type=PORT, default=None, help="The site's port (8000; with --once a free one).")
@click.option("--smtp-port", type=PORT, default=None, help="The catcher's port (1025; likewise).")
@click.option("--inbox-port", type=PORT, default=None, help="The inbox's port (8025; likewise).")
def demo(
    once: bool,
    as_json: bool,
    subscribers: int,
    post: Path | None,
    workers: int,
    port: int | None,
    smtp_port: int | None,
    inbox_port: int | None,
) -> None:
    """Fill a sample publication, mail a post to everybody, and show it all in a browser.

    All mail goes to a catcher; nothing leaves this machine. Each demo begins anew.

    \b
    Examples: newsletter demo
              newsletter demo --once --json --subscribers 5000 --post letter.md
              DATABASE_URL=postgresql://… REDIS_URL=redis://… newsletter demo --once --workers 2
    """
    file = read_post_file(post or LIVE_POST)
    ports = _ports(port, smtp_port, inbox_port, once=once)
    # Before anything is cleared away: the folder may belong to a demo that still runs.
    stacks.require_free_ports(ports)
    with TemporaryDirectory(prefix="newsletter-demo-", ignore_cleanup_errors=True) as scratch:
        settings = _settings(Path(scratch), once=once)
        with stacks.run_folder() as folder, Processes(settings.data_dir / "logs") as processes:
            completed = stacks.complete(settings, ports, Path(folder), catches=True)
            stack = Stack(completed, ports, catches=True, workers=workers)
            result, sign_in = _run(stack, processes, file, subscribers)
            _tell(result, as_json=as_json)
            if not once:
                _say_where(stack, sign_in)
                processes.watch()
                click.echo("Stopping.", err=True)
    sys.exit(0 if result.is_right else 1)


def _run(stack: Stack, processes: Processes, file: PostFile, subscribers: int) -> tuple[Result, str]:
    configure_logs(stack.settings.log_format)
    house = wire(stack.settings)
    upgrade(house.database.engine)
    with Bars() as bars:
        with house.database.writing() as session:
            fill_publication(session, house.now())
        fill_subscribers(house.database, subscribers, house.now(), bars.bar("Making subscribers"))
        starting = bars.bar("Starting")
        starting.show(0, 1)
        stacks.start(stack, processes)
        starting.show(1, 1)
        began = monotonic()
        campaign_id = _publish(house, file)
        state, counts = follow(house, campaign_id, bars, processes.check)
    if state is CampaignState.PAUSED:
        raise BadSetting("The campaign was paused; look into the worker's log.")
    seconds = monotonic() - began
    caught = _caught(house, stack.settings, campaign_id)
    result = Result(counts, sum(caught.values()), sum(n > 1 for n in caught.values()), seconds)
    return result, _sign_in_link(house)


def _publish(house: House, file: PostFile) -> int:
    with house.database.writing() as session:
        publication = the_publication(session)
        authors = {each.address or "": each for each in session.scalars(select(Identity))}
        public_id = add_post(session, publication, authors, file, house.now())
    with house.database.reading() as session:
        post = find_post(session, public_id)
    inspection = house.inspector.inspect(Edition(publication, post.section, post), house.now())
    content = inspection.cleared(())
    policy = UncertainPolicy(house.settings.uncertain_policy)
    with house.database.writing() as session:
        return begin_campaign(session, house.bell, content, policy, house.now()).id


def _caught(house: House, settings: Settings, campaign_id: int) -> Counter[str]:
    """How often each recipient is in the catcher with this campaign's letter."""
    with house.database.reading() as session:
        mark = f".{session.get_one(Campaign, campaign_id).public_id}@"
    return Counter(
        recipient
        for caught in Spool(stacks.inbox_folder(settings)).all()
        if mark in caught.message_id
        for recipient in caught.recipients
    )


def _sign_in_link(house: House) -> str:
    with house.database.writing() as session:
        author = the_author(session, the_publication(session).id, None)
        link = make_sign_in(session, author, house.now())
        return house.links.sign_in(link.public_id, link.created_at)


def _tell(result: Result, *, as_json: bool) -> None:
    if as_json:
        click.echo(result.as_json())
        return
    counts = result.counts
    click.echo(
        f"{counts.accepted:,} of {counts.total:,} letters accepted and {result.caught:,} caught "
        f"in {result.seconds:.1f} seconds."
    )


def _say_where(stack: Stack, sign_in: str) -> None:
    click.echo(f"\nSite     {stack.settings.site_url}/")
    click.echo(f"Studio   {sign_in}")
    click.echo(f"Inbox    http://localhost:{stack.ports.inbox}/")
    click.echo("\nStop with Ctrl-C.")


def _settings(scratch: Path, *, once: bool) -> Settings:
    settings = load_settings()
    if settings.environment == "production":
        raise BadSetting("The demo catches all mail, so it does not run in production.")
    if once:
        return load_settings(data_dir=scratch)
    folder = settings.data_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    return load_settings(data_dir=folder)


def _ports(web: int | None, smtp: int | None, inbox: int | None, *, once: bool) -> Ports:
    usual = Ports(free_port(), free_port(), free_port()) if once else Ports()
    return Ports(web or usual.web, smtp or usual.smtp, inbox or usual.inbox)
