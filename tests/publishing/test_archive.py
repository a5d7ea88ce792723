"""Lists of posts: their orders, pages and filters, and what stands beside a post."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter.domain.errors import NotFound
from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Post, Publication, Section
from newsletter.publishing.archive import (
    Order,
    Wanted,
    authors_of,
    discussed_posts,
    featured_posts,
    find_author,
    list_posts,
    neighbours,
    related_posts,
    years_of,
)
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import find_post
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section


class Shelf:
    """A publication with two sections, and posts put on it by hand."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.publication: Publication = make_publication(session)
        self.mail: Section = make_section(session, self.publication, "mail")
        self.craft: Section = make_section(session, self.publication, "craft")
        self.author: Identity = make_author(session, self.publication)

    def add(self, title: str, section: Section | None = None, **values: object) -> Post:
        post = make_post(self.session, section or self.mail, self.author, title=title, published=True)
        if values:
            self.session.execute(update(Post).where(Post.id == post.id).values(**values))
            self.session.expire_all()
        return find_post(self.session, post.public_id)

    def titles(self, order: Order = Order.LATEST, **values: object) -> list[str]:
        wanted = Wanted(self.publication.id, order, **values)  # type: ignore[arg-type]
        return [post.title for post in list_posts(self.session, wanted).posts]


@pytest.fixture
def shelf(house: House):
    with house.database.writing() as session:
        yield Shelf(session)


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def test_the_latest_come_first_and_equal_moments_by_what_was_written_last(shelf: Shelf) -> None:
    shelf.add("old", published_at=day(-3))
    shelf.add("first of two", published_at=day(0))
    shelf.add("second of two", published_at=day(0))

    assert shelf.titles() == ["second of two", "first of two", "old"]


def test_top_counts_a_comment_as_two_likes(shelf: Shelf) -> None:
    shelf.add("liked", likes=5, published_at=day(0))
    shelf.add("discussed", comments=3, published_at=day(-1))
    shelf.add("both", likes=2, comments=2, published_at=day(-2))
    shelf.add("as good, but later", likes=4, comments=1, published_at=day(1))

    assert shelf.titles(Order.TOP) == ["as good, but later", "discussed", "both", "liked"]


def test_discussions_are_those_with_comments_by_the_latest_one(shelf: Shelf) -> None:
    shelf.add("quiet")
    shelf.add("long ago", comments=40, commented_at=day(-9))
    shelf.add("just now", comments=1, commented_at=day(0))

    assert shelf.titles(Order.DISCUSSIONS) == ["just now", "long ago"]
    assert [post.title for post in discussed_posts(shelf.session, shelf.publication.id, 1)] == ["just now"]


def test_a_list_can_be_narrowed_to_a_section_an_author_and_a_year(shelf: Shelf) -> None:
    other = make_author(shelf.session, shelf.publication, "idris@example.org")
    shelf.add("mail", published_at=datetime(2025, 6, 1, tzinfo=UTC))
    shelf.add("craft", shelf.craft, published_at=datetime(2024, 6, 1, tzinfo=UTC))
    shelf.add("by another", author_id=other.id, published_at=datetime(2023, 6, 1, tzinfo=UTC))

    assert shelf.titles(section_id=shelf.craft.id) == ["craft"]
    assert shelf.titles(author_id=other.id) == ["by another"]
    assert shelf.titles(year=2025) == ["mail"]
    assert shelf.titles(year=2024, section_id=shelf.mail.id) == []


def test_a_year_begins_and_ends_by_the_publications_own_clock(shelf: Shelf) -> None:
    shelf.add("new year in Auckland", published_at=datetime(2025, 12, 31, 12, 0, tzinfo=UTC))
    shelf.add("still the old one", published_at=datetime(2025, 12, 31, 10, 59, tzinfo=UTC))
    zone = "Pacific/Auckland"

    assert shelf.titles(year=2026, time_zone=zone) == ["new year in Auckland"]
    assert years_of(shelf.session, shelf.publication.id, zone) == [2026, 2025]
    assert years_of(shelf.session, shelf.publication.id, "UTC") == [2025]


def test_years_without_posts_are_not_offered(shelf: Shelf) -> None:
    assert years_of(shelf.session, shelf.publication.id, "UTC") == ()
    shelf.add("then", published_at=datetime(2019, 6, 1, tzinfo=UTC))
    shelf.add("now", published_at=datetime(2026, 6, 1, tzinfo=UTC))

    assert years_of(shelf.session, shelf.publication.id, "UTC") == [2026, 2019]


def test_pages_hold_every_post_once(shelf: Shelf) -> None:
    for number in range(45):
        shelf.add(f"post {number}", published_at=day(0))

    pages = [list_posts(shelf.session, Wanted(shelf.publication.id, page=page)) for page in (1, 2, 3)]

    assert [len(page.posts) for page in pages] == [20, 20, 5]
    assert {(page.pages, page.total) for page in pages} == {(3, 45)}
    assert len({post.id for page in pages for post in page.posts}) == 45
    with pytest.raises(NotFound, match="ends on page 3"):
        list_posts(shelf.session, Wanted(shelf.publication.id, page=4))


def test_an_empty_list_has_one_page(shelf: Shelf) -> None:
    listing = list_posts(shelf.session, Wanted(shelf.publication.id))

    assert (listing.posts, listing.pages, listing.total) == ([], 1, 0)


@pytest.mark.parametrize(
    ("access", "is_shown"),
    [
        (PostAccess.PUBLIC, True),
        (PostAccess.SUBSCRIBERS, True),
        (PostAccess.UNLISTED, False),
        (PostAccess.EMAIL_ONLY, False),
    ],
)
def test_lists_show_what_anybody_may_find(shelf: Shelf, access: PostAccess, is_shown: bool) -> None:
    post = shelf.add("a post", likes=1, comments=1, commented_at=day(0))
    place_post(shelf.session, post, Placement(post.slug, access, featured=True))

    for order in Order:
        assert shelf.titles(order) == (["a post"] if is_shown else [])
    assert bool(featured_posts(shelf.session, shelf.publication.id, 3)) is is_shown
    assert bool(authors_of(shelf.session, shelf.publication.id)) is is_shown


def test_beside_a_post_stand_the_ones_before_and_after_it_and_others_of_its_section(shelf: Shelf) -> None:
    posts = [shelf.add(f"mail {number}", published_at=day(number)) for number in range(6)]
    shelf.add("craft", shelf.craft, published_at=day(10))
    before, after = neighbours(shelf.session, posts[3])
    first, none = neighbours(shelf.session, posts[0]), shelf.titles(section_id=shelf.craft.id)

    assert before is not None
    assert after is not None
    assert (before.title, after.title) == ("mail 2", "mail 4")
    assert first[0] is None
    assert none == ["craft"]
    related = related_posts(shelf.session, posts[3], (before, after))
    assert [post.title for post in related] == ["mail 5", "mail 1", "mail 0"]


def test_an_author_is_found_by_name_and_nobody_else_is(shelf: Shelf) -> None:
    assert find_author(shelf.session, shelf.publication.id, "mara-lindqvist").id == shelf.author.id
    with pytest.raises(NotFound):
        find_author(shelf.session, shelf.publication.id, "nobody")


def test_two_authors_of_one_name_have_two_addresses(shelf: Shelf) -> None:
    other = make_author(shelf.session, shelf.publication, "other@example.org")

    assert (shelf.author.slug, other.slug) == ("mara-lindqvist", "mara-lindqvist-2")
