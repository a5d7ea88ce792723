"""How a client tells who it is."""

import base64
import binascii


class Authentication:
    """AUTH PLAIN or LOGIN, line by line."""

    def __init__(self, mechanism: str) -> None:
        self._plain = mechanism == "PLAIN"
        self._said: list[str] = []

    def takes(self, line: str) -> bool:
        """Whether the line can be understood; it cannot when the client gives up."""
        try:
            text = base64.b64decode(line, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        self._said += text.split("\0")[1:] if self._plain else [text]
        return not self._plain or len(self._said) == 2

    @property
    def challenge(self) -> str:
        """What to ask next; nothing when all is said."""
        if len(self._said) == 2:
            return ""
        if self._plain:
            return "334 "
        return "334 UGFzc3dvcmQ6" if self._said else "334 VXNlcm5hbWU6"

    @property
    def credentials(self) -> tuple[str, str]:
        user, password = self._said
        return user, password
