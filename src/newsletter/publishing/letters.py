"""A post as a letter: composed once, compiled to a plan with the reader's holes open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.holes import Hole, HoleKind
from newsletter.domain.links import Links
from newsletter.mail.message import (
    Mailbox,
    MailingList,
    campaign_headers,
    list_unsubscribe,
    reader_headers,
)
from newsletter.models import Post, Publication, Section
from newsletter.rendering.compose import Composer
from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers
from newsletter.rendering.plan import Plan, Value, compile_plan


@dataclass(frozen=True)
class Reader:
    """What a letter needs to know of the one who gets it."""

    address: str
    name: str
    public_id: str


@dataclass(frozen=True)
class Edition:
    """One post on its way out: everything that is the same for all readers."""

    publication: Publication
    section: Section
    post: Post


def compose_letter(composer: Composer, links: Links, edition: Edition) -> Plan:
    """Render a post into a plan: Jinja2, premailer and MIME run once, here. Raises BadPost."""
    publication, section, post = edition.publication, edition.section, edition.post
    content, markers, url = read_content(post.markdown), Markers(), links.post(post.slug)
    context = {
        "publication": publication,
        "section": section,
        "post": post,
        "preheader": post.subtitle or content.opening(120),
        "minutes": content.minutes(),
        "content_html": content.email_html(markers, url),
        "content_text": content.plain_text(markers, url),
        "home_url": links.home(),
        "post_url": url,
        "html": _addresses(markers, HoleKind.HTML),
        "text": _addresses(markers, HoleKind.TEXT),
    }
    letter = composer.compose("post", context, markers)
    sender = Mailbox(publication.sender_name, publication.sender_address)
    headers = campaign_headers(sender, letter.subject, mailing_list(publication, section))
    return compile_plan(headers, letter)


def mailing_list(publication: Publication, section: Section) -> MailingList:
    """How a section names itself to mail programs; the id outlives every renaming."""
    return MailingList(
        f"{publication.name}: {section.name}",
        f"{section.public_id}.{publication.public_id}.{publication.list_domain}",
    )


def values_for(
    links: Links, section_public_id: str, reader: Reader, message_id: str, now: datetime
) -> Mapping[str, Value]:
    """What fills the holes of a plan for one reader."""
    unsubscribe = links.unsubscribe(reader.public_id, section_public_id)
    return {
        **reader_headers(Mailbox(reader.name, reader.address), message_id, now),
        "list_unsubscribe": list_unsubscribe(unsubscribe),
        "unsubscribe_url": unsubscribe,
        "preferences_url": links.preferences(reader.public_id),
        "name": reader.name,
        "address": reader.address,
    }


def _addresses(markers: Markers, kind: HoleKind) -> Mapping[str, str]:
    return {
        name: markers.mark(Hole(name, kind)) for name in ("unsubscribe_url", "preferences_url", "address")
    }
