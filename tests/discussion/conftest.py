"""A published post with people around it."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from newsletter.accounts.identities import RoleName
from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.comments import Desk, find_comment, write_comment
from newsletter.models import Comment, Post, Publication
from newsletter.publishing.posts import find_post
from newsletter.wiring import House
from tests.support.discussions import desk_of, make_reader, visitor_of
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section


@dataclass
class Scene:
    """Everybody and everything of one discussion; each act is a transaction of its own."""

    house: House
    publication: Publication
    post: Post
    author: Visitor
    editor: Visitor
    ada: Visitor
    ben: Visitor
    cleo: Visitor

    @property
    def desk(self) -> Desk:
        return desk_of(self.house)

    def write(
        self, visitor: Visitor, markdown: str, parent: Comment | None = None, now: datetime = NOW
    ) -> Comment:
        with self.house.database.writing() as session:
            return write_comment(session, self.desk, self.post, visitor, markdown, now, parent)

    def find(self, comment: Comment) -> Comment:
        """The comment as it is now."""
        with self.house.database.reading() as session:
            return find_comment(session, comment.public_id)

    def found_post(self) -> Post:
        """The post as it is now."""
        with self.house.database.reading() as session:
            return find_post(session, self.post.public_id)


@pytest.fixture
def scene(house: House) -> Scene:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        author = make_author(session, publication)
        author.confirmed_at = NOW
        editor = make_author(session, publication, "ed@example.org", RoleName.EDITOR)
        post = make_post(session, section, author, published=True)
        readers = [
            make_reader(session, publication, f"{name}@example.net", name.capitalize())
            for name in ("ada", "ben", "cleo")
        ]
        people = [visitor_of(session, each) for each in (author, editor, *readers)]
    return Scene(house, publication, post, *people)
