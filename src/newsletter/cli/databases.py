"""`newsletter db`: the shape of the database."""

import click

from newsletter.migrations import upgrade as run_upgrade
from newsletter.settings import load_settings
from newsletter.wiring import wire


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    r"""Make the tables, or bring them to the shape this version needs.

    \b
    Example: DATABASE_URL=postgresql://newsletter@localhost/newsletter newsletter db upgrade
    """
    house = wire(load_settings())
    run_upgrade(house.database.engine)
    click.echo("The database is up to date.")
