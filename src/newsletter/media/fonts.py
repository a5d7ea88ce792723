"""Fonts of this machine: none come with us, and which letters one can draw is asked of the font itself."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont, features

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts")
_ENDINGS = {".ttf", ".otf", ".ttc"}
# The first that has all the letters is taken; after these any other bold one, then the one of our library.
_PREFERRED = (
    *("NotoSerif-Bold", "DejaVuSerif-Bold", "NotoNaskhArabic-Bold", "NotoSerifHebrew-Bold"),
    *("NotoSerifDevanagari-Bold", "NotoSerifThai-Bold", "NotoSerifCJK-Bold", "NotoSansCJK-Bold"),
    *("NotoSans-Bold", "DejaVuSans-Bold"),
)
_PROBE = 24
_NO_LETTER = "\uffff"
_RIGHT_TO_LEFT = {"R", "AL"}


@dataclass(frozen=True)
class Face:
    """A font in all its sizes, by the path of its file; the library's own has none."""

    path: str = ""

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font in one size."""
        return _load(self.path, size, shaping=self.is_shaped)

    @property
    def is_shaped(self) -> bool:
        """Whether its letters are joined where they ought to be, in either direction."""
        return bool(self.path) and can_shape()

    def has(self, char: str) -> bool:
        """Whether it can draw this letter."""
        return _has(self.path, char)


def face_for(text: str) -> Face | None:
    """The first font that can draw all letters of a text, if there is one."""
    letters = {char for char in text if _is_needed(char)}
    if not can_shape() and any(_needs_shaping(char) for char in letters):
        return None
    return next((face for face in _faces() if all(face.has(char) for char in letters)), None)


def drawable(face: Face, text: str) -> str:
    """A text without the small pictures and signs between its letters that a font lacks."""
    return " ".join("".join(char for char in text if char.isspace() or face.has(char)).split())


def runs_right_to_left(text: str) -> bool:
    """Whether a text begins in a script that is written from right to left."""
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((each in _RIGHT_TO_LEFT for each in directions if each in {"L", *_RIGHT_TO_LEFT}), False)


@cache
def can_shape() -> bool:
    """Whether letters can be joined, and set from right to left, on this machine."""
    return bool(features.check("raqm"))


def _is_needed(char: str) -> bool:
    """A text makes sense without its emoji, not without its letters."""
    selector = "\ufe00" <= char <= "\ufe0f"
    return not char.isspace() and not selector and unicodedata.category(char) not in {"So", "Sk"}


def _needs_shaping(char: str) -> bool:
    """Scripts that join letters, stack marks or run from the right."""
    return unicodedata.bidirectional(char) in {*_RIGHT_TO_LEFT, "NSM"} or unicodedata.category(char) == "Mc"


@cache
def _has(path: str, char: str) -> bool:
    """A letter that a font lacks is drawn as the same box as one that no font has."""
    try:
        font = _load(path, _PROBE, shaping=False)
        return bytes(font.getmask(char)) != bytes(font.getmask(_NO_LETTER))
    except OSError:  # a file that is no font
        return False


@cache  # once a process: fonts do not come and go
def _faces() -> Sequence[Face]:
    files = [path for folder in _FOLDERS for path in sorted(Path(folder).rglob("*"))]
    found = {path.stem: str(path) for path in files if path.suffix in _ENDINGS}
    others = sorted(name for name in found if name.endswith("-Bold") and name not in _PREFERRED)
    return *(Face(found[name]) for name in (*_PREFERRED, *others) if name in found), Face()


@cache
def _load(path: str, size: int, *, shaping: bool) -> ImageFont.FreeTypeFont:
    if path:
        engine = ImageFont.Layout.RAQM if shaping else ImageFont.Layout.BASIC
        return ImageFont.truetype(path, size, layout_engine=engine)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
