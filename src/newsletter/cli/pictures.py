"""`newsletter picture`: pictures for posts and pages."""

from pathlib import Path

import click

from newsletter.cli.house import open_house
from newsletter.media.pictures import (
    describe_picture,
    keep_picture,
    markdown_of,
    picture_from_file,
    put_files,
)
from newsletter.publishing.publications import the_publication


@click.group()
def picture() -> None:
    """Pictures for posts and pages.

    \b
    Example: newsletter picture add harbour.jpg --alt "A harbour at dawn"
    """


@picture.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--alt", default="", help="What it shows, for those who cannot see it.")
def add(file: Path, alt: str) -> None:
    """Keep a JPEG, PNG, GIF or WebP file, and print the line that shows it in a post.

    \b
    Example: newsletter picture add harbour.jpg --alt "A harbour at dawn"
    """
    with open_house() as house:
        made = picture_from_file(file)
        put_files(house.media, made)
        with house.database.writing() as session:
            publication = the_publication(session)
            kept = keep_picture(session, house.media, publication.id, None, made, house.now())
            describe_picture(kept, alt)
    click.echo(markdown_of(kept))
