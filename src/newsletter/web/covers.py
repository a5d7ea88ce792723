"""Pictures as templates show them."""

from flask import Flask

from newsletter.domain.pictures import EXTENSIONS, PictureAddress
from newsletter.domain.rounding import rounded_down
from newsletter.models import Picture


def add_to(app: Flask) -> None:
    """Give templates the address of a picture."""
    app.jinja_env.globals.update(picture_address=picture_address, rounded_down=rounded_down)


def picture_address(picture: Picture) -> PictureAddress:
    """Where a picture is, with its copies."""
    return PictureAddress(picture.public_id, picture.width, picture.height, EXTENSIONS[picture.kind])
