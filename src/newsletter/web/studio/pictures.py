"""The pictures of the publication: uploading them, and what to paste into a post."""

from typing import NamedTuple

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.domain.errors import BadInput
from newsletter.media.decoding import MAX_BYTES
from newsletter.media.pictures import (
    address_of,
    keep_picture,
    make_picture,
    markdown_of,
    pictures_of,
    put_files,
)
from newsletter.models import Identity
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house, page, require_visitor

pictures = Blueprint("pictures", __name__, template_folder="templates", url_prefix="/studio")

_SHOWN = 200


class Refused(NamedTuple):
    """A file that was not kept, and why."""

    name: str
    reason: str


@pictures.route("/pictures", methods=["GET", "POST"])
def library() -> str | BaseResponse | tuple[str, int]:
    """The newest pictures, and a way to add some; of several files each is kept or refused for itself."""
    with house().database.reading() as session:
        visitor = require_visitor(session, Permission.WRITE)
        if request.method != "POST":
            return _library(session, [])
    files = uploads("pictures")
    refused = [answer for file in files if (answer := _keep_or_refuse(file, visitor.identity))]
    if files and not refused:
        return redirect(url_for("pictures.library"), 303)
    with house().database.reading() as session:
        return _library(session, refused, problem="" if files else "Choose a file first."), 400


def uploads(name: str) -> list[FileStorage]:
    """The files that were chosen in a field; browsers send an empty one where none was."""
    return [file for file in request.files.getlist(name) if file.filename]


def keep_upload(file: FileStorage, by: Identity) -> str:
    """Make a picture of an upload and keep it; returns its id. Raises BadInput."""
    made = make_picture(file.stream.read(MAX_BYTES + 1), file.filename or "")
    put_files(house().media, made)
    with house().database.writing() as session:
        picture = keep_picture(session, house().media, by.publication_id, by.id, made, house().now())
        return picture.public_id


def _keep_or_refuse(file: FileStorage, by: Identity) -> Refused | None:
    try:
        keep_upload(file, by)
    except BadInput as error:
        return Refused(file.filename or "", str(error))
    return None


def _library(session: Session, refused: list[Refused], problem: str = "") -> str:
    shown = pictures_of(session, the_publication(session).id, _SHOWN)
    return page(
        session,
        "studio/pictures.html",
        pictures=[(each, address_of(each), markdown_of(each)) for each in shown],
        refused=refused,
        problem=problem,
    )
