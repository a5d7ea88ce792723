"""`newsletter publication` and `newsletter section`: what the newsletter is called, and its parts."""

from dataclasses import asdict, replace
from typing import Any

import click

from newsletter.cli.house import open_house
from newsletter.domain.addresses import parse_address
from newsletter.domain.colours import parse_colour
from newsletter.domain.errors import BadInput
from newsletter.domain.names import slug_of
from newsletter.domain.states import Discussing
from newsletter.publishing.looks import change_look
from newsletter.publishing.publications import (
    NewSection,
    about,
    add_section,
    change_discussing,
    change_publication,
    change_section,
    find_section,
    sections_of,
    the_publication,
)


@click.group()
def publication() -> None:
    """What the newsletter is called and who sends it.

    \b
    Example: newsletter publication set --name "Return Path" --sender letters@example.org
    """


@publication.command("show")
def show() -> None:
    """Print what is set."""
    with open_house() as house, house.database.reading() as session:
        current = about(the_publication(session))
        for name, value in vars(current).items():
            click.echo(f"{name.replace('_', ' '):<16} {value}")
        held = "wait" if the_publication(session).holds_first_comments else "do not wait"
        click.echo(f"{'comments':<16} {the_publication(session).discussing}; first ones {held}")
        for each in sections_of(session, the_publication(session)):
            click.echo(f"{'section':<16} {each.slug}: {each.name}")


@publication.command("set")
@click.option("--name", default=None, help="The name readers see.")
@click.option("--tagline", default=None, help="One line below it.")
@click.option("--description", default=None, help="What one gets, in two or three sentences.")
@click.option("--sender-name", default=None, help="The name in From; changes with --name unless given.")
@click.option("--sender", "sender_address", default=None, help="The address in From.")
@click.option("--postal-address", default=None, help="Stands in the footer of every letter.")
@click.option("--accent", default=None, help="A colour such as #1f5f5b.")
@click.option(
    "--rhythm", default=None, help='How often something new comes, such as "every second Thursday".'
)
def set_publication(**given: str | None) -> None:
    """Change what is given, leave the rest.

    \b
    Example: newsletter publication set --postal-address "12 Sample Street, 00000 Exampleton"
    """
    wanted = {name: value.strip() for name, value in given.items() if value is not None}
    if "sender_address" in wanted:
        wanted["sender_address"] = parse_address(wanted["sender_address"]).wire
    if "accent" in wanted:
        wanted["accent"] = parse_colour(wanted["accent"])
    if wanted.get("name") == "":
        raise BadInput("The publication needs a name.")
    if "name" in wanted:
        wanted.setdefault("sender_name", wanted["name"])
    with open_house() as house, house.database.writing() as session:
        current = the_publication(session)
        change_publication(session, current, replace(about(current), **wanted))
    click.echo("Saved.")


@publication.command("look")
@click.option("--accent", help="The colour of links and buttons, such as #1f5f5b; the site has it too.")
@click.option("--paper", help="The background of letters.")
@click.option("--ink", help="The colour of their text.")
@click.option("--font", help='serif, sans, mono or a list of names, such as "Georgia, serif".')
@click.option("--logo", "logo_url", help="The https:// address of a picture shown instead of the name.")
@click.option("--logo-width", type=int, help="Its width in pixels.")
@click.option("--header", help="A line below the name.")
@click.option("--footer", help="A line above the postal address.")
def look(**given: Any) -> None:
    """How letters look. Colours are corrected by themselves so that they can be read, in light and dark.

    \b
    Example: newsletter publication look --font sans --accent "#8a2f6b" --footer "Forward this to a friend."
    """
    wanted = {name: value for name, value in given.items() if value is not None}
    with open_house() as house, house.database.writing() as session:
        changed = change_look(session, the_publication(session), wanted)
    for name, value in asdict(changed).items():
        click.echo(f"{name.replace('_', ' '):<16} {value}".rstrip())


@publication.command("discussion")
@click.option(
    "--open-to", type=click.Choice([each.value for each in Discussing]), help="Who may write below posts."
)
@click.option(
    "--hold-first/--no-hold-first",
    default=None,
    help="Whether the first comment of each person waits for a moderator.",
)
def discussion(open_to: str | None, hold_first: bool | None) -> None:
    """Who may write below posts; each post can differ, by its settings in the studio.

    \b
    Example: newsletter publication discussion --open-to subscribers --hold-first
    """
    with open_house() as house, house.database.writing() as session:
        current = the_publication(session)
        who = current.discussing if open_to is None else Discussing(open_to)
        holds_first = current.holds_first_comments if hold_first is None else hold_first
        change_discussing(session, current, who, holds_first=holds_first)
    click.echo("Saved.")


@click.group()
def section() -> None:
    """The parts of the publication that one can follow.

    \b
    Example: newsletter section add "Field notes" --description "Short observations."
    """


@section.command("add")
@click.argument("name")
@click.option("--slug", default="", help="Its short name in addresses; made from the name unless given.")
@click.option("--description", default="", help="What one gets, in a sentence.")
def add(name: str, slug: str, description: str) -> None:
    """Add a section after the others."""
    if not name.strip():
        raise BadInput("The section needs a name.")
    new = NewSection(slug_of(slug or name), name.strip(), description.strip())
    with open_house() as house, house.database.writing() as session:
        current = the_publication(session)
        if new.slug in {each.slug for each in sections_of(session, current)}:
            raise BadInput(f"There is a section “{new.slug}” already. Choose another name or --slug.")
        add_section(session, current, new, house.now())
    click.echo(f"Added {new.slug}.")


@section.command("set")
@click.argument("slug")
@click.option("--name", default=None, help="The name readers see.")
@click.option("--description", default=None, help="What one gets, in a sentence.")
def set_section(slug: str, name: str | None, description: str | None) -> None:
    """Rename a section; its address and its followers stay."""
    with open_house() as house, house.database.writing() as session:
        found = find_section(session, the_publication(session), slug)
        wanted = (
            found.name if name is None else name,
            found.description if description is None else description,
        )
        change_section(session, found, *wanted)
    click.echo("Saved.")
