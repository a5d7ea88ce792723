"""The envelope: who hands the mail in, and to whom it goes. It is not the letter."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Envelope:
    """Return path and recipient, ready for MAIL and RCPT."""

    return_path: str
    recipient: str

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address goes beyond ASCII (RFC 6531)."""
        return not (self.return_path.isascii() and self.recipient.isascii())
