"""`newsletter publish`: a Markdown file becomes a post, and a letter if asked."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from newsletter.accounts.identities import the_author
from newsletter.audience.segments import count_followers
from newsletter.cli.bars import Bars
from newsletter.cli.following import follow
from newsletter.cli.house import open_house
from newsletter.cli.somebody import somebody
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput, BadPost
from newsletter.domain.names import slug_of
from newsletter.domain.states import UncertainPolicy
from newsletter.media.pictures import Made, keep_picture, picture_from_file, put_files
from newsletter.models import Campaign, Identity, Post, Section
from newsletter.publishing.campaigns import Terms, begin_campaign
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.letters import Edition, unsaved_edition
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import (
    Draft,
    create_post,
    find_post,
    is_taken,
    publish_post,
)
from newsletter.publishing.publications import find_section, the_publication
from newsletter.wiring import House


@dataclass(frozen=True)
class Manuscript:
    """A file, and what was said on the command line beside it; empty where the file decides."""

    file: PostFile
    section: str = ""
    author: str = ""

    def draft(self, session: Session) -> tuple[Draft, Section, Identity]:
        """What the file becomes, and where it belongs. Raises BadInput."""
        slug, wanted = self.section or self.file.section, self.author or self.file.author
        if not slug:
            raise BadInput("Say which section the post belongs to: --section NAME.")
        publication = the_publication(session)
        section = find_section(session, publication, slug)
        identity = the_author(session, publication.id, parse_address(wanted) if wanted else None)
        file = self.file
        return Draft(file.title, file.in_place, section.id, file.subtitle, file.slug), section, identity


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--section", default="", help="The section's short name; else the one the file names.")
@click.option("--author", default="", help="The author's address; else the file's, else the first account.")
@click.option("--send", is_flag=True, help="Also mail it to everybody who follows the section.")
@click.option("--accept", multiple=True, metavar="CHECK", help="Send in spite of this warning, or of “all”.")
@click.option("--over", "hours", default=0.0, help="Spread the letters over so many hours.")
@click.option("--give-up", type=float, help="Give up after so many hours what is refused for now.")
@click.option("--wait", is_flag=True, help="Stay until everything is sent.")
def publish(
    file: Path,
    section: str,
    author: str,
    send: bool,
    accept: tuple[str, ...],
    hours: float,
    give_up: float | None,
    wait: bool,
) -> None:
    """Publish a Markdown file with YAML front matter: title, subtitle, section, slug, author, published.

    How it stands on the site: access (public, subscribers, unlisted, email_only), featured, cover.

    \b
    Examples: newsletter publish letter.md --section letters
              newsletter publish letter.md --section letters --send --wait
    """
    give_up_after = None if give_up is None else round(give_up * 3600)
    terms = Terms(give_up_after, round(hours * 3600), by=somebody().name)
    with open_house() as house:
        manuscript = Manuscript(read_post_file(file), section, author)
        _refuse_taken(house, manuscript.file)
        cover = _cover(file, manuscript.file)
        if send:  # before anything is shown: what stands in the way of the letter is mended first
            house.inspector.inspect(unsaved(house, manuscript), house.now()).cleared(accept)
        post = _add(house, manuscript, cover)
        click.echo(f"Published: {house.links.post(post.slug)}")
        if send:
            _send(house, post, terms, accept, wait=wait)


def unsaved(house: House, manuscript: Manuscript) -> Edition:
    """A file as it would be mailed, kept nowhere. Raises BadInput."""
    with house.database.reading() as session:
        publication = the_publication(session)
        draft, section, author = manuscript.draft(session)
        return unsaved_edition(publication, section, author, draft, house.now())


def _send(house: House, post: Post, terms: Terms, accept: Collection[str], *, wait: bool) -> None:
    campaign, audience = _mail(house, post, terms, accept)
    click.echo(f"Campaign {campaign.public_id} goes to {audience:,} subscribers of {post.section.name}.")
    if wait:
        with Bars() as bars:
            state, counts = follow(house, campaign.id, bars, lambda: None)
        click.echo(f"{state.capitalize()}: {counts.accepted:,} of {counts.total:,} letters accepted.")


def _refuse_taken(house: House, file: PostFile) -> None:
    with house.database.reading() as session:
        if file.slug and is_taken(session, the_publication(session).id, slug_of(file.slug)):
            raise BadPost(
                f"There is a post at “{file.slug}” already. Choose another slug, or edit it in the studio."
            )


def _cover(path: Path, file: PostFile) -> Made | None:
    try:
        return None if file.cover is None else picture_from_file(file.cover)
    except BadInput as error:
        raise BadPost(f"{path}: the cover cannot be used. {error}") from error


def _add(house: House, manuscript: Manuscript, cover: Made | None) -> Post:
    """Keep the post, published on the site: all of it or, when anything is wrong with it, nothing."""
    file = manuscript.file
    if cover is not None:
        put_files(house.media, cover)
    with house.database.writing() as session:
        draft, _, identity = manuscript.draft(session)
        at, publication_id = file.published or house.now(), identity.publication_id
        post = create_post(session, publication_id, identity.id, draft, at)
        if cover is not None:
            keep_picture(session, house.media, publication_id, identity.id, cover, house.now())
        chosen = "" if cover is None else cover.address.public_id
        place_post(session, post, Placement(post.slug, file.access, file.featured, chosen))
        publish_post(session, post, at)
        session.flush()
        return find_post(session, post.public_id)


def _mail(house: House, post: Post, terms: Terms, accept: Collection[str]) -> tuple[Campaign, int]:
    with house.database.reading() as session:
        publication = the_publication(session)
    inspection = house.inspector.inspect(Edition(publication, post.section, post), house.now())
    content = inspection.cleared(accept)
    policy = UncertainPolicy(house.settings.uncertain_policy)
    with house.database.writing() as session:
        campaign = begin_campaign(session, house.bell, content, policy, house.now(), terms)
        return campaign, count_followers(session, post.section_id)
