"""Addresses of pictures: from the address alone follow its size and the smaller copies there are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.identifiers import LENGTH

WIDTHS = (480, 960, 1440)
"""Pixels: smaller copies are made in these widths, and one in the picture's own."""

WIDEST = 2400
"""Pixels: what is larger is made smaller when it comes in."""

EXTENSIONS = {"jpeg": "jpg", "png": "png"}

_ADDRESS = re.compile(rf"(?:https?://[^/]+)?/media/([a-z2-7]{{{LENGTH}}})/(\d{{1,5}})x(\d{{1,5}})\.(jpg|png)")


@dataclass(frozen=True)
class PictureAddress:
    """A picture of ours, by what stands in its address."""

    public_id: str
    width: int
    height: int
    extension: str

    @property
    def whole(self) -> str:
        """The picture in its own size, in a format that every mail program knows."""
        return f"/media/{self.public_id}/{self.width}x{self.height}.{self.extension}"

    @property
    def widths(self) -> Sequence[int]:
        """The widths of its copies, the smallest first."""
        return (*(each for each in WIDTHS if each < self.width), self.width)

    def copy(self, width: int) -> str:
        """A copy of this width, in a format that browsers load faster."""
        return f"/media/{self.public_id}/{width}.webp"

    @property
    def srcset(self) -> str:
        """All copies, as HTML offers them to a browser."""
        return ", ".join(f"{self.copy(width)} {width}w" for width in self.widths)

    @property
    def thumbnail(self) -> str:
        """The smallest copy."""
        return self.copy(self.widths[0])


def read_picture_address(url: str) -> PictureAddress | None:
    """What an address says of a picture of ours; None when it is not one."""
    found = _ADDRESS.fullmatch(url)
    return PictureAddress(found[1], int(found[2]), int(found[3]), found[4]) if found else None
