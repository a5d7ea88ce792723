"""Pictures: made from what was uploaded, kept as files and a row, listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from newsletter.domain.errors import BadInput, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.names import one_line
from newsletter.domain.pictures import EXTENSIONS, PictureAddress
from newsletter.media.decoding import MAX_BYTES, decode
from newsletter.media.store import Store
from newsletter.models import Identity, Picture, Post

MAX_NAME = 200
MAX_ALT = 500

_SAMPLE = 256
_FEW = 16
_WRITTEN: Mapping[str, Mapping[str, Any]] = {
    "jpeg": {"format": "JPEG", "quality": 85, "optimize": True, "progressive": True},
    "png": {"format": "PNG", "optimize": True},
    "webp": {"format": "WEBP", "quality": 80, "method": 4},
}


@dataclass(frozen=True)
class Made:
    """A picture ready to be kept: its files by their keys in a store."""

    address: PictureAddress
    kind: str
    name: str
    files: Mapping[str, bytes]


def make_picture(raw: bytes, name: str) -> Made:
    """Draw an uploaded picture anew in all the sizes the site needs, which takes seconds. Raises BadInput."""
    image, was_jpeg = decode(raw)
    kind = "png" if image.mode == "RGBA" or (not was_jpeg and _has_few_colours(image)) else "jpeg"
    address = PictureAddress(new_public_id(), image.width, image.height, EXTENSIONS[kind])
    files = {address.whole: _written(image, kind)}
    for width in address.widths:
        files[address.copy(width)] = _written(_narrowed(image, width), "webp")
    keys = {path.removeprefix("/media/"): content for path, content in files.items()}
    return Made(address, kind, _file_name(name), keys)


def picture_from_file(path: Path) -> Made:
    """Make a picture from a file on this machine. Raises BadInput that names the file."""
    try:
        with path.open("rb") as file:
            return make_picture(file.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from error
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def put_files(store: Store, made: Made) -> None:
    """Write the files of a picture, unless they are there: outside a transaction, for disks are slow."""
    for key, content in made.files.items():
        if not store.has(key):
            store.put(key, content)


def keep_picture(
    session: Session, store: Store, publication_id: int, identity_id: int | None, made: Made, now: datetime
) -> Picture:
    """Keep a picture: its files first, then its row, so that there is no row without files."""
    put_files(store, made)
    picture = Picture(
        publication_id=publication_id,
        public_id=made.address.public_id,
        identity_id=identity_id,
        name=made.name,
        alt="",
        kind=made.kind,
        width=made.address.width,
        height=made.address.height,
        created_at=now,
    )
    session.add(picture)
    session.flush()
    return picture


def describe_picture(picture: Picture, alt: str) -> None:
    """Say what is read out instead of a picture. Raises BadInput."""
    alt = one_line(alt)
    if len(alt) > MAX_ALT:
        raise BadInput("The description is too long: {limit} characters are the limit.", limit=MAX_ALT)
    picture.alt = alt


def pictures_of(session: Session, publication_id: int, limit: int) -> Sequence[Picture]:
    """The newest pictures, newest first; those of people are for themselves."""
    of_somebody = exists().where(Identity.picture_id == Picture.id)
    query = select(Picture).where(Picture.publication_id == publication_id, ~of_somebody)
    return session.scalars(query.order_by(Picture.created_at.desc(), Picture.id.desc()).limit(limit)).all()


def find_picture(session: Session, publication_id: int, public_id: str) -> Picture:
    """The picture with this id. Raises NotFound."""
    query = select(Picture).where(Picture.publication_id == publication_id, Picture.public_id == public_id)
    picture = session.scalar(query)
    if picture is None:
        raise NotFound("There is no such picture.")
    return picture


def forget_picture(session: Session, picture_id: int) -> Sequence[str]:
    """Remove the row of a picture that no post shows. Returns the keys of its files, to be removed after."""
    picture = session.get_one(Picture, picture_id)
    if session.scalar(select(exists().where(Post.cover_id == picture_id))):
        return ()
    session.delete(picture)
    session.flush()
    address = address_of(picture)
    paths = [address.whole, *map(address.copy, address.widths)]
    return [path.removeprefix("/media/") for path in paths]


def address_of(picture: Picture) -> PictureAddress:
    """Where a picture is found."""
    return PictureAddress(picture.public_id, picture.width, picture.height, EXTENSIONS[picture.kind])


def markdown_of(picture: Picture) -> str:
    """What an author pastes to show a picture in a post."""
    alt = "".join(f"\\{char}" if char in r"\[]" else char for char in picture.alt)
    return f"![{alt}]({address_of(picture).whole})"


def _has_few_colours(image: Image.Image) -> bool:
    """Whether a handful of colours fills most of it: a drawing or a screenshot, which JPEG would blur."""
    size = min(image.width, _SAMPLE), min(image.height, _SAMPLE)
    colours = image.resize(size, Image.Resampling.NEAREST).getcolors(_SAMPLE * _SAMPLE) or []
    common = sorted((count for count, _colour in colours), reverse=True)[:_FEW]
    return sum(common) * 2 >= size[0] * size[1]


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    if width == image.width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)


def _written(image: Image.Image, kind: str) -> bytes:
    output = BytesIO()
    image.save(output, **_WRITTEN[kind])
    return output.getvalue()


def _file_name(name: str) -> str:
    """What the file was called, without the folders that some browsers send along."""
    return one_line(name.replace("\\", "/").rpartition("/")[2])[:MAX_NAME]
