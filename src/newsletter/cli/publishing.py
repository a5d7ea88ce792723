"""`newsletter publish`: a Markdown file becomes a post, and a letter if asked."""

from pathlib import Path

import click

from newsletter.accounts.identities import the_author
from newsletter.audience.segments import count_followers
from newsletter.cli.bars import Bars
from newsletter.cli.following import follow
from newsletter.cli.house import open_house
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput, BadPost
from newsletter.domain.states import UncertainPolicy
from newsletter.models import Campaign, Post
from newsletter.publishing.campaigns import Terms, begin_campaign, freeze_content
from newsletter.publishing.files import PostFile, read_post_file
from newsletter.publishing.posts import Draft, create_post, find_post, publish_post, slug_of
from newsletter.publishing.publications import find_section, the_publication
from newsletter.wiring import House


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--section", default="", help="The section's short name; else the one the file names.")
@click.option("--author", default="", help="The author's address; else the file's, else the first account.")
@click.option("--send", is_flag=True, help="Also mail it to everybody who follows the section.")
@click.option("--over", "hours", default=0.0, help="Spread the letters over so many hours.")
@click.option("--give-up", type=float, help="Give up after so many hours what is refused for now.")
@click.option("--wait", is_flag=True, help="Stay until everything is sent.")
def publish(
    file: Path, section: str, author: str, send: bool, hours: float, give_up: float | None, wait: bool
) -> None:
    r"""Publish a Markdown file with YAML front matter (title, subtitle, section, slug, author).

    \b
    Examples: newsletter publish letter.md --section letters
              newsletter publish letter.md --section letters --send --wait
    """
    terms = Terms(None if give_up is None else round(give_up * 3600), round(hours * 3600))
    with open_house() as house:
        post = _add(house, read_post_file(file), section, author)
        if send:
            _send(house, post, terms, wait=wait)
            return
        click.echo(f"Published: {house.links.post(post.slug)}")


def _send(house: House, post: Post, terms: Terms, *, wait: bool) -> None:
    campaign, audience = _mail(house, post, terms)
    click.echo(f"Published: {house.links.post(post.slug)}")
    click.echo(f"Campaign {campaign.public_id} goes to {audience:,} subscribers of {post.section.name}.")
    if wait:
        with Bars() as bars:
            state, counts = follow(house, campaign.id, bars, lambda: None)
        click.echo(f"{state.capitalize()}: {counts.accepted:,} of {counts.total:,} letters accepted.")


def _add(house: House, file: PostFile, section: str, author: str) -> Post:
    """Keep the post, published on the site: all of it or, when anything is wrong with it, nothing."""
    slug = section or file.section
    if not slug:
        raise BadInput("Say which section the post belongs to: --section NAME.")
    wanted = author or file.author
    with house.database.writing() as session:
        publication = the_publication(session)
        found = find_section(session, publication, slug)
        identity = the_author(session, publication.id, parse_address(wanted) if wanted else None)
        draft = Draft(file.title, file.markdown, found.id, file.subtitle, file.slug)
        post = create_post(session, publication.id, identity.id, draft, file.published or house.now())
        if file.slug and post.slug != slug_of(file.slug):
            raise BadPost(
                f"There is a post at “{file.slug}” already. Choose another slug, or edit it in the studio."
            )
        publish_post(post, file.published or house.now())
        session.flush()
        return find_post(session, post.public_id)


def _mail(house: House, post: Post, terms: Terms) -> tuple[Campaign, int]:
    with house.database.reading() as session:
        publication = the_publication(session)
    content = freeze_content(house.composer, house.links, publication, post.section, post)
    policy = UncertainPolicy(house.settings.uncertain_policy)
    with house.database.writing() as session:
        campaign = begin_campaign(session, house.bell, content, policy, house.now(), terms)
        return campaign, count_followers(session, post.section_id)
