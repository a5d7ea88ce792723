"""Whatever readers see is out of date the moment it changes, and not before."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from newsletter.domain.states import PostAccess
from newsletter.models import Post, Publication
from newsletter.publishing.free_pages import PageText, remove_page, write_page
from newsletter.publishing.looks import change_look
from newsletter.publishing.placing import Placement, place_post
from newsletter.publishing.posts import Draft, edit_post, find_post, publish_post
from newsletter.publishing.publications import (
    NewSection,
    about,
    add_section,
    change_publication,
    change_section,
    find_section,
    the_publication,
)
from newsletter.publishing.versions import COUNTS, SITE, readers_see, versions
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section

CHANGES: dict[str, Callable[[Session, Publication, Post], object]] = {
    "publishing": lambda session, _publication, post: publish_post(session, post, NOW),
    "renaming the publication": lambda session, publication, _post: change_publication(
        session, publication, about(publication)
    ),
    "its colours": lambda session, publication, _post: change_look(session, publication, {"font": "sans"}),
    "a new section": lambda session, publication, _post: add_section(
        session, publication, NewSection("new", "New"), NOW
    ),
    "a section's name": lambda session, publication, _post: change_section(
        session, find_section(session, publication, "mail"), "Other", ""
    ),
    "a page": lambda session, publication, _post: write_page(
        session, publication, PageText("About", "text"), NOW
    ),
}


@pytest.fixture
def post(house: House) -> str:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        return make_post(session, section, make_author(session, publication)).public_id


def number(house: House, scope: str = SITE) -> int:
    with house.database.reading() as session:
        return versions(session, [scope])[scope].number


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_readers_see_makes_rendered_pages_old(house: House, post: str, change) -> None:
    before = number(house)

    with house.database.writing() as session:
        change(session, the_publication(session), find_post(session, post))

    assert number(house) > before


def test_editing_makes_pages_old_once_the_post_is_published(house: House, post: str) -> None:
    before = number(house)
    edit(house, post)
    assert number(house) == before
    with house.database.writing() as session:
        publish_post(session, find_post(session, post), NOW)
    published = number(house)

    edit(house, post)

    assert number(house) > published


def test_placing_and_taking_a_page_away_make_pages_old(house: House, post: str) -> None:
    with house.database.writing() as session:
        publish_post(session, find_post(session, post), NOW)
        write_page(session, the_publication(session), PageText("About", "text"), NOW)
    numbers = [number(house)]
    with house.database.writing() as session:
        found = find_post(session, post)
        place_post(session, found, Placement(found.slug, PostAccess.UNLISTED))
    numbers.append(number(house))
    with house.database.writing() as session:
        remove_page(session, the_publication(session), "about")
    numbers.append(number(house))

    assert sorted(set(numbers)) == numbers


def test_what_is_rolled_back_makes_nothing_old(house: House, post: str) -> None:
    before = number(house)
    with pytest.raises(RuntimeError), house.database.writing() as session:
        publish_post(session, find_post(session, post), NOW)
        raise RuntimeError

    assert number(house) == before


def test_counts_and_the_rest_grow_apart(house: House, post: str) -> None:
    site = number(house)
    with house.database.writing() as session:
        readers_see(session, the_publication(session).id, COUNTS)

    assert number(house) == site
    assert number(house, COUNTS) == 1


def test_two_first_changes_at_once_both_count(house: House, post: str) -> None:
    ready = threading.Barrier(2)

    def change() -> None:
        ready.wait()
        with house.database.writing() as session:
            readers_see(session, the_publication(session).id, "new scope")

    threads = [threading.Thread(target=change) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert number(house, "new scope") == 2


def edit(house: House, public_id: str) -> None:
    with house.database.writing() as session:
        post = find_post(session, public_id)
        edit_post(session, post, Draft("A letter", "New words.", post.section_id), post.version, NOW)
