"""`newsletter account`: who may write."""

import click

from newsletter.accounts.identities import RoleName, add_account
from newsletter.accounts.signing_in import make_sign_in
from newsletter.cli.house import open_house
from newsletter.domain.addresses import parse_address
from newsletter.publishing.publications import ensure_publication


@click.group()
def account() -> None:
    """Authors, editors, owners.

    \b
    Example: newsletter account add mara@example.org
    """


@account.command("add")
@click.argument("address")
@click.option("--name", default="", help="The name shown as author.")
@click.option(
    "--role", type=click.Choice([role.value for role in RoleName]), default="author", show_default=True
)
def add(address: str, name: str, role: str) -> None:
    """Let somebody write, and print a link to sign in with.

    \b
    Example: newsletter account add mara@example.org --name "Mara Lindqvist" --role owner
    """
    parsed = parse_address(address)
    with open_house() as house, house.database.writing() as session:
        publication = ensure_publication(session, parsed.wire, house.now())
        identity = add_account(session, publication.id, parsed, name, RoleName(role), house.now())
        link = make_sign_in(session, identity, house.now())
    click.echo(f"{parsed.wire} is {role} now.")
    click.echo(f"Sign in within 15 minutes: {house.links.sign_in(link.public_id, link.created_at)}")
