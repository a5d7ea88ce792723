"""The folder of keys: `DOMAIN/SELECTOR.pem`, for its owner's eyes only."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from newsletter.domain.errors import BadSetting, Conflict
from newsletter.mail.dkim.keys import DkimKey

_ENDING = ".pem"


def load_keys(folder: Path) -> Mapping[str, Sequence[DkimKey]]:
    """Every key in the folder, by the domain it signs for; none when there is no such folder.

    What begins with a dot is passed over. Raises BadSetting that names the file which is no key of ours.
    """
    keys: dict[str, list[DkimKey]] = {}
    for domain in _entries(folder):
        keys[domain.name] = [_load(file) for file in _entries(domain)]
        if not keys[domain.name]:  # or letters would leave unsigned, and nobody would know
            raise BadSetting(f"The folder {domain} holds no key. Make one, or remove the folder.")
    return keys


def write_key(folder: Path, key: DkimKey) -> Path:
    """Keep a key, and say where. The file appears whole or not at all.

    Raises Conflict if the selector has a key already, BadSetting if the folder cannot be written.
    """
    path = folder / key.domain / f"{key.selector}{_ENDING}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _write_whole(path, key.to_pem())
    except OSError as error:
        raise BadSetting(f"The key {path} cannot be written: {error.strerror}.") from error
    return path


def _entries(folder: Path) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return ()
    except NotADirectoryError as error:
        raise _foreign(folder) from error
    except OSError as error:
        raise BadSetting(f"The folder of keys {folder} cannot be read: {error.strerror}.") from error


def _load(file: Path) -> DkimKey:
    if file.suffix != _ENDING or file.is_dir():
        raise _foreign(file)
    try:
        return DkimKey.from_pem(file.parent.name, file.stem, file.read_bytes())
    except OSError as error:
        raise BadSetting(f"The key {file} cannot be read: {error.strerror}.") from error
    except BadSetting as error:
        raise BadSetting(f"The key {file} cannot be used. {error}") from error


def _foreign(path: Path) -> BadSetting:
    return BadSetting(
        f"{path} does not belong here: keys are kept as DOMAIN/SELECTOR{_ENDING}, and nothing else is kept "
        "with them. Move it elsewhere."
    )


def _write_whole(path: Path, content: bytes) -> None:
    """Of two processes at once the first one wins; nobody ever sees half a key."""
    draft, name = tempfile.mkstemp(prefix=".", dir=path.parent)  # readable by its owner only
    try:
        with os.fdopen(draft, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError as error:
        raise Conflict(f"There is a key {path} already. Choose another selector.") from error
    finally:
        Path(name).unlink()
