"""A correction: a short letter to those who got one that had a mistake."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.domain.errors import Conflict
from newsletter.domain.states import CampaignState, PostAccess
from newsletter.models import Campaign, Post
from newsletter.publishing.posts import Draft, create_post, find_post, publish_post


def write_correction(session: Session, campaign: Campaign, title: str, markdown: str, now: datetime) -> Post:
    """Keep a correction as a post that no list shows. The same words again are the same correction.

    Raises Conflict while nobody can have the letter.
    """
    if campaign.state is CampaignState.FREEZING:
        raise Conflict("Nobody has this letter yet. Pause or cancel it instead.")
    original = session.get_one(Post, campaign.post_id)
    known = find_correction(session, campaign, title, markdown)
    if known is None:
        draft = Draft(title, markdown, campaign.section_id)
        known = create_post(session, campaign.publication_id, original.author_id, draft, now)
        known.access = PostAccess.UNLISTED
        publish_post(session, known, now)
        session.flush()
    return find_post(session, known.public_id)


def find_correction(session: Session, campaign: Campaign, title: str, markdown: str) -> Post | None:
    """The correction with these words, if it was written."""
    return session.scalar(
        select(Post).where(
            Post.section_id == campaign.section_id,
            Post.access == PostAccess.UNLISTED,
            Post.title == title,
            Post.markdown == markdown,
        )
    )
