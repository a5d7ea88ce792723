"""Writing and editing posts."""

import pytest

from newsletter.domain.errors import BadPost, Conflict, NotFound
from newsletter.domain.names import slug_of
from newsletter.domain.states import PostState
from newsletter.models import Identity, Section
from newsletter.publishing.archive import Wanted, list_posts
from newsletter.publishing.posts import (
    Draft,
    create_post,
    edit_post,
    find_post,
    find_published,
    publish_post,
)
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section


@pytest.fixture
def desk(house: House) -> tuple[Section, Identity]:
    with house.database.writing() as session:
        publication = make_publication(session)
        return make_section(session, publication), make_author(session, publication)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("A queue is a bell", "a-queue-is-a-bell"),
        ("  What’s 100% sure?  ", "whats-100-sure"),
        ("Größe zählt", "größe-zählt"),
        ("رسالة اليوم", "رسالة-اليوم"),
        ("!!!", "post"),
        ("x" * 300, "x" * 100),
        ("snake_case name", "snake-case-name"),
    ],
)
def test_a_title_makes_a_readable_address(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_two_posts_of_one_title_get_two_addresses(house, desk) -> None:
    section, author = desk
    with house.database.writing() as session:
        slugs = [make_post(session, section, author, title="Hello").slug for _time in range(3)]

    assert slugs == ["hello", "hello-2", "hello-3"]


def test_a_draft_is_not_on_the_site_until_published(house, desk) -> None:
    section, author = desk
    with house.database.writing() as session:
        post = make_post(session, section, author, title="Hello")
        with pytest.raises(NotFound):
            find_published(session, section.publication_id, "hello")
        publish_post(session, post, NOW)
        session.flush()
        assert find_published(session, section.publication_id, "hello").published_at == NOW
        listing = list_posts(session, Wanted(section.publication_id))
        assert [each.title for each in listing.posts] == ["Hello"]


@pytest.mark.parametrize(
    ("title", "markdown"), [("", "text"), ("Title", "   \n")], ids=["no title", "no text"]
)
def test_an_unfinished_post_is_kept_but_not_published(house, desk, title: str, markdown: str) -> None:
    section, author = desk
    with house.database.writing() as session:
        post = create_post(
            session, section.publication_id, author.id, Draft(title, markdown, section.id), NOW
        )
        with pytest.raises(BadPost):
            publish_post(session, post, NOW)
        assert post.state is PostState.DRAFT


def test_saving_over_somebody_elses_version_is_refused(house, desk) -> None:
    section, author = desk
    with house.database.writing() as session:
        public_id = make_post(session, section, author).public_id
    with house.database.writing() as session:
        edit_post(session, find_post(session, public_id), Draft("Mine", "text", section.id), 1, NOW)

    with house.database.writing() as session, pytest.raises(Conflict):
        edit_post(session, find_post(session, public_id), Draft("Theirs", "text", section.id), 1, NOW)

    with house.database.reading() as session:
        assert find_post(session, public_id).title == "Mine"


def test_a_published_post_keeps_its_address_when_its_title_changes(house, desk) -> None:
    section, author = desk
    with house.database.writing() as session:
        post = make_post(session, section, author, title="Old name", published=True)
        edit_post(session, post, Draft("New name", "text", section.id), post.version, NOW)

    assert post.slug == "old-name"


@pytest.mark.parametrize(
    "draft",
    [
        Draft("x" * 301, "text", 1),
        Draft("Title", "text", 1, subtitle="x" * 501),
        Draft("Title", "x" * 1_000_001, 1),
        Draft("Title", "Hello {{ nmae }}", 1),
    ],
    ids=["long title", "long subtitle", "long text", "unknown merge tag"],
)
def test_what_can_never_be_published_is_refused_with_a_sentence(house, desk, draft: Draft) -> None:
    section, author = desk
    with house.database.writing() as session, pytest.raises(BadPost, match=r"\.$"):
        create_post(session, section.publication_id, author.id, draft, NOW)


def test_control_characters_in_a_title_become_spaces(house, desk) -> None:
    section, author = desk
    with house.database.writing() as session:
        post = make_post(session, section, author, title="One\r\nBcc: eve@example.org\x00")

    assert post.title == "One Bcc: eve@example.org"
