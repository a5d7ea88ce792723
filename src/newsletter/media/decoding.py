"""From bytes that anybody may have made to pixels that only we write: nothing else comes through."""

import struct
import zlib
from io import BytesIO

from PIL import ExifTags, Image, ImageCms

from newsletter.domain.errors import BadInput
from newsletter.domain.pictures import WIDEST

MAX_BYTES = 15_000_000
MAX_PIXELS = 50_000_000
TALLEST = 16_383
"""Pixels: no copy can be taller in its format."""

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
# Whatever decoders raise at bytes that are not what they seem.
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError),
    *(struct.error, zlib.error),
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(raw: bytes) -> tuple[Image.Image, bool]:
    """An uploaded picture upright, as RGB or RGBA and not too large; and whether it came as a JPEG.

    Raises BadInput when it is no picture that can be used.
    """
    if not raw:
        raise BadInput("The file is empty. Choose another one.")
    if len(raw) > MAX_BYTES:
        raise BadInput("The file is too large: {limit} MB are the limit.", limit=MAX_BYTES // 1_000_000)
    opened = _open(raw)
    try:
        # A JPEG is made smaller while it is read, which spares memory.
        opened.draft(None, (WIDEST, WIDEST))
        opened.load()
        image = _bare(_in_srgb(_fitting(_eight_bits(_upright(opened)))))
    except _DAMAGE as error:
        raise BadInput(
            "The picture is damaged: it cannot be read to its end. Save it once more, then upload it again."
        ) from error
    return image, opened.format in {"JPEG", "MPO"}


def _open(raw: bytes) -> Image.Image:
    """Read the head of the file only: a small file may claim to be a picture of any size."""
    try:
        image = Image.open(BytesIO(raw), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except _DAMAGE as error:
        if b"<svg" in raw[:4096].lower():
            raise BadInput(
                "An SVG can carry scripts, so we do not keep it. Save it as PNG or JPEG first."
            ) from error
        raise BadInput("This is not a picture we know. Use a JPEG, PNG, GIF or WebP file.") from error
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    return image


def _too_many_pixels() -> BadInput:
    millions = MAX_PIXELS // 1_000_000
    return BadInput("The picture has too many pixels: {millions} million are the limit.", millions=millions)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera was held; if that cannot be read, it is no reason to refuse a picture."""
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def _eight_bits(image: Image.Image) -> Image.Image:
    """With a channel for each colour, so that it can be made smaller."""
    if image.mode.startswith("I"):  # sixteen bits
        image = image.point(lambda value: value * (1 / 257)).convert("L")
        image.info.pop("transparency", None)
    if image.mode in {"1", "P", "PA", "LA"} or "transparency" in image.info:
        return image.convert("RGBA")
    return image


def _fitting(image: Image.Image) -> Image.Image:
    """In a size that the site needs."""
    share = min(1, WIDEST / image.width, TALLEST / image.height)
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3) if share < 1 else image


def _in_srgb(image: Image.Image) -> Image.Image:
    """In the colours of the web, by the picture's own profile if that can be used."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    profile = image.info.get("icc_profile")
    if profile:
        try:
            theirs, ours = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, theirs, ours, outputMode=mode)
            if converted is not None:
                return converted
        except (*_DAMAGE, ImageCms.PyCMSError):
            pass  # such a profile is worth nothing; the numbers may still be right
    return image.convert(mode)


def _bare(image: Image.Image) -> Image.Image:
    """The pixels on a canvas of our own, without whatever else the file said; opaque if they are."""
    opaque = image.mode == "RGB" or image.getchannel("A").getextrema() == (255, 255)
    canvas = Image.new("RGB" if opaque else "RGBA", image.size)
    canvas.paste(image.convert(canvas.mode))
    return canvas
