"""The black box of a sending process: how far each letter under way got, for whoever comes after it.

A file in memory outlives its process, whatever killed it, though not the machine. Each lane has a place
in it, and notes there that a body begins to leave, and that the relay took it. So of the letters that a
dead process had under way only those come in doubt whose bodies had begun to leave and were not answered.

A box is believed only if its process is surely dead (the lock on the file is free, and only death frees
it) and wrote it since this machine was started. Without one, as without this file, all are in doubt.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from time import time
from typing import NamedTuple

import structlog

from newsletter.delivery.entries import Lease, Recipient
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.outcomes import Outcome, Verdict

_log = structlog.get_logger(__name__)

_MARK = b"newsletter box 1\n"
_HEAD = 64
_DISTRUSTED = _HEAD - 1
_OLD = 7 * 24 * 3600.0
_PLACE = struct.Struct("<BxHIqq")  # stage, attempt, epoch, batch, subscriber
_PLACES = 8192
_SIZE = _HEAD + _PLACES * _PLACE.size
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SIGN = "#"
_ACCEPTED, _UNCERTAIN = Verdict.ACCEPTED, Verdict.UNCERTAIN  # Python 3.11 is slow to find them by their class


class Stage(IntEnum):
    """How far a letter got. Without a note nothing of it had left."""

    NOTHING_LEFT = 0
    BODY_LEAVING = 1
    TAKEN = 2


_NOTHING_LEFT, _BODY_LEAVING, _TAKEN = (stage.value for stage in Stage)


class Letter(NamedTuple):
    """One try of one letter, under one lease."""

    batch_id: int
    epoch: int
    subscriber_id: int
    attempt: int


class Notes:
    """Where one lane notes how far its letter got. Without a box nothing is kept."""

    def __init__(self, box: mmap.mmap | None = None, offset: int = 0) -> None:
        self._box = box
        self._offset = offset

    def leaves(self, lease: Lease, recipient: Recipient) -> None:
        """A body begins to leave; the outcome of the one before is durable by now."""
        box, offset = self._box, self._offset
        if box is None:
            return
        box[offset] = _NOTHING_LEFT  # until all the rest is written
        _PLACE.pack_into(
            box,
            offset,
            _NOTHING_LEFT,
            recipient.attempt,
            lease.epoch,
            lease.batch_id,
            recipient.subscriber_id,
        )
        box[offset] = _BODY_LEAVING

    def answered(self, outcome: Outcome) -> None:
        """The relay's word is there, or it is sure that there will be none; before anything is made of it."""
        if self._box is None or outcome.verdict is _UNCERTAIN:
            return
        self._box[self._offset] = _TAKEN if outcome.verdict is _ACCEPTED else _NOTHING_LEFT


NO_NOTES = Notes()


class BlackBox:
    """The box of this process. Its name stands in the leases the process takes."""

    def __init__(self, name: str = "", file: int = -1, box: mmap.mmap | None = None) -> None:
        self.name = name
        self._file = file
        self._box = box
        self._given = 0

    def notes(self) -> Notes:
        """A place for one more lane."""
        if self._box is None:
            return NO_NOTES
        if self._given == _PLACES:
            self.distrust()
            return NO_NOTES
        self._given += 1
        return Notes(self._box, _HEAD + (self._given - 1) * _PLACE.size)

    def distrust(self) -> None:
        """Something under way has no note here, or will have none: from now on the box tells nothing."""
        if self._box is not None:
            self._box[_DISTRUSTED] = 1

    def signed(self, owner: str) -> str:
        """The owner of a lease, with the name of the box."""
        return f"{owner}{_SIGN}{self.name}" if self.name else owner

    def close(self) -> None:
        """Let go of it; the next sweep takes it away."""
        if self._box is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)  # closing is not enough: what is in memory holds it too
            os.close(self._file)
            self._box, self.name = None, ""


NO_BOX = BlackBox()


@dataclass(frozen=True)
class Remains:
    """What the box of a dead process says; None when it cannot be believed."""

    stages: Mapping[Letter, Stage] | None = None

    def stage(self, letter: Letter) -> Stage:
        """How far a letter got that its batch names as under way."""
        if self.stages is None:
            return Stage.BODY_LEAVING
        return self.stages.get(letter, Stage.NOTHING_LEFT)


@dataclass(frozen=True)
class Boxes:
    """The boxes of all processes on this machine, in one folder."""

    folder: Path

    def open(self) -> BlackBox:
        """A box for this process; one that keeps nothing where none can be kept."""
        if not _boot_id():
            return BlackBox()
        name = new_public_id()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._unnamed(name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                box = _prepare(file)
                self._unnamed(name).rename(self.folder / name)  # locked before anybody sees it
            except OSError:
                os.close(file)
                self._unnamed(name).unlink()
                raise
        except OSError as error:
            _log.warning("no_black_box", folder=str(self.folder), reason=error.strerror)
            return BlackBox()
        return BlackBox(name, file, box)

    def of_the_dead(self) -> Mapping[str, Remains]:
        """What processes left that ended since this machine was started, by the names of their boxes.

        Boxes of other machines, which a shared folder may hold, are theirs to read.
        """
        contents = {name: self._read_if_dead(name) for name in self._names()}
        self.forget(name for name, content in contents.items() if self._is_old(name, content))
        return {name: remains_in(content) for name, content in contents.items() if _is_of_this_run(content)}

    def forget(self, names: Iterable[str]) -> None:
        """Take boxes away whose tale was heard."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def _names(self) -> Sequence[str]:
        try:
            return [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        except FileNotFoundError:
            return []

    def _unnamed(self, name: str) -> Path:
        return self.folder / f".{name}"

    def _read_if_dead(self, name: str) -> bytes:
        with suppress(FileNotFoundError, BlockingIOError), (self.folder / name).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file.read()
        return b""

    def _is_old(self, name: str, content: bytes) -> bool:
        """Whether nobody will ever ask for it: its machine was started anew, and that is long ago."""
        if not content or _is_of_this_run(content):
            return False
        with suppress(FileNotFoundError):
            return time() - (self.folder / name).stat().st_mtime > _OLD
        return False


def box_of(owner: str) -> str:
    """The name of the box that a lease's owner keeps; "" for none."""
    return owner.partition(_SIGN)[2].partition(" ")[0]


def _prepare(file: int) -> mmap.mmap:
    fcntl.flock(file, fcntl.LOCK_EX)
    os.posix_fallocate(file, 0, _SIZE)  # a page that found no room later would kill us
    os.pwrite(file, _MARK + _boot_id(), 0)
    return mmap.mmap(file, _SIZE)


def _is_of_this_run(content: bytes) -> bool:
    return content.startswith(_MARK + _boot_id() + b"\0")


def remains_in(content: bytes) -> Remains:
    """Read what a box of this run of the machine says."""
    if len(content) != _SIZE or content[_DISTRUSTED]:
        return Remains()
    stages: dict[Letter, Stage] = {}
    for stage, attempt, epoch, batch_id, subscriber_id in _PLACE.iter_unpack(content[_HEAD:]):
        letter = Letter(batch_id, epoch, subscriber_id, attempt)
        stages[letter] = max(Stage(stage), stages.get(letter, Stage.NOTHING_LEFT))
    return Remains(stages)


@cache
def _boot_id() -> bytes:
    """What tells this run of the machine from all others; empty where the system does not say."""
    try:
        return _BOOT_ID.read_bytes().strip()
    except OSError:
        return b""
