"""Colours as `#rrggbb`, and whether one can be read on another (WCAG 2.2, contrast ratio)."""

import colorsys
import re

from newsletter.domain.errors import BadInput

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEPS = 100


def parse_colour(text: str) -> str:
    """A colour as we write it. Raises BadInput."""
    colour = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", colour):
        colour = "#" + "".join(digit * 2 for digit in colour[1:])
    if not _COLOUR.fullmatch(colour):
        raise BadInput(f"“{text[:40]}” is not a colour such as #1f5f5b.")
    return colour


def contrast(one: str, other: str) -> float:
    """How far apart two colours are, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """A colour with a share of another in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return _written([one * (1 - share) + two * share for one, two in pairs])


def readable(colour: str, paper: str, ratio: float) -> str:
    """The colour nearest to this one, of its own hue, that has this contrast on the paper."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    towards = 0.0 if _luminance(paper) > 0.18 else 1.0
    for step in range(_STEPS + 1):
        share = step / _STEPS
        nearer = colorsys.hls_to_rgb(hue, lightness + (towards - lightness) * share, saturation)
        if contrast(_written(nearer), paper) >= ratio:
            return _written(nearer)
    return "#000000" if towards == 0.0 else "#ffffff"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _written(channels: "tuple[float, float, float] | list[float]") -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
