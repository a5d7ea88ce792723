"""Bytes of pictures as people upload them."""

import random
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file."""
    output = BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def read(content: bytes) -> Image.Image:
    """A file as a picture, whole."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


def noise(width: int = 640, height: int = 400, seed: int = 1) -> Image.Image:
    """Something with as many colours as a photograph."""
    small = width // 4 + 1, height // 4 + 1
    pixels = Image.frombytes("RGB", small, random.Random(seed).randbytes(small[0] * small[1] * 3))
    return pixels.resize((width, height), Image.Resampling.BICUBIC)


def drawing(width: int = 640, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Something with few colours, which is different in each corner."""
    image = Image.new(mode, (width, height), "white")
    brush = ImageDraw.Draw(image)
    brush.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill="red")
    brush.rectangle((width // 2, height // 2, width, height), fill="blue")
    return image


def photo(width: int = 640, height: int = 400, **options: Any) -> bytes:
    """A JPEG."""
    return written(noise(width, height), "JPEG", **{"quality": 92, **options})
