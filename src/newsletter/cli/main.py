"""The command `newsletter` and what its commands share."""

from collections.abc import Callable
from typing import Any

import click

from newsletter.cli.accounts import account
from newsletter.cli.campaigns import campaign
from newsletter.cli.controls import cancel, correct, history, pause, resume, retry, top_up
from newsletter.cli.databases import db
from newsletter.cli.demo import demo
from newsletter.cli.dkim import dkim
from newsletter.cli.free_pages import page
from newsletter.cli.lint import lint
from newsletter.cli.pictures import picture
from newsletter.cli.preflight import preflight
from newsletter.cli.publications import publication, section
from newsletter.cli.publishing import publish
from newsletter.cli.recipients import recipients
from newsletter.cli.relays import relay
from newsletter.cli.serving import catcher, up, web, worker
from newsletter.cli.status import status
from newsletter.cli.suppressions import suppression
from newsletter.domain.errors import NewsletterError


class _Sentences(click.Group):
    """Shows our errors as sentences, never as tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours ends it with status 1."""
        try:
            return super().invoke(ctx)
        except NewsletterError as error:
            raise click.ClickException(str(error)) from error


@click.group("newsletter", cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="newsletter")
def main() -> None:
    """A newsletter platform its publisher owns.

    \b
    Try it:        newsletter demo
    Run it:        newsletter up
    Send a post:   newsletter publish letter.md --section letters --send
    """


_COMMANDS: tuple[Callable[..., Any], ...] = (
    up,
    web,
    worker,
    catcher,
    demo,
    publish,
    page,
    picture,
    preflight,
    status,
    campaign,
    relay,
    lint,
    dkim,
    account,
    publication,
    section,
    suppression,
    db,
)
for _command in _COMMANDS:
    main.add_command(_command)  # type: ignore[arg-type]
for _command in (recipients, pause, resume, cancel, retry, top_up, correct, history):
    campaign.add_command(_command)
