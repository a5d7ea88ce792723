"""`newsletter page`: free-standing pages, such as About."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from newsletter.cli.house import open_house
from newsletter.domain.errors import NotFound
from newsletter.domain.names import slug_of
from newsletter.models import Publication
from newsletter.publishing.files import read_post_file
from newsletter.publishing.free_pages import PageText, find_page, pages_of, remove_page, write_page
from newsletter.publishing.publications import the_publication


@click.group()
def page() -> None:
    """Pages without a date, such as About or Contact.

    \b
    Example: newsletter page set about about.md
    """


@page.command("set")
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--title", default="", help="Else the one in the file: `title` or its first heading.")
@click.option("--no-navigation", is_flag=True, help="Do not show it in the site's navigation.")
def set_page(slug: str, file: Path, title: str, no_navigation: bool) -> None:
    """Make the page at /SLUG from a Markdown file, or change the one that is there.

    \b
    Example: newsletter page set about about.md --title "About us"
    """
    words, slug = read_post_file(file, title), slug_of(slug)
    with open_house() as house, house.database.writing() as session:
        publication = the_publication(session)
        position = _position(session, publication, slug)
        wanted = PageText(words.title, words.markdown, slug, not no_navigation, position)
        kept = write_page(session, publication, wanted, house.now())
    click.echo(f"Saved: {house.links.home()}{kept.slug}")


@page.command("list")
def list_pages() -> None:
    """Print the pages there are, in their order."""
    with open_house() as house, house.database.reading() as session:
        pages = pages_of(session, the_publication(session).id)
    for each in pages:
        hidden = "" if each.in_navigation else "  (not in the navigation)"
        click.echo(f"/{each.slug:<20} {each.title}{hidden}")
    if not pages:
        click.echo("There are no pages yet. Make one: newsletter page set about about.md")


@page.command("remove")
@click.argument("slug")
def remove(slug: str) -> None:
    """Take a page away for good."""
    slug = slug_of(slug)
    with open_house() as house, house.database.writing() as session:
        remove_page(session, the_publication(session), slug)
    click.echo(f"Removed /{slug}.")


def _position(session: Session, publication: Publication, slug: str) -> int:
    """Where the page stands already, or behind the others."""
    try:
        return find_page(session, publication.id, slug).position
    except NotFound:
        return len(pages_of(session, publication.id))
