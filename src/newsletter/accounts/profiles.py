"""What somebody says of themselves, and what they want to be told."""

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from newsletter.accounts.identities import MAX_NAME
from newsletter.domain.errors import BadInput
from newsletter.domain.names import one_line
from newsletter.models import Identity, Picture


def rename(identity: Identity, name: str) -> None:
    """Give somebody another name; authors need one. Raises BadInput."""
    name = one_line(name)
    if len(name) > MAX_NAME:
        raise BadInput("The name is too long: {limit} characters are the limit.", limit=MAX_NAME)
    if not name and identity.slug is not None:
        raise BadInput("What you wrote here needs a name. Please type one.")
    identity.name = name


def show_picture(session: Session, identity: Identity, picture: Picture | None) -> None:
    """Give somebody a picture, or none."""
    identity.picture_id = picture.id if picture is not None else None
    session.flush()


def hear_of_comments(identity: Identity, *, wanted: bool) -> None:
    """Note whether somebody wants mail about discussions."""
    identity.hears_of_comments = wanted


def load_picture(session: Session, identity: Identity) -> None:
    """Have somebody's picture at hand."""
    picture = session.get(Picture, identity.picture_id) if identity.picture_id is not None else None
    set_committed_value(identity, "picture", picture)
