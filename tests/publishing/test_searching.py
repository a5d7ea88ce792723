"""Finding posts by their words, alike on both databases."""

import pytest

from newsletter.domain.queries import parse_query
from newsletter.domain.states import PostAccess
from newsletter.models import Identity, Publication, SearchEntry, Section
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import Draft, edit_post
from newsletter.publishing.searching import Hits, remember_missing, search_posts
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section

LONG = "Filler words stand here in great numbers. " * 60


@pytest.fixture
def desk(house: House) -> tuple[Publication, Section, Identity]:
    with house.database.writing() as session:
        publication = make_publication(session)
        return publication, make_section(session, publication), make_author(session, publication)


def found(house: House, typed: str) -> list[str]:
    return [hit.post.title for hit in look_for(house, typed).hits]


def look_for(house: House, typed: str, page: int = 1) -> Hits:
    with house.database.reading() as session:
        publication = session.query(Publication).one()
        return search_posts(session, publication, parse_query(typed), page)


@pytest.fixture
def posts(house: House, desk) -> None:
    _publication, section, author = desk
    texts = {
        "A queue is a bell": "Workers wake up when the *bell* rings. Größe and naïve words, too.",
        "The envelope": f"{LONG} Somewhere a queue waits in the middle of it. {LONG}",
        "رسالة اليوم": "البريد يصل كل يوم",
        "Code": "```python\nleases = take(queue_name)\n```",
    }
    with house.database.writing() as session:
        for title, markdown in texts.items():
            make_post(session, section, author, title=title, markdown=markdown, published=True)
        make_post(session, section, author, title="A draft about a queue", markdown="queue")


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("bell", {"A queue is a bell"}),
        ("BELL", {"A queue is a bell"}),
        ("wakes", {"A queue is a bell"}),
        ("queue waits", {"The envelope"}),
        ('"bell rings"', {"A queue is a bell"}),
        ('"rings bell"', set()),
        ("enve", {"The envelope"}),
        ("البريد", {"رسالة اليوم"}),
        ("leases", {"Code"}),
        ("bell envelope", set()),
        ("nothing of the kind", set()),
        ("", set()),
        ("  - * ( ", set()),
    ],
)
def test_posts_are_found_by_all_their_words(house, posts, typed: str, titles: set[str]) -> None:
    assert set(found(house, typed)) == titles


def test_a_word_in_the_title_weighs_more_than_one_in_the_text(house, posts) -> None:
    assert found(house, "queue")[0] == "A queue is a bell"


def test_the_snippet_shows_what_was_looked_for_where_it_stands(house, posts) -> None:
    (hit,) = look_for(house, "waits").hits

    assert ("waits", True) in hit.snippet
    assert "a queue " in "".join(text for text, _found in hit.snippet)
    assert len("".join(text for text, _found in hit.snippet)) < 400


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "'",
            '"',
            '""',
            "a' OR 1=1 --",
            "bell*",
            "NEAR(bell queue)",
            "title:bell",
            "-bell",
            "bell AND",
            "^bell",
        ),
        *(
            "bell & | ! <->",
            "{bell}",
            "\\",
            "%",
            "_",
            "a" * 5000,
            "x " * 3000,
            "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        ),
        *("b\u0300ell", "\u202ebell", "<script>", "':*", "'' & ''", "bell:*", "\x01\x02\x03", "🔔 bell"),
    ],
)
def test_nothing_that_is_typed_is_an_error_or_a_command(house, posts, typed: str) -> None:
    assert set(found(house, typed)) <= {"A queue is a bell", "The envelope"}


def test_an_edited_post_is_found_by_its_new_words_only(house: House, desk) -> None:
    _publication, section, author = desk
    with house.database.writing() as session:
        post = make_post(session, section, author, title="Old", markdown="ancient words", published=True)
        edit_post(session, post, Draft("New", "modern words", section.id), post.version, NOW)

    assert found(house, "ancient") == []
    assert found(house, "modern") == ["New"]


@pytest.mark.parametrize("access", [PostAccess.UNLISTED, PostAccess.EMAIL_ONLY])
def test_what_is_not_listed_is_not_found(house: House, desk, access: PostAccess) -> None:
    _publication, section, author = desk
    with house.database.writing() as session:
        post = make_post(session, section, author, title="Hidden", markdown="secret", published=True)
        place_post(session, post, Placement(post.slug, access))

    assert found(house, "secret") == []


def test_of_a_post_for_subscribers_only_its_beginning_is_found(house: House, desk) -> None:
    _publication, section, author = desk
    markdown = "The beginning is open.\n\n<!-- more -->\n\nThe rest is precious."
    with house.database.writing() as session:
        post = make_post(session, section, author, title="Half", markdown=markdown, published=True)
        place_post(session, post, Placement(post.slug, PostAccess.SUBSCRIBERS))

    assert found(house, "beginning") == ["Half"]
    assert found(house, "precious") == []


def test_posts_from_before_there_was_a_search_are_found_after_an_upgrade(house: House, posts) -> None:
    with house.database.writing() as session:
        session.query(SearchEntry).delete()
    assert found(house, "bell") == []

    house.upgrade()
    with house.database.writing() as session:
        assert remember_missing(session) == 0

    assert found(house, "bell") == ["A queue is a bell"]


def test_many_hits_come_in_pages_and_none_twice(house: House, desk) -> None:
    _publication, section, author = desk
    with house.database.writing() as session:
        for number in range(45):
            make_post(session, section, author, title=f"Bell {number}", markdown="text", published=True)

    pages = [look_for(house, "bell", page) for page in (1, 2, 3, 4)]

    assert [len(page.hits) for page in pages] == [20, 20, 5, 0]
    assert {page.total for page in pages[:3]} == {45}
    assert len({hit.post.id for page in pages for hit in page.hits}) == 45
