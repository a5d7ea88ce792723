"""`newsletter suppression`: the addresses that are not written to, and letting one be written to again."""

import click

from newsletter.accounts.audit import record
from newsletter.audience.suppression import lift, suppressions
from newsletter.cli.house import open_house
from newsletter.cli.somebody import somebody
from newsletter.domain.addresses import parse_address
from newsletter.publishing.publications import the_publication


@click.group()
def suppression() -> None:
    """Addresses that bounced, or whose owners complained: no letters go there.

    \b
    Example: newsletter suppression lift ada@example.org
    """


@suppression.command("list")
def list_all() -> None:
    """Show them, the newest first; of forgotten people only a sign is left, not the address."""
    with open_house() as house, house.database.reading() as session:
        found = suppressions(session, the_publication(session).id)
    for each, address in found:
        who = address or f"unknown ({each.address_hash[:12]})"
        click.echo(f"{each.at:%Y-%m-%d %H:%M:%S} UTC  {each.reason:<12} {who}  {each.note}".rstrip())
    if not found:
        click.echo("Nobody is left out.")


@suppression.command("lift")
@click.argument("address")
def lift_one(address: str) -> None:
    """Let an address be written to again, because its owner asks for it."""
    parsed = parse_address(address)
    with open_house() as house, house.database.writing() as session:
        publication = the_publication(session)
        lifted = lift(session, house.hasher, publication.id, parsed.key)
        if lifted is not None:
            subject = f"suppression {lifted.address_hash[:12]}"
            told = {"reason": lifted.reason, "since": f"{lifted.at:%Y-%m-%d}"}
            record(session, publication.id, somebody(), "lift", subject, **told)
    if lifted is None:
        click.echo(f"{parsed.wire} is not left out; nothing was changed.")
    else:
        click.echo(f"{parsed.wire} may be written to again. It gets what it follows.")
