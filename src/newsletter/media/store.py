"""Where the files of pictures are: bytes under names that only we give, written once and never changed."""

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from newsletter.domain.errors import BadSetting, BrokenPromise
from newsletter.domain.identifiers import LENGTH

_KEY = re.compile(rf"[a-z2-7]{{{LENGTH}}}/(?:[0-9]{{1,5}}x[0-9]{{1,5}}\.(?:jpg|png)|[0-9]{{1,5}}\.webp)")
_READABLE = 0o644  # whoever serves the site need not be who ran a command


class Store(Protocol):
    """Keeps files by keys such as `abcdefghijklm/480.webp`."""

    def put(self, key: str, content: bytes) -> None:
        """Keep a file; it appears whole or not at all. Raises BadSetting when it cannot be written."""

    def get(self, key: str) -> bytes | None:
        """The file of that key, if there is one; whatever is no key has none."""

    def has(self, key: str) -> bool:
        """Whether there is a file of that key."""

    def remove(self, key: str) -> None:
        """Remove a file, if there is one."""


class DiskStore:
    """Keeps files in a folder, one folder a picture."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        """Keep a file; it appears whole or not at all. Raises BadSetting when it cannot be written."""
        path = self._path(key)
        if path is None:
            raise BrokenPromise(f"No file is kept under “{key[:100]}”.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content)
        except OSError as error:
            raise BadSetting(f"The picture {path} cannot be written: {error.strerror}.") from error

    def get(self, key: str) -> bytes | None:
        """The file of that key, if there is one. Raises BadSetting when it cannot be read."""
        path = self._path(key)
        try:
            return None if path is None else path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadSetting(f"The picture {path} cannot be read: {error.strerror}.") from error

    def has(self, key: str) -> bool:
        """Whether there is a file of that key."""
        path = self._path(key)
        return path is not None and path.is_file()

    def remove(self, key: str) -> None:
        """Remove a file, if there is one, and its folder with the last. Raises BadSetting."""
        path = self._path(key)
        if path is None:
            return
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as error:
            raise BadSetting(f"The picture {path} cannot be removed: {error.strerror}.") from error

    def _path(self, key: str) -> Path | None:
        return self._folder / key if _KEY.fullmatch(key) else None


def _write_whole(path: Path, content: bytes) -> None:
    """Nobody ever sees half a picture, and one that was seen outlives a power cut."""
    draft, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(draft, "wb") as file:
            os.fchmod(draft, _READABLE)
            file.write(content)
            file.flush()
            os.fsync(draft)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _write_through(path.parent)
    _write_through(path.parent.parent)


def _write_through(folder: Path) -> None:
    """Names are in the folder's own file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
