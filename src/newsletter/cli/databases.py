"""`newsletter db`: the shape of the database."""

import click

from newsletter.cli.house import open_house


@click.group()
def db() -> None:
    """The database.

    \b
    Example: newsletter db upgrade
    """


@db.command()
def upgrade() -> None:
    """Make the tables, or bring them to the shape this version needs.

    \b
    Example: DATABASE_URL=postgresql://newsletter@localhost/newsletter newsletter db upgrade
    """
    with open_house(current=False) as house:
        house.upgrade()
    click.echo("The database is up to date.")
