"""A post as a letter: composed once, compiled to a plan with the reader's holes open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from newsletter.domain.errors import BadInput
from newsletter.domain.holes import Hole, HoleKind
from newsletter.domain.links import Links, ReaderLinks, SectionLinks
from newsletter.domain.states import PostAccess
from newsletter.mail.dkim.signing import DkimSigner
from newsletter.mail.message import (
    Mailbox,
    MailingList,
    campaign_headers,
    date_line,
    list_unsubscribe,
    message_id_line,
    to_line,
)
from newsletter.models import Identity, Post, Publication, Section
from newsletter.publishing.looks import letter_frame
from newsletter.publishing.posts import Draft, new_post
from newsletter.rendering.compose import Composer
from newsletter.rendering.content import read_content
from newsletter.rendering.markers import Markers
from newsletter.rendering.plan import Plan, Press, Value, compile_plan

LONGEST_NAME = 10_000
"""Characters: far beyond any name, and the To header it makes is one that relays still take."""


class Addressee(Protocol):
    """What a letter needs to know of the one who gets it."""

    @property
    def address(self) -> str:
        """Where it goes."""
        ...

    @property
    def name(self) -> str:
        """How they are greeted; empty where nobody said."""
        ...

    @property
    def public_id(self) -> str:
        """What their links are made of."""
        ...


class Reader(NamedTuple):
    """An addressee, and nothing else."""

    address: str
    name: str
    public_id: str


@dataclass(frozen=True)
class Edition:
    """One post on its way out: everything that is the same for all readers."""

    publication: Publication
    section: Section
    post: Post


def unsaved_edition(
    publication: Publication, section: Section, author: Identity, draft: Draft, now: datetime
) -> Edition:
    """A draft as it would be mailed, kept nowhere. Raises BadPost."""
    post = new_post(publication.id, author.id, draft, now)
    post.section, post.author = section, author
    return Edition(publication, section, post)


def compose_letter(composer: Composer, links: Links, edition: Edition) -> Plan:
    """Render a post into a plan: Jinja2, premailer and MIME run once, here. Raises BadPost."""
    publication, section, post = edition.publication, edition.section, edition.post
    content, markers, url = read_content(post.markdown), Markers(), page_of(links, post)
    context = {
        **letter_frame(publication, links),
        "section": section,
        "post": post,
        "preheader": post.subtitle or content.opening(120),
        "minutes": content.minutes(),
        "content_html": content.email_html(markers, url),
        "content_text": content.plain_text(markers, url),
        "post_url": url,
        "html": _addresses(markers, HoleKind.HTML),
        "text": _addresses(markers, HoleKind.TEXT),
    }
    letter = composer.compose("post", context, markers)
    sender = Mailbox(publication.sender_name, publication.sender_address)
    headers = campaign_headers(sender, letter.subject, mailing_list(links, edition))
    return compile_plan(headers, letter)


def page_of(links: Links, post: Post) -> str:
    """Where a reader of the letter finds it on the web: what not everybody may read has a page of its own."""
    if post.access in {PostAccess.SUBSCRIBERS, PostAccess.EMAIL_ONLY}:
        return links.reading(post.public_id)
    return links.post(post.slug)


def mailing_list(links: Links, edition: Edition) -> MailingList:
    """How a section names itself to mail programs; the id outlives every renaming."""
    publication, section, post = edition.publication, edition.section, edition.post
    return MailingList(
        f"{publication.name}: {section.name}",
        f"{section.public_id}.{publication.public_id}.{publication.list_domain}",
        links.section(section.slug),
        f"{post.public_id}:{section.public_id}:letter:{publication.public_id}",
    )


def values_for(
    links: Links, section_public_id: str, reader: Addressee, message_id: str, now: datetime
) -> Mapping[str, Value]:
    """What fills the holes of a plan for one reader. Raises BadInput for one no letter can be written to."""
    inbound = links.inbound
    own = ReaderLinks(
        links.unsubscribe(reader.public_id, section_public_id),
        links.preferences(reader.public_id),
        inbound.leaving(reader.public_id, section_public_id) if inbound else "",
    )
    return _values(reader, own, message_id, date_line(now))


class Imprint(NamedTuple):
    """What all letters of a campaign share beside their plan."""

    message_id_end: str
    sender: str
    signer: DkimSigner | None = None


class Written(NamedTuple):
    """One reader's letter, and where it goes when it comes back.

    In pieces: joined only when it is sent, a letter that waits costs some pointers instead of its length.
    """

    pieces: list[bytes]
    return_path: str


class Merger:
    """Merges the letters of one campaign; what is the same for all its readers is prepared once."""

    def __init__(self, plan: Plan, links: SectionLinks, imprint: Imprint) -> None:
        self._press = Press(plan)
        self._links = links
        self._message_id_end = imprint.message_id_end
        self._sender = imprint.sender
        self._signer = imprint.signer
        self._date = (0, date_line(datetime.fromtimestamp(0, UTC)))

    def letter(self, reader: Addressee, now: float) -> Written:
        """One reader's letter, dated in UTC. Raises BadInput when no letter can be written to them."""
        try:
            links = self._links.of(reader.public_id)
        except ValueError as error:
            raise BadInput("This reader has no valid public id, so no link can be written.") from error
        message_id = f"{reader.public_id}.{self._message_id_end}"
        pieces = self._press.fill(_values(reader, links, message_id, self._date_line(int(now))))
        if self._signer is not None:
            pieces.insert(0, self._signer.sign(pieces, int(now)))
        return Written(pieces, links.return_path or self._sender)

    def _date_line(self, second: int) -> bytes:
        """Writing a date takes as long as half a letter, so it is done once a second."""
        written_for, line = self._date
        if second != written_for:
            line = date_line(datetime.fromtimestamp(second, UTC))
            self._date = (second, line)
        return line


def _values(reader: Addressee, links: ReaderLinks, message_id: str, date: bytes) -> Mapping[str, Value]:
    if len(reader.name) > LONGEST_NAME:  # the To header has its own limit for an address
        raise BadInput(f"The value for the hole name is longer than {LONGEST_NAME:,} characters.")
    return {
        "date": date,
        "to": to_line(reader.name, reader.address),
        "message_id": message_id_line(message_id),
        "list_unsubscribe": list_unsubscribe(links.unsubscribe, links.leave_by_mail),
        "unsubscribe_url": links.unsubscribe,
        "preferences_url": links.preferences,
        "name": reader.name,
        "address": reader.address,
    }


def _addresses(markers: Markers, kind: HoleKind) -> Mapping[str, str]:
    return {
        name: markers.mark(Hole(name, kind)) for name in ("unsubscribe_url", "preferences_url", "address")
    }
