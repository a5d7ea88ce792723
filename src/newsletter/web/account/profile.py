"""How somebody appears beside what they write: a name and a picture."""

from collections.abc import Iterable, Sequence

from flask import request
from sqlalchemy.orm import Session

from newsletter.accounts.profiles import rename, show_picture
from newsletter.accounts.signing_in import Visitor
from newsletter.audience.belonging import greet_as
from newsletter.domain.errors import BadInput
from newsletter.media.decoding import MAX_BYTES
from newsletter.media.pictures import Made, forget_picture, keep_picture, make_picture, put_files
from newsletter.privacy.showing import looks_different
from newsletter.web.account.blueprint import account
from newsletter.web.account.overview import Answer, change, refuse, saved
from newsletter.web.context import house, require_reader


@account.post("/account/name")
def name() -> Answer:
    """Be called something else, on the site and in letters."""
    typed = request.form.get("name", "")

    def give(session: Session, visitor: Visitor) -> None:
        rename(visitor.identity, typed)
        greet_as(session, visitor.identity)
        session.flush()
        looks_different(session, visitor.identity)

    return change("name", give, typed)


@account.post("/account/picture")
def picture() -> Answer:
    """Show a picture, or none."""
    with house().database.reading() as session:
        require_reader(session)
    try:
        made = None if "remove" in request.form else _uploaded()
    except BadInput as error:
        return refuse("picture", error)
    remove_files(_exchange(made))
    return saved("picture")


def remove_files(keys: Iterable[str]) -> None:
    """Remove files of pictures whose rows are gone."""
    for key in keys:
        house().media.remove(key)


def _uploaded() -> Made:
    file = request.files.get("picture")
    if file is None or not file.filename:
        raise BadInput("Choose a picture first.")
    made = make_picture(file.stream.read(MAX_BYTES + 1), "")
    put_files(house().media, made)
    return made


def _exchange(made: Made | None) -> Sequence[str]:
    """Put one picture in the place of another. Returns the keys of files that nothing shows any more."""
    with house().database.writing() as session:
        identity = require_reader(session).identity
        before = identity.picture_id
        kept = None
        if made is not None:
            by, store = identity, house().media
            kept = keep_picture(session, store, by.publication_id, by.id, made, house().now())
        show_picture(session, identity, kept)
        looks_different(session, identity)
        return () if before is None else forget_picture(session, before)
