"""Reading replies: bytes as they arrive, in any pieces, become whole replies (RFC 5321 section 4.2)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from newsletter.domain.errors import OutOfStep
from newsletter.domain.outcomes import Reply, read_reply

_LINE_LIMIT = 2048
_REPLY_LIMIT = 100
_SHOWN = 500
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class ReplyReader:
    """Collects bytes and gives back each reply once it is complete.

    RFC 5321 allows 512 bytes a line; we allow four times that, and a hundred lines, and no more: a
    relay that never ends its reply must not fill our memory.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        """The lines of the newest reply, if it had several: EHLO's are read one by one."""
        self._rest = b""
        self._lines: list[bytes] = []
        self._unread = 0

    def feed(self, data: bytes) -> Iterator[Reply]:
        """Each reply these bytes complete. Raises OutOfStep at the first that is none."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._unread = len(lines)
        for line in lines:
            self._unread -= 1
            if line[3:4] == b" " and not self._lines and len(line) <= _LINE_LIMIT:
                self.lines = []
                yield _one_line(line)
            elif (reply := self._read_many(line)) is not None:
                yield reply
        if len(self._rest) > _LINE_LIMIT:
            raise OutOfStep("sends a line without end")

    def read_alone(self, line: bytes) -> Reply | None:
        """The reply that is this one whole line and nothing else, if it is one."""
        is_one = line[3:4] == b" " and line.find(b"\n") == len(line) - 1 and len(line) <= _LINE_LIMIT
        return _one_line(line[:-1]) if is_one and self.is_empty else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing unread is kept."""
        return not (self._rest or self._lines or self._unread)

    def _read_many(self, line: bytes) -> Reply | None:
        if len(line) > _LINE_LIMIT:
            raise OutOfStep("sends a line without end")
        found = _LINE.fullmatch(line.removesuffix(b"\r"))
        if found is None or (self._lines and self._lines[0][:3] != found[1]):
            raise OutOfStep(f"does not speak SMTP: {_printable(line)[:100] or 'an empty line'}")
        self._lines.append(found[1] + (found[3] or b""))
        if found[2] == b"-":
            if len(self._lines) > _REPLY_LIMIT:
                raise OutOfStep("sends a reply without end")
            return None
        code = int(found[1])
        self.lines = [_printable(each[3:]) for each in self._lines]
        self._lines = []
        return _reply(code, " ".join(self.lines))


@lru_cache(maxsize=64)  # most lines of a conversation are the same ones
def _one_line(line: bytes) -> Reply:
    found = _LINE.fullmatch(line.removesuffix(b"\r"))
    if found is None:
        raise OutOfStep(f"does not speak SMTP: {_printable(line)[:100]}")
    return _reply(int(found[1]), _printable(found[3]))


def _reply(code: int, text: str) -> Reply:
    return read_reply(code, text[:_SHOWN])


def _printable(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())
