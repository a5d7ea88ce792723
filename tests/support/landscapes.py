"""Drawn landscapes, to stand where photographs would."""

import math
import random
from io import BytesIO

from PIL import Image, ImageDraw


def landscape(seed: int, width: int = 1600, height: int = 900) -> bytes:
    """Hills behind hills under a low sun, as a JPEG; another number is another place."""
    chance = random.Random(seed)
    hue = chance.random()
    image = Image.new("RGB", (width, height))
    brush = ImageDraw.Draw(image)
    for row in range(height):
        share = row / height
        brush.line([(0, row), (width, row)], fill=_colour(hue, 0.25, 0.93 - 0.25 * share))
    x, y, size = chance.uniform(0.2, 0.8) * width, height * 0.35, height * 0.09
    brush.ellipse((x - size, y - size, x + size, y + size), fill=_colour(hue + 0.5, 0.35, 0.95))
    for ridge in range(5):
        base, rise = height * (0.45 + 0.11 * ridge), height * 0.09
        waves = [(chance.uniform(1, 5), chance.uniform(0, 7)) for _each in range(3)]
        points = [
            (column, base + rise * sum(math.sin(f * column / width * 6 + p) for f, p in waves) / 3)
            for column in range(0, width + 8, 8)
        ]
        brush.polygon(
            [*points, (width, height), (0, height)], fill=_colour(hue + 0.03 * ridge, 0.3, 0.7 - 0.12 * ridge)
        )
    output = BytesIO()
    image.save(output, "JPEG", quality=90)
    return output.getvalue()


def _colour(hue: float, saturation: float, value: float) -> tuple[int, ...]:
    pixel = Image.new(
        "HSV", (1, 1), tuple(round(255 * (part % 1.0001)) for part in (hue % 1, saturation, value))
    )
    colour = pixel.convert("RGB").getpixel((0, 0))
    assert isinstance(colour, tuple)
    return tuple(int(part) for part in colour)
