"""What becomes of a picture that is uploaded."""

import struct
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageCms
from sqlalchemy import func, select

from newsletter.domain.errors import BadInput, BadSetting, NotFound
from newsletter.domain.pictures import WIDEST, read_picture_address
from newsletter.media.decoding import TALLEST, decode
from newsletter.media.pictures import (
    Made,
    address_of,
    describe_picture,
    find_picture,
    keep_picture,
    make_picture,
    markdown_of,
    picture_from_file,
    pictures_of,
)
from newsletter.media.store import DiskStore
from newsletter.models import Picture, Publication
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication
from tests.support.pictures import drawing, noise, photo, read, written


def whole(made: Made) -> Image.Image:
    return read(made.files[made.address.whole.removeprefix("/media/")])


def colour(image: Image.Image, across: float, down: float) -> tuple[int, ...]:
    """The colour at a place, as it would be told to a person: channels full, half or empty."""
    place = int(image.width * across), int(image.height * down)
    pixel = image.convert("RGB").getpixel(place)
    assert isinstance(pixel, tuple)
    return tuple(round(channel / 127.5) for channel in pixel)


RED, BLUE, WHITE = (2, 0, 0), (0, 0, 2), (2, 2, 2)


def test_all_the_files_that_the_address_promises_are_made() -> None:
    made = make_picture(photo(1200, 800), "harbour.jpg")

    address = made.address
    assert (address.width, address.height, made.kind) == (1200, 800, "jpeg")
    names = {f"{address.public_id}/{name}" for name in ("1200x800.jpg", "480.webp", "960.webp", "1200.webp")}
    assert set(made.files) == names
    assert set(made.files) == {
        each.removeprefix("/media/") for each in (address.whole, *map(address.copy, address.widths))
    }
    assert (whole(made).format, whole(made).size) == ("JPEG", (1200, 800))
    for width in address.widths:
        copy = read(made.files[f"{address.public_id}/{width}.webp"])
        assert (copy.format, copy.size) == ("WEBP", (width, round(800 * width / 1200)))
    assert read_picture_address(address.whole) == address


def test_what_is_wider_than_the_site_needs_is_made_smaller() -> None:
    made = make_picture(photo(3000, 1500), "wide.jpg")

    assert (made.address.width, made.address.height) == (WIDEST, WIDEST // 2)


def test_what_is_taller_than_its_copies_can_be_is_made_smaller() -> None:
    made = make_picture(written(Image.new("RGB", (100, 40_000), "red"), "PNG"), "tall.png")

    assert (made.address.width, made.address.height) == (41, TALLEST)


def test_the_smallest_picture_there_is_is_one_too() -> None:
    assert make_picture(written(Image.new("RGB", (1, 1)), "PNG"), "dot.png").address.widths == (1,)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (photo(), "jpeg"),
        (written(noise(), "PNG"), "jpeg"),
        (written(noise(), "WEBP", quality=90), "jpeg"),
        (written(noise().convert("L"), "PNG"), "jpeg"),
        (written(drawing(), "PNG"), "png"),
        (written(drawing(), "WEBP", lossless=True), "png"),
        (written(drawing(), "GIF"), "png"),
        (written(drawing(), "JPEG"), "jpeg"),
    ],
    ids=["photo", "photo-png", "photo-webp", "grey-png", "drawing", "drawing-webp", "gif", "drawing-jpeg"],
)
def test_photographs_become_jpeg_and_drawings_png(raw: bytes, kind: str) -> None:
    made = make_picture(raw, "x")

    assert made.kind == kind
    assert made.address.extension == {"jpeg": "jpg", "png": "png"}[kind]


def test_transparency_is_kept() -> None:
    image = noise().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    made = make_picture(written(image, "PNG"), "soft.png")

    assert made.kind == "png"
    alpha = whole(made).getchannel("A")
    assert alpha.getextrema() == (0, 255)
    copy = read(made.files[f"{made.address.public_id}/480.webp"])
    assert copy.mode == "RGBA"


def test_transparency_that_hides_nothing_makes_no_png() -> None:
    assert make_picture(written(noise().convert("RGBA"), "PNG"), "x.png").kind == "jpeg"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    image = drawing().convert("L").convert(mode) if mode in {"1", "LA"} else drawing().convert(mode)
    if mode == "I;16":
        image = Image.new("I;16", (2, 1))
        image.putdata([0, 257 * 128])

    decoded, was_jpeg = decode(written(image, "PNG"))

    assert (decoded.size, decoded.mode, was_jpeg) == (image.size, "RGB", False)
    if mode in {"P", "RGB", "RGBA"}:
        assert (colour(decoded, 0.1, 0.1), colour(decoded, 0.9, 0.9)) == (RED, BLUE)
    if mode == "I;16":
        assert decoded.getpixel((1, 0)) == (128, 128, 128)


def test_a_colour_that_stands_for_nothing_is_transparent() -> None:
    image = drawing().quantize(8)
    decoded, _ = decode(written(image, "PNG", transparency=image.getpixel((639, 0))))

    assert decoded.getpixel((639, 0)) == (255, 255, 255, 0)
    assert decoded.getpixel((0, 0)) == (255, 0, 0, 255)


def test_a_picture_for_printing_has_its_colours() -> None:
    decoded, was_jpeg = decode(written(drawing().convert("CMYK"), "JPEG", quality=95))

    assert (decoded.mode, was_jpeg) == ("RGB", True)
    assert (colour(decoded, 0.1, 0.1), colour(decoded, 0.9, 0.9), colour(decoded, 0.9, 0.1)) == (
        RED,
        BLUE,
        WHITE,
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(orientation: int, kind: str) -> None:
    lying = drawing(64, 40) if orientation < 5 else drawing(64, 40).transpose(Image.Transpose.ROTATE_90)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    held = lying if orientation == 1 else drawing(64, 40).transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}

    decoded, _ = decode(written(held, kind, exif=exif, **options))

    assert decoded.size == (64, 40)
    corners = [colour(decoded, across, down) for across, down in ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))]
    assert corners == [RED, WHITE, BLUE]
    assert "exif" not in decoded.info


def with_red_and_blue_changed() -> bytes:
    """A colour profile whose red is our blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        at = 132 + 12 * number
        places[bytes(profile[at : at + 4])] = at + 4
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    profile[red : red + 8], profile[blue : blue + 8] = profile[blue : blue + 8], profile[red : red + 8]
    return bytes(profile)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_come_out_as_their_profile_means_them(kind: str) -> None:
    made = make_picture(written(drawing(), kind, icc_profile=with_red_and_blue_changed()), "x")

    image = whole(made)
    assert (colour(image, 0.1, 0.1), colour(image, 0.9, 0.9)) == (BLUE, RED)
    assert "icc_profile" not in image.info


def test_a_profile_keeps_transparency() -> None:
    image = drawing(mode="RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    decoded, _ = decode(written(image, "PNG", icc_profile=with_red_and_blue_changed()))

    assert decoded.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 300, ImageCms.createProfile])
def test_a_profile_that_cannot_be_used_is_dropped(profile: object) -> None:
    if callable(profile):  # for another kind of colours than the picture has
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    decoded, _ = decode(written(drawing(), "PNG", icc_profile=profile))

    assert colour(decoded, 0.1, 0.1) == RED


def test_of_a_moving_picture_the_first_still_is_kept() -> None:
    frames = [Image.new("RGB", (40, 30), shade) for shade in ("red", "blue", "white")]
    raw = written(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    made = make_picture(raw, "moving.gif")

    assert getattr(whole(made), "n_frames", 1) == 1
    assert colour(whole(made), 0.5, 0.5) == RED


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("harbour.jpg", "harbour.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\harbour.jpg", "harbour.jpg"),
        ("a\nb\0c.jpg", "a b c.jpg"),
        ("", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_name_is_a_name_only(given: str, kept: str) -> None:
    assert make_picture(written(drawing(8, 8), "PNG"), given).name == kept


def test_a_file_of_this_machine_is_named_when_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")

    with pytest.raises(BadInput, match=r"a\.png: This is not a picture"):
        picture_from_file(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"b\.png: No such file"):
        picture_from_file(tmp_path / "b.png")


@pytest.fixture
def publication(house: House) -> Publication:
    with house.database.writing() as session:
        return make_publication(session)


def test_a_picture_is_kept_as_files_and_a_row(house: House, publication: Publication) -> None:
    made = make_picture(photo(), "harbour.jpg")
    with house.database.writing() as session:
        keep_picture(session, house.media, publication.id, None, made, NOW)

    with house.database.reading() as session:
        (picture,) = pictures_of(session, publication.id, 10)
    assert address_of(picture) == made.address
    assert (picture.name, picture.kind, picture.created_at) == ("harbour.jpg", "jpeg", NOW)
    assert {key: house.media.get(key) for key in made.files} == made.files
    assert (house.settings.data_dir / "media" / made.address.public_id).is_dir()


def test_there_is_no_row_without_files(house: House, publication: Publication, tmp_path: Path) -> None:
    (tmp_path / "full").write_bytes(b"no folder")
    made = make_picture(photo(), "harbour.jpg")

    with pytest.raises(BadSetting), house.database.writing() as session:
        keep_picture(session, DiskStore(tmp_path / "full"), publication.id, None, made, NOW)

    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Picture)) == 0


def test_pictures_are_listed_newest_first_and_found(house: House, publication: Publication) -> None:
    made = [make_picture(written(drawing(8, 8), "PNG"), f"{number}.png") for number in range(3)]
    with house.database.writing() as session:
        kept = [keep_picture(session, house.media, publication.id, None, each, NOW) for each in made]

    with house.database.reading() as session:
        assert [each.name for each in pictures_of(session, publication.id, 2)] == ["2.png", "1.png"]
        assert find_picture(session, publication.id, kept[0].public_id).name == "0.png"
        with pytest.raises(NotFound):
            find_picture(session, publication.id + 1, kept[0].public_id)


def test_a_description_is_one_line_and_not_too_long() -> None:
    picture = Picture(public_id="abcdefghijklm", kind="png", width=3, height=2, alt="")

    assert markdown_of(picture) == "![](/media/abcdefghijklm/3x2.png)"
    describe_picture(picture, " A [harbour]\nat dawn ")
    assert markdown_of(picture) == r"![A \[harbour\] at dawn](/media/abcdefghijklm/3x2.png)"
    with pytest.raises(BadInput, match="500 characters"):
        describe_picture(picture, "x" * 501)
