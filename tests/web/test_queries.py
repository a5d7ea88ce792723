"""A page asks the database a handful of questions, however many posts there are."""

import pytest
from sqlalchemy import update

from newsletter.models import Post
from newsletter.publishing.free_pages import PageText, write_page
from newsletter.publishing.publications import the_publication
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.factories import NOW, make_post
from tests.support.queries import counting_queries
from tests.web.conftest import Place

PATHS = [
    *("/", "/archive", "/archive?sort=top", "/archive?sort=discussions&section=mail", "/s/mail"),
    *("/by/mara-lindqvist", "/p/letter-1", "/about", "/search?q=letter", "/p/leter-1", "/subscribe"),
]
A_HANDFUL = 12


def add(house: House, place: Place, numbers: range) -> None:
    with house.database.writing() as session:
        for number in numbers:
            make_post(session, place.mail, place.author, title=f"Letter {number}", published=True)
        session.execute(update(Post).values(comments=3, commented_at=NOW, featured=True))


@pytest.mark.parametrize("path", PATHS)
def test_more_posts_are_no_more_questions(house: House, place: Place, uncached: House, path: str) -> None:
    browser = create_app(uncached).test_client()
    with house.database.writing() as session:
        write_page(session, the_publication(session), PageText("About", "text"), NOW)

    def asked() -> int:
        with counting_queries(uncached) as counter:
            assert browser.get(path).status_code in {200, 404}
        return counter.number

    add(house, place, range(12))
    for_some = asked()
    add(house, place, range(12, 45))

    assert asked() == for_some <= A_HANDFUL
