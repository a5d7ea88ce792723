"""Publishing a post by email: one transaction freezes the content and rings the bell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from newsletter.accounts.audit import Actor, record
from newsletter.database import insert_if_absent
from newsletter.domain.errors import BadInput, BadPost, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.links import Links
from newsletter.domain.states import CampaignState, UncertainPolicy
from newsletter.jobs import Bell, Job
from newsletter.models import Campaign, Post
from newsletter.publishing.letters import Edition, compose_letter
from newsletter.publishing.posts import publish_post
from newsletter.rendering.compose import Composer
from newsletter.rendering.plan import FORMAT, dump_plan

_HOUR = 3600


@dataclass(frozen=True)
class FrozenContent:
    """What was reviewed: the plan of a post as it was at one version, and the warnings it goes out with."""

    post_id: int
    post_version: int
    subject: str
    plan: bytes
    sender: str
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terms:
    """How a campaign goes out, and who says so. Times are seconds; None leaves it to the settings."""

    give_up_after: int | None = None
    spread_over: int = 0
    corrects_id: int | None = None
    by: str = ""

    def __post_init__(self) -> None:
        """Raises BadInput for times that cannot be meant."""
        if self.give_up_after is not None and not _HOUR <= self.give_up_after <= 120 * _HOUR:
            raise BadInput("A campaign may give up after 1 to 120 hours.")
        if not 0 <= self.spread_over <= 72 * _HOUR:
            raise BadInput("A campaign may be spread over 72 hours at most.")

    @property
    def kind(self) -> str:
        """What kind of campaign it is."""
        return "post" if self.corrects_id is None else "correction"


def freeze_content(composer: Composer, links: Links, edition: Edition) -> FrozenContent:
    """Render and compile a post for mailing. Takes no transaction's time. Raises BadPost."""
    post = edition.post
    if not post.title:
        raise BadPost("The post needs a title before it can be mailed.")
    if not post.markdown.strip():
        raise BadPost("The post is empty. Write something before you mail it.")
    plan = compose_letter(composer, links, edition)
    sender = edition.publication.sender_address
    return FrozenContent(post.id, post.version, post.title, dump_plan(plan), sender)


def begin_campaign(
    session: Session,
    bell: Bell,
    content: FrozenContent,
    policy: UncertainPolicy,
    now: datetime,
    terms: Terms = Terms(),
) -> Campaign:
    """Publish a post and mail it. A second call finds the first one's campaign and changes nothing.

    Raises BadPost when the post was edited since its content was frozen.
    """
    post = session.get_one(Post, content.post_id, with_for_update=True)
    existing = campaign_of_post(session, post.id, terms.kind)
    if existing is not None:
        return existing
    if post.version != content.post_version:
        raise BadPost("The post was changed while it was being prepared. Look at it again, then publish.")
    publish_post(session, post, now)
    insert_if_absent(
        session,
        Campaign,
        publication_id=post.publication_id,
        post_id=post.id,
        section_id=post.section_id,
        public_id=new_public_id(),
        subject=content.subject,
        plan=content.plan,
        plan_format=FORMAT,
        sender=content.sender,
        state=CampaignState.FREEZING,
        kind=terms.kind,
        corrects_id=terms.corrects_id,
        uncertain_policy=policy,
        give_up_after=terms.give_up_after,
        spread_over=terms.spread_over,
        created_at=now,
        due_at=now,
    )
    campaign = campaign_of_post(session, post.id, terms.kind)
    assert campaign is not None
    if terms.by:
        spite = {"in spite of": ", ".join(content.accepted)} if content.accepted else {}
        record(
            session, post.publication_id, Actor(terms.by), "send", f"campaign {campaign.public_id}", **spite
        )
    bell.ring_after_commit(session, Job.FREEZE, campaign.id)
    return campaign


def find_campaign(session: Session, public_id: str) -> Campaign:
    """The campaign with this id. Raises NotFound."""
    campaign = session.scalar(
        select(Campaign)
        .options(joinedload(Campaign.post), joinedload(Campaign.section))
        .where(Campaign.public_id == public_id)
    )
    if campaign is None:
        raise NotFound("There is no such campaign.")
    return campaign


def recent_campaigns(session: Session, publication_id: int, limit: int = 20) -> Sequence[Campaign]:
    """The newest campaigns first."""
    return session.scalars(
        select(Campaign)
        .options(joinedload(Campaign.section))
        .where(Campaign.publication_id == publication_id)
        .order_by(Campaign.id.desc())
        .limit(limit)
    ).all()


def campaign_of_post(session: Session, post_id: int, kind: str = "post") -> Campaign | None:
    """The campaign that mailed a post, if it was mailed."""
    return session.scalar(
        select(Campaign).where(Campaign.post_id == post_id, Campaign.kind == kind, Campaign.edition == 1)
    )
