"""How a publisher's letters look: what may be chosen, and the two palettes that follow from it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from newsletter.domain.colours import contrast, mix, parse_colour, readable
from newsletter.domain.errors import BadInput

FONTS: Mapping[str, str] = {
    "serif": "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, Georgia, serif",
    "sans": "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
    "mono": "ui-monospace, Menlo, Consolas, 'Courier New', monospace",
}
"""The stacks one can name; any other value is a stack itself."""

READING, SMALL = 7.0, 4.5
"""Contrast that long texts and all others need."""

_FONT = r"(?:'[\w .-]+'|[A-Za-z][\w-]*(?: [A-Za-z][\w-]*)*)"
_STACK = re.compile(rf"{_FONT}(?:, ?{_FONT})*")
_LOGO = re.compile(r"https://[\w.-]+(?::[0-9]+)?/[^\s\"'<>]*", re.ASCII)
_DARK_PAPER, _DARK_INK = "#161514", "#ece8e1"
_LIMITS = {"header": 200, "footer": 500, "logo_url": 500}


class Shade(NamedTuple):
    """One colour with a fixed meaning, in both palettes, by its class."""

    name: str
    light: str
    dark: str


CODE_COLOURS: Mapping[str, Shade] = {
    "keyword": Shade("k", "#8a2f6b", "#e0a3cf"),
    "text": Shade("s", "#2a6a3c", "#a0d3a8"),
    "comment": Shade("c", "#6b655d", "#a59f95"),
    "number": Shade("m", "#8a4b08", "#e9bd85"),
    "name": Shade("n", "#1d4f91", "#9cc3f2"),
    "removed": Shade("gd", "#a3261c", "#f19a8f"),
    "added": Shade("gi", "#1b6b3a", "#7fcf9a"),
}

SIGNS = (
    Shade("tip", "#1b6b3a", "#7fcf9a"),
    Shade("warning", "#8a5300", "#e5b567"),
    Shade("caution", "#a3261c", "#f19a8f"),
)
"""The callouts that warn or encourage; the others have the accent."""


@dataclass(frozen=True)
class Look:
    """What a publisher chooses. Raises BadInput for what no letter can show well."""

    accent: str = "#1f5f5b"
    paper: str = "#fdfcfa"
    ink: str = "#1c1b19"
    font: str = "serif"
    logo_url: str = ""
    logo_width: int = 160
    header: str = ""
    footer: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be read, fetched or written into a style."""
        for name in ("accent", "paper", "ink"):
            object.__setattr__(self, name, parse_colour(getattr(self, name)))
        if contrast(self.ink, self.paper) < READING:
            raise BadInput(
                f"Text in {self.ink} on {self.paper} is hard to read; choose colours further apart."
            )
        if len(self.font) > 200 or not _STACK.fullmatch(self.font):
            raise BadInput("The font must be serif, sans, mono or a list of names such as Georgia, serif.")
        if self.logo_url and not _LOGO.fullmatch(self.logo_url):
            raise BadInput("The logo must be an https:// address: mail programs fetch it from there.")
        if not 16 <= self.logo_width <= 600:
            raise BadInput("The logo may be 16 to 600 pixels wide.")
        for name, limit in _LIMITS.items():
            if len(getattr(self, name)) > limit:
                raise BadInput(f"The {name.replace('_', ' ')} is too long: {limit} characters are the limit.")

    @property
    def stack(self) -> str:
        """The font stack of the text."""
        return FONTS.get(self.font, self.font)

    @property
    def light(self) -> "Tones":
        """The palette on the chosen paper."""
        return _tones(self.paper, self.ink, self.accent, SMALL)

    @property
    def dark(self) -> "Tones":
        """The palette where a reader prefers dark; designed for itself, not inverted."""
        return _tones(_DARK_PAPER, _DARK_INK, self.accent, READING)


class Tones(NamedTuple):
    """One palette. Every ink has the contrast its use needs."""

    paper: str
    ink: str
    quiet: str
    line: str
    wash: str
    accent: str
    button: str
    on_button: str


def read_look(kept: Mapping[str, Any], accent: str) -> Look:
    """The look of a publication as it keeps it; what this version does not know is left out."""
    known = {field.name for field in fields(Look)} - {"accent"}
    return Look(accent=accent, **{name: value for name, value in kept.items() if name in known})


def keep_look(look: Look) -> dict[str, Any]:
    """A look as a publication keeps it: what differs from the default."""
    default = asdict(Look())
    return {
        name: value for name, value in asdict(look).items() if name != "accent" and value != default[name]
    }


def _tones(paper: str, ink: str, accent: str, link_contrast: float) -> Tones:
    wash = mix(paper, ink, 0.05)
    button = readable(accent, paper, 3.0)
    on_button = "#ffffff" if contrast("#ffffff", button) >= SMALL else "#000000"
    return Tones(
        paper=paper,
        ink=ink,
        quiet=readable(mix(ink, paper, 0.32), wash, SMALL),
        line=mix(paper, ink, 0.12),
        wash=wash,
        accent=readable(accent, wash, link_contrast),
        button=button,
        on_button=on_button,
    )
