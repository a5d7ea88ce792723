"""What checks look at: a post, its letters to sampled readers, whom they go to, what the DNS says."""

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from functools import cached_property
from urllib.parse import urlsplit

from newsletter.domain.links import ReaderLinks
from newsletter.publishing.letters import Edition, Reader
from newsletter.rendering.content import Content
from newsletter.rendering.document import Document
from newsletter.rendering.sources import Source, links_of, pictures_of


@dataclass(frozen=True)
class Copy:
    """One reader's letter, as it would leave."""

    reader: Reader
    links: ReaderLinks
    raw: bytes

    @cached_property
    def text(self) -> str:
        """The plain-text part."""
        return self._part("plain")

    @cached_property
    def document(self) -> Document:
        """The HTML part."""
        return Document(self._part("html"))

    def _part(self, kind: str) -> str:
        message = message_from_bytes(self.raw, policy=default_policy)
        assert isinstance(message, EmailMessage)
        part = message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""


@dataclass(frozen=True)
class Audience:
    """Whom the letter goes to, beside what went out before."""

    followers: int
    beyond_ascii: int = 0
    last_total: int | None = None
    subjects: Sequence[str] = ()
    last_failed: int = 0


@dataclass(frozen=True)
class DnsRecord:
    """What a resolver said: texts, perhaps none; or None when nobody answered."""

    name: str
    texts: Sequence[str] | None


@dataclass(frozen=True)
class DnsFacts:
    """What the DNS says of the sender, as far as it answered."""

    spf: DnsRecord
    dmarc: DnsRecord
    dkim: Sequence[tuple[DnsRecord, str]] = ()
    """What is published for each of our keys, and what should be."""


@dataclass(frozen=True)
class Proof:
    """Everything a check may look at."""

    edition: Edition
    content: Content
    copies: Sequence[Copy]
    audience: Audience
    dns: DnsFacts | None
    site_url: str
    page_url: str
    return_path: str

    @property
    def sample(self) -> Document:
        """The letter of the first reader."""
        return self.copies[0].document

    @property
    def markdown(self) -> str:
        """What the author wrote."""
        return self.edition.post.markdown

    @cached_property
    def links(self) -> Sequence[Source]:
        """The author's links."""
        return list(links_of(self.content.tokens))

    @cached_property
    def pictures(self) -> Sequence[Source]:
        """The author's pictures."""
        return list(pictures_of(self.content.tokens))

    @property
    def site_host(self) -> str:
        """The host of the site."""
        return urlsplit(self.site_url).hostname or ""


def line(number: int) -> str:
    """Where something is."""
    return f"line {number}"
