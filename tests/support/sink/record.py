"""The record: one line an accepted message, written before the sender hears of it."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from newsletter.mail.lint import lint
from tests.support.sink.letter import read_letter

_LINTED = 25
"""How many letters of a sink are held against the rules of mail: the others differ by their values only."""


@dataclass(frozen=True)
class Copy:
    """An accepted message, one a recipient."""

    recipient: str
    message_id: str
    body_address: str
    """The recipient, if its address stands in the body; else the first address there, or nothing."""
    return_path: str
    length: int


class Recorder:
    """Writes the record, and the whole messages too when there is a folder to keep them in."""

    def __init__(self, path: Path, keep: Path | None = None) -> None:
        self._keep = keep
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._waiting: list[bytes] = []
        self.messages = _mend(self._file)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)

    def add(self, raw: bytes, recipient: bytes, return_path: bytes) -> None:
        """Take a message; it counts for nothing before `flush`."""
        message_id, body_address = read_letter(raw, recipient)
        self._waiting.append(
            b"%b\t%b\t%b\t%b\t%d\n" % (recipient, message_id, body_address, return_path, len(raw))
        )
        self.messages += 1
        if self.messages <= _LINTED and b"\r\nX-Auto-Response-Suppress: " in raw:  # one of ours
            for flaw in lint(raw):
                print(f"letter {self.messages}: {flaw}", file=sys.stderr)
        if self._keep is not None:
            (self._keep / f"{self.messages:08}").write_bytes(raw)

    def flush(self) -> None:
        """Write down all that was taken, in one write."""
        if self._waiting:
            os.write(self._file, b"".join(self._waiting))
            self._waiting.clear()


def _mend(file: int) -> int:
    """Cut off a torn last line, whose message was never accepted; the number of lines that stay."""
    with os.fdopen(os.dup(file), "rb") as reading:
        reading.seek(0)
        content = reading.read()
    whole = content.rfind(b"\n") + 1
    os.ftruncate(file, whole)
    return content.count(b"\n")


class RecordReader:
    """Reads on where it stopped the last time; a line that is not complete yet waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._copies: list[Copy] = []

    def copies(self) -> list[Copy]:
        """All accepted messages so far."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._position)
                content = file.read()
            whole = content.rfind(b"\n") + 1
            self._position += whole
            self._copies += [_copy(line) for line in content[:whole].split(b"\n")[:-1]]
        return list(self._copies)


def read_record(path: Path) -> list[Copy]:
    """The accepted messages of a record; a torn last line counts for nothing."""
    return RecordReader(path).copies()


def _copy(line: bytes) -> Copy:
    recipient, message_id, body_address, return_path, length = line.decode("utf-8", "replace").split("\t")
    return Copy(recipient, message_id, body_address, return_path, int(length))
