"""What is uploaded may be anything; what is kept holds nothing of it."""

import random
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from newsletter.domain.errors import BadInput
from newsletter.media.decoding import MAX_BYTES, MAX_PIXELS
from newsletter.media.pictures import Made, make_picture
from tests.support.pictures import drawing, noise, photo, read, written

SCRIPT = b"<script>alert(document.cookie)</script>"
PHP = b"<?php system($_GET['c']); ?>"
WINDOW = 16


def windows(content: bytes) -> set[bytes]:
    """All runs of bytes that say something; tables of small numbers are alike in many files."""
    runs = (content[start : start + WINDOW] for start in range(len(content) - WINDOW + 1))
    return {run for run in runs if len({byte for byte in run if byte > 31}) >= 8}


def assert_nothing_survives(raw: bytes, made: Made) -> None:
    """No run of bytes of an upload is in a file of ours, but for what every file of its format holds."""
    usual = windows(b"".join(make_picture(photo(64, 40), "x").files.values()))
    usual |= windows(b"".join(make_picture(written(drawing(64, 40), "PNG"), "x").files.values()))
    for key, content in made.files.items():
        assert not (windows(raw) & windows(content)) - usual, key


def exif_with_everything() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "Taken from my kitchen window"
    exif[0x0110] = "Camera of Mara Lindqvist 4711"
    exif[0x8825] = {1: "N", 2: (59.0, 19.0, 45.123), 3: "E", 4: (18.0, 4.0, 7.321), 29: "2026:11:20"}
    return exif


def jpeg_with_everything(width: int = 640, height: int = 400) -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    raw = photo(
        width,
        height,
        exif=exif_with_everything(),
        icc_profile=profile,
        comment=b"a comment: " + PHP,
        xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>who took it</x:xmpmeta>",
        dpi=(301, 301),
    )
    return raw + SCRIPT + b"PK\x03\x04 a zip archive begins here"


def png_with_everything() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Mara Lindqvist")
    told.add_text("Comment", SCRIPT.decode(), zip=True)
    told.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>who took it</x:xmpmeta>")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return (
        written(noise(320, 200), "PNG", pnginfo=told, exif=exif_with_everything(), icc_profile=profile)
        + SCRIPT
    )


def gif_that_is_a_script() -> bytes:
    return written(drawing(), "GIF", comment=b"*/=1;" + SCRIPT) + b"/*" + PHP


def webp_with_everything() -> bytes:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>who took it</x:xmpmeta>"
    return written(noise(), "WEBP", quality=90, exif=exif_with_everything(), xmp=xmp) + SCRIPT


@pytest.mark.parametrize(
    "upload",
    [jpeg_with_everything, png_with_everything, gif_that_is_a_script, webp_with_everything],
    ids=["jpeg", "png", "gif", "webp"],
)
def test_no_byte_sequence_of_an_upload_survives(upload) -> None:
    raw = upload()
    assert SCRIPT in raw or PHP in raw

    made = make_picture(raw, "harbour.jpg")

    assert_nothing_survives(raw, made)
    for content in made.files.values():
        image = read(content)
        assert not {"exif", "icc_profile", "comment", "xmp", "Comment", "Author"} & set(image.info)
        assert not image.getexif()
        for said in (b"Mara", b"Lindqvist", b"kitchen", b"script", b"php", b"xmp", b"GPS", b"PK\x03\x04"):
            assert said not in content


def test_no_file_has_anything_behind_its_end() -> None:
    made = make_picture(jpeg_with_everything(), "x.jpg")

    for key, content in made.files.items():
        if key.endswith(".jpg"):
            assert content.endswith(b"\xff\xd9")
        else:
            assert struct.unpack("<I", content[4:8])[0] + 8 == len(content)


def test_a_copy_of_a_file_of_ours_is_drawn_anew_as_well() -> None:
    once = make_picture(photo(), "x.jpg")
    (raw,) = (content for key, content in once.files.items() if key.endswith(".jpg"))

    again = make_picture(raw, "x.jpg")

    assert again.address.public_id != once.address.public_id
    assert raw not in again.files.values()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "The file is empty"),
        (b"\0" * 100, "not a picture we know"),
        (b"hello", "not a picture we know"),
        (SCRIPT, "not a picture we know"),
        (b"%PDF-1.7 /Type", "not a picture we know"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n", "not a picture we know"),
        (written(drawing(), "TIFF"), "not a picture we know"),
        (written(drawing(), "BMP"), "not a picture we know"),
        (written(drawing(64, 64), "ICO"), "not a picture we know"),
        (written(drawing(), "PPM"), "not a picture we know"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Save it as PNG or JPEG first"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<SVG onload='x'/>", "Save it as PNG or JPEG first"),
        (photo(64, 40) + b"\0" * MAX_BYTES, "15 MB are the limit"),
    ],
)
@pytest.mark.parametrize("name", ["x.png", "x.svg", "x.jpg.html"])
def test_what_is_no_picture_is_refused_whatever_it_is_called(raw: bytes, says: str, name: str) -> None:
    with pytest.raises(BadInput, match=says):
        make_picture(raw, name)


def test_the_wrong_ending_is_no_matter() -> None:
    assert make_picture(photo(), "harbour.png").address.extension == "jpg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_file_that_was_cut_is_refused(kind: str, share: float) -> None:
    raw = written(noise(), kind)

    with pytest.raises(BadInput):
        make_picture(raw[: int(len(raw) * share)], "cut")


@pytest.mark.filterwarnings("ignore")  # decoders grumble at some of these before they give up or make do
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "everything"])
def test_damage_is_a_sentence_never_an_accident(kind: str) -> None:
    raw = jpeg_with_everything(120, 80) if kind == "everything" else written(noise(120, 80), kind)
    chance, refused = random.Random(kind), 0

    for _ in range(150):
        damaged = bytearray(raw)
        for _ in range(chance.randrange(1, 9)):
            damaged[chance.randrange(min(len(raw), chance.choice((64, 700, len(raw)))))] = chance.randrange(
                256
            )
        try:
            made = make_picture(bytes(damaged), "damaged")
        except BadInput:
            refused += 1
        else:
            assert made.address.width <= 2400

    assert refused > 5


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_that_claims(width: int, height: int) -> bytes:
    """A small file that unpacks to a picture of any size: what is behind its head is endless white."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(b"\xff" * 1_000_000, 9)
    chunks = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def gif_that_claims(width: int, height: int) -> bytes:
    raw = bytearray(written(drawing(8, 8), "GIF"))
    raw[6:10] = struct.pack("<HH", width, height)
    return bytes(raw)


def webp_that_claims(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inner = written(drawing(8, 8), "WEBP")[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + size + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_that_claims(width: int, height: int) -> bytes:
    raw = bytearray(photo(64, 40, progressive=False))
    at = raw.index(b"\xff\xc0") + 5
    raw[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(raw)


BOMBS = {
    "png": png_that_claims(200_000, 200_000),
    "png-just-over": png_that_claims(MAX_PIXELS // 5000 + 1, 5000),
    "png-between": png_that_claims(10_000, 10_000),
    "png-long": png_that_claims(2_000_000_000, 1),
    "gif": gif_that_claims(65_535, 65_535),
    "webp": webp_that_claims(16_000, 16_000),
    "jpeg": jpeg_that_claims(65_500, 65_500),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("bomb", BOMBS, ids=str)
def test_a_bomb_is_refused_by_its_head(bomb: str) -> None:
    assert len(BOMBS[bomb]) < 20_000

    with pytest.raises(BadInput, match="too many pixels: 50 million are the limit"):
        make_picture(BOMBS[bomb], bomb)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are kept by Linux only")
def test_a_bomb_takes_no_memory(tmp_path) -> None:
    for name, raw in BOMBS.items():
        (tmp_path / name).write_bytes(raw)
    program = (
        "import pathlib, resource, sys\n"
        "from newsletter.domain.errors import BadInput\n"
        "from newsletter.media.pictures import make_picture\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in map(pathlib.Path, sys.argv[1:]):\n"
        "    try: make_picture(path.read_bytes(), path.name)\n"
        "    except BadInput: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *(str(tmp_path / name) for name in BOMBS)],
        capture_output=True,
        check=True,
        text=True,
    )

    assert int(told.stdout) < 40_000  # kilobytes


def test_a_picture_at_the_limit_is_taken() -> None:
    raw = written(Image.new("L", (10_000, MAX_PIXELS // 10_000)), "JPEG")

    assert make_picture(raw, "large.png").address.width == 2400


def test_words_in_a_png_that_unpack_to_very_much_are_not_unpacked() -> None:
    packed = zlib.compress(b"A" * 80_000_000, 9)
    head, rest = (raw := written(drawing(), "PNG"))[:33], raw[33:]
    bomb = head + png_chunk(b"zTXt", b"Comment\0\0" + packed) + rest

    with pytest.raises(BadInput):
        make_picture(bomb, "x.png")
