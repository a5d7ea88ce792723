"""The envelope: who hands the mail in, and to whom it goes. It is not the letter."""

import re
from dataclasses import dataclass

from newsletter.domain.errors import BadAddress

_PLAIN = re.compile(r"[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Return path and recipient, ready for MAIL and RCPT, and the size of the letter if it is known.

    Raises BadAddress for an address that would end its command, or its path, too early.
    """

    return_path: str
    recipient: str
    size: int = 0

    def __post_init__(self) -> None:
        both = self.return_path + self.recipient
        if _PLAIN.fullmatch(both) is None and not _is_sayable(both):
            raise BadAddress("The address holds characters that no mail command can carry.")

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address goes beyond ASCII (RFC 6531)."""
        return not (self.return_path.isascii() and self.recipient.isascii())


def _is_sayable(address: str) -> bool:
    try:
        address.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return all(char.isprintable() and char not in "<> " for char in address)
