"""Puts a post before the checks; its letters are made by the code that sends them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.audience.segments import count_beyond_ascii, count_followers, sample_followers
from newsletter.database import Database
from newsletter.domain.errors import BadInput
from newsletter.domain.identifiers import public_id_bytes
from newsletter.domain.links import Links, SectionLinks
from newsletter.mail.dkim.signers import Signers
from newsletter.mail.message import to_line
from newsletter.models import Batch, Campaign
from newsletter.publishing.campaigns import FrozenContent, freeze_content
from newsletter.publishing.letters import LONGEST_NAME, Edition, Imprint, Merger, Reader, page_of
from newsletter.publishing.preflight import lettering, linking, looking, picturing, sending, wording, writing
from newsletter.publishing.preflight.proof import Audience, Copy, Proof
from newsletter.publishing.preflight.records import Records
from newsletter.publishing.preflight.report import Report, Severity, sort_findings
from newsletter.rendering.compose import Composer
from newsletter.rendering.content import read_content
from newsletter.rendering.plan import load_plan

CHECKS = (
    *writing.CHECKS,
    *wording.CHECKS,
    *linking.CHECKS,
    *picturing.CHECKS,
    *lettering.CHECKS,
    *looking.CHECKS,
    *sending.CHECKS,
)

_PUBLIC_ID = "a" * 13
_MADE_UP = (
    ("reader@example.org", "Ann"),
    ("reader@example.org", ""),
    ("o'brien@example.org", "O'Brien & “Söhne” <b>{{ name }}</b>"),
    ("reader@example.org", "نور الهدى"),
    (
        f"{'a' * 64}@{'b' * 60}.{'b' * 60}.{'b' * 60}.org",
        "👩‍👩‍👧‍👦 " + "Wolfeschlegelsteinhausenbergerdorff " * 4,
    ),
)
_EARLIER = 50


@dataclass(frozen=True)
class Inspection:
    """A post that was looked at: the report, and the very content it is about."""

    report: Report
    content: FrozenContent

    def cleared(self, accepted: Collection[str]) -> FrozenContent:
        """The content, when nothing stands in its way. Raises NotReady."""
        self.report.refuse_unless(accepted)
        warned = dict.fromkeys(each.check for each in self.report.of(Severity.WARNING))
        return replace(self.content, accepted=tuple(warned))


@dataclass(frozen=True)
class Inspector:
    """Looks at posts before they are sent."""

    database: Database
    composer: Composer
    links: Links
    signers: Signers
    records: Records

    def inspect(self, edition: Edition, now: datetime) -> Inspection:
        """Freeze a post's content and put it before all checks. Raises BadPost when there is no letter."""
        content = freeze_content(self.composer, self.links, edition)
        with self.database.reading() as session:
            audience = _audience(session, edition)
            real = [Reader(*each) for each in sample_followers(session, edition.section.id)]
        proof = self.proof(edition, content, audience, [*_made_up(), *filter(_can_be_written_to, real)], now)
        findings = [finding for check in CHECKS for finding in check.run(proof)]
        return Inspection(Report(sort_findings(findings), len(CHECKS)), content)

    def proof(
        self,
        edition: Edition,
        content: FrozenContent,
        audience: Audience,
        readers: Sequence[Reader],
        now: datetime,
    ) -> Proof:
        """What the checks look at; the first reader's letter stands for all where one is enough."""
        publication = edition.publication
        links = SectionLinks(self.links, edition.section.public_id)
        sender = publication.sender_address
        imprint = Imprint(f"preflight@{publication.list_domain}", sender, self.signers.of(sender))
        merger = Merger(load_plan(content.plan), links, imprint)
        letters = [merger.letter(reader, now.timestamp()) for reader in readers]
        return Proof(
            edition,
            read_content(edition.post.markdown),
            [
                Copy(reader, links.of(reader.public_id), b"".join(letter.pieces))
                for reader, letter in zip(readers, letters, strict=True)
            ],
            audience,
            self.records.of(sender.rpartition("@")[2].lower(), letters[0].return_path.rpartition("@")[2]),
            self.links.home(),
            page_of(self.links, edition.post),
            letters[0].return_path,
        )


def _made_up() -> Sequence[Reader]:
    return [Reader(address, name, _PUBLIC_ID) for address, name in _MADE_UP]


def _can_be_written_to(reader: Reader) -> bool:
    """Whoever cannot is set aside when letters are sent; it is no fault of the post."""
    try:
        to_line(reader.name, reader.address)
        public_id_bytes(reader.public_id)
    except (BadInput, ValueError):
        return False
    return len(reader.name) <= LONGEST_NAME


def _audience(session: Session, edition: Edition) -> Audience:
    section, post = edition.section, edition.post
    earlier = session.scalars(
        select(Campaign)
        .where(Campaign.section_id == section.id, Campaign.post_id != post.id)
        .order_by(Campaign.id.desc())
        .limit(_EARLIER)
    ).all()
    last = next((each for each in earlier if each.kind == "post" and each.total), None)
    return Audience(
        count_followers(session, section.id),
        count_beyond_ascii(session, section.id),
        None if last is None else last.total,
        [each.subject for each in earlier],
        0 if last is None else _failed(session, last),
    )


def _failed(session: Session, campaign: Campaign) -> int:
    return session.scalar(select(func.sum(Batch.failed)).where(Batch.campaign_id == campaign.id)) or 0
