"""The card that link previews show: the publication's name, its colour, and the title as large as it fits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from newsletter.domain.colours import readable
from newsletter.domain.names import one_line
from newsletter.media.fonts import Face, drawable, face_for, runs_right_to_left

SIZE = (1200, 630)

_PAPER, _INK, _QUIET = "#fdfcfa", "#1c1b19", "#5f5b55"
_BAR = 24
_START, _END = 112, 88  # margins; the bar stands in the first
_WIDTH = SIZE[0] - _START - _END
_NAME_SIZE, _NAME_BASELINE = 36, 118
_SECTION_SIZE = 30
_TITLE_TOP, _TITLE_BOTTOM = 176, 540
_TITLE_SIZES = (96, 92, 88, 84, 80, 76, 72, 68, 64, 60, 56, 52)
_MOST_LINES = 4
_LEAST_CONTRAST = 4.5
# A word with the space before it, or one sign of a script that is written without spaces.
_PIECE = re.compile(
    r"\s*(?:[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+)"
)


@dataclass(frozen=True)
class _Words:
    """Words that can be drawn, by a font that can."""

    text: str
    face: Face
    to_left: bool

    @property
    def direction(self) -> str | None:
        """Told only to fonts that can be told; the others draw all from the left."""
        if not self.face.is_shaped:
            return None
        return "rtl" if self.to_left else "ltr"

    @property
    def leading(self) -> float:
        """How far lines are apart, in sizes: marks above and below letters want room."""
        return 1.4 if self.to_left else 1.2


@dataclass(frozen=True)
class _Card:
    """A card under the brush; everything on it begins at the side where its title begins."""

    brush: ImageDraw.ImageDraw
    to_left: bool

    def bar(self, colour: str) -> None:
        """The publication's colour, along the whole side."""
        start = SIZE[0] - _BAR if self.to_left else 0
        self.brush.rectangle((start, 0, start + _BAR - 1, SIZE[1]), fill=colour)

    def line(self, words: _Words, size: int, baseline: float, colour: str, after: float = 0) -> float:
        """One line of words, and how wide it is."""
        font = words.face.at(size)
        start = SIZE[0] - _START - after if self.to_left else _START + after
        place, anchor = (start, baseline), "rs" if self.to_left else "ls"
        self.brush.text(place, words.text, colour, font, anchor, direction=words.direction)
        return font.getlength(words.text, direction=words.direction)


def draw_card(title: str, publication: str, accent: str, section: str = "") -> bytes:
    """A PNG for link previews; always the same for the same words, as long as the fonts are the same.

    A title that no font here can draw gives its place to the publication's name: no card shows boxes.
    """
    heading, small = _words(title), publication
    if heading is None:
        heading, small = _words(publication), ""
    picture = Image.new("RGB", SIZE, _PAPER)
    card = _Card(ImageDraw.Draw(picture), heading is not None and heading.to_left)
    card.bar(accent)
    _draw_names(card, small, section, readable(accent, _PAPER, _LEAST_CONTRAST))
    if heading is not None:
        _draw_title(card, heading)
    output = BytesIO()
    picture.save(output, "PNG", optimize=True)
    return output.getvalue()


def _words(text: str) -> _Words | None:
    text = one_line(text)
    face = face_for(text)
    kept = "" if face is None else drawable(face, text)
    return None if face is None or not kept else _Words(kept, face, runs_right_to_left(kept))


def _draw_names(card: _Card, publication: str, section: str, colour: str) -> None:
    """The publication and, after it, its section, as long as there is room."""
    after = 0.0
    for text, size, shade in ((publication, _NAME_SIZE, colour), (section, _SECTION_SIZE, _QUIET)):
        words = _words(text)
        room = _WIDTH - after
        if words is None or room < _WIDTH / 4:
            continue
        (line, *_rest) = _cut(words.text, words.face, size, room, 1)
        after += card.line(replace(words, text=line), size, _NAME_BASELINE, shade, after) + size * 0.6


def _draw_title(card: _Card, heading: _Words) -> None:
    """The lines stand on the bottom margin, as a headline stands on its text."""
    size, lines = _set_title(heading)
    for number, line in enumerate(reversed(lines)):
        baseline = _TITLE_BOTTOM - size * heading.leading * number
        card.line(replace(heading, text=line), size, baseline, _INK)


def _set_title(heading: _Words) -> tuple[int, Sequence[str]]:
    """The largest size in which the title fits, and its lines; at the smallest one it may be cut."""
    for size in _TITLE_SIZES:
        font = heading.face.at(size)
        lines = list(_wrapped(heading.text, font, _WIDTH))
        whole = all(font.getlength(line) <= _WIDTH for line in lines)
        room = (_TITLE_BOTTOM - _TITLE_TOP) // (size * heading.leading)
        if whole and len(lines) <= min(_MOST_LINES, room):
            return size, _balanced(heading.text, font, lines)
    size = _TITLE_SIZES[-1]
    return size, _cut(heading.text, heading.face, size, _WIDTH, _MOST_LINES)


def _balanced(text: str, font: ImageFont.FreeTypeFont, lines: list[str]) -> Sequence[str]:
    """As many lines of about the same length, so that no word stands alone in the last."""
    for share in range(95, 45, -5):
        narrower = list(_wrapped(text, font, _WIDTH * share / 100))
        widest = max(font.getlength(line) for line in narrower)
        if len(narrower) > len(lines) or widest > _WIDTH * share / 100:
            break
        lines = narrower
    return lines


def _cut(text: str, face: Face, size: int, width: float, most: int) -> Sequence[str]:
    """At most so many lines; words may break, and what does not fit is an ellipsis."""
    font = face.at(size)
    lines = [part for line in _wrapped(text, font, width) for part in _broken(line, font, width)]
    if len(lines) <= most:
        return lines
    ellipsis, last = "…" if face.has("…") else "...", lines[most - 1]
    while last and font.getlength(last + ellipsis) > width:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip(" ,;:.–—-") + ellipsis]


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    line = ""
    for piece in _PIECE.findall(text):
        if line and font.getlength(line + piece) > width:
            yield line
            line = ""
        line = line + piece if line else piece.lstrip()
    if line:
        yield line


def _broken(line: str, font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    """A line, or if it is one long word, its parts; scripts with capitals are also those with hyphens."""
    hyphen, part = "" if line.lower() == line.upper() else "-", ""
    for char in line if font.getlength(line) > width else ():
        if part and font.getlength(part + char + hyphen) > width:
            yield part + hyphen
            part = ""
        part += char
    yield part or line
