"""A post with a discussion, and browsers of people who are signed in."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from newsletter.models import Comment, Identity, Post
from newsletter.wiring import House
from tests.support.discussions import make_comment, make_reader
from tests.support.factories import make_post
from tests.web.conftest import Author, Place, signed_in

POST = "/p/a-letter"


@pytest.fixture
def post(house: House, place: Place) -> Post:
    with house.database.writing() as session:
        return make_post(session, place.mail, place.author, title="A letter", published=True)


def somebody(house: House, place: Place, name: str, address: str = "") -> Identity:
    with house.database.writing() as session:
        return make_reader(session, place.publication, address, name)


@pytest.fixture
def ada(house: House, place: Place) -> Identity:
    """Somebody who subscribes, too."""
    return somebody(house, place, "Ada", "ada@example.org")


@pytest.fixture
def jonas(house: House, place: Place) -> Identity:
    return somebody(house, place, "Jonas", "jonas@example.org")


@pytest.fixture
def reader(app: Flask, house: House, ada: Identity) -> Author:
    """Ada's browser."""
    return signed_in(app, house, ada)


@pytest.fixture
def other(app: Flask, house: House, jonas: Identity) -> Author:
    """Jonas's browser."""
    return signed_in(app, house, jonas)


def say(
    house: House, post: Post, by: Identity, text: str = "", to: Comment | None = None, *, minutes_ago: int = 0
) -> Comment:
    """A comment that was written some minutes ago."""
    with house.database.writing() as session:
        now = house.now() - timedelta(minutes=minutes_ago)
        kept = session.get_one(Post, post.id)
        return make_comment(session, house, kept, by, markdown=text, parent=to, now=now)


def at(comment: Comment, rest: str = "") -> str:
    """The address of a comment, or of what can be done to it."""
    return f"{POST}/comments/{comment.public_id}{rest}"


def all_comments(house: House) -> Sequence[Comment]:
    with house.database.reading() as session:
        return session.scalars(select(Comment).order_by(Comment.id)).all()


def newest(house: House) -> Comment:
    return all_comments(house)[-1]
