"""Stand-ins for holes while a text passes through templates, sanitiser and inliner."""

import re
import secrets
from collections.abc import Sequence

from newsletter.domain.holes import Hole


class Markers:
    """Words made of letters and digits only, unguessable to an author, each standing for one hole."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(8)
        self._holes: list[Hole] = []

    def mark(self, hole: Hole) -> str:
        """Return the word to write where the hole belongs."""
        if hole not in self._holes:
            self._holes.append(hole)
        return f"hole{self._nonce}x{self._holes.index(hole)}x"

    def split(self, text: str) -> Sequence[str | Hole]:
        """Cut a finished text at its markers."""
        parts = re.split(f"hole{self._nonce}x([0-9]+)x", text)
        pieces: list[str | Hole] = []
        for index, part in enumerate(parts):
            if index % 2:
                pieces.append(self._holes[int(part)])
            elif part:
                pieces.append(part)
        return pieces
