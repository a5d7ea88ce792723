"""Publishing by email: once, and what was reviewed."""

import pytest
from sqlalchemy import func, select

from newsletter.domain.errors import BadPost
from newsletter.domain.states import CampaignState, PostState, UncertainPolicy
from newsletter.jobs import Job
from newsletter.models import Campaign, Post, Publication
from newsletter.publishing.campaigns import begin_campaign, freeze_content
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import Draft, edit_post, find_post
from newsletter.wiring import House
from tests.conftest import Rings
from tests.support.factories import (
    NOW,
    mail_post,
    make_author,
    make_post,
    make_publication,
    make_section,
)


@pytest.fixture
def post(house: House) -> Post:
    with house.database.writing() as session:
        publication = make_publication(session)
        return make_post(session, make_section(session, publication), make_author(session, publication))


def test_publishing_by_email_shows_the_post_and_rings_once(house: House, post: Post, rings: Rings) -> None:
    campaign = mail_post(house, post)

    assert campaign.state is CampaignState.FREEZING
    assert rings.heard == [(Job.FREEZE, (campaign.id,))]
    with house.database.reading() as session:
        assert find_post(session, post.public_id).state is PostState.PUBLISHED


def test_publishing_twice_finds_the_same_campaign(house: House, post: Post) -> None:
    first, second = mail_post(house, post), mail_post(house, post)

    assert first.id == second.id
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Campaign)) == 1


def test_a_post_that_was_edited_since_it_was_prepared_is_not_sent(
    house: House, post: Post, rings: Rings
) -> None:
    with house.database.writing() as session:
        publication = session.get_one(Publication, post.publication_id)
        content = freeze_content(house.composer, house.links, Edition(publication, post.section, post))
        current = find_post(session, post.public_id)
        edit_post(session, current, Draft("Changed", "text", post.section_id), 1, NOW)

    with house.database.writing() as session, pytest.raises(BadPost, match="changed while"):
        begin_campaign(session, house.bell, content, UncertainPolicy.HOLD, NOW)

    assert rings.heard == []


def test_nobody_is_woken_when_the_transaction_fails(house: House, post: Post, rings: Rings) -> None:
    with house.database.writing() as session:
        publication = session.get_one(Publication, post.publication_id)
    content = freeze_content(house.composer, house.links, Edition(publication, post.section, post))

    with pytest.raises(ZeroDivisionError), house.database.writing() as session:
        begin_campaign(session, house.bell, content, UncertainPolicy.HOLD, NOW)
        raise ZeroDivisionError

    assert rings.heard == []
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Campaign)) == 0
