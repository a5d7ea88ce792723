"""What stands for a person on a page: their picture, or the first letter of their name."""

from flask import Flask
from sqlalchemy import inspect

from newsletter.domain.pictures import PictureAddress
from newsletter.domain.portraits import initial_of
from newsletter.media.pictures import address_of
from newsletter.models import Identity


def add_to(app: Flask) -> None:
    """Give templates the pictures of people."""
    app.jinja_env.globals.update(portrait_of=portrait_of, initial_of=initial_of)


def portrait_of(identity: Identity) -> PictureAddress | None:
    """Where somebody's picture is found; None for who has none, or where a page did not ask for pictures."""
    if "picture" in inspect(identity).unloaded or identity.picture is None:
        return None
    return address_of(identity.picture)
