"""Pictures and round numbers as templates show them."""

from flask import Flask

from newsletter.domain.rounding import rounded_down
from newsletter.media.pictures import address_of


def add_to(app: Flask) -> None:
    """Give templates the address of a picture, and numbers as one says them."""
    app.jinja_env.globals.update(picture_address=address_of, rounded_down=rounded_down)
