"""Files of pictures on disk."""

from pathlib import Path

import pytest

from newsletter.domain.errors import BadSetting, BrokenPromise
from newsletter.media.store import DiskStore

KEY = "abcdefghijklm/480.webp"


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(tmp_path / "media")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_put_is_there(store: DiskStore, tmp_path: Path) -> None:
    store.put(KEY, b"one")
    store.put("abcdefghijklm/640x400.jpg", b"two")

    assert store.get(KEY) == b"one"
    assert store.has(KEY)
    assert files(tmp_path) == [f"media/{KEY}", "media/abcdefghijklm/640x400.jpg"]


def test_what_is_not_there_is_nothing(store: DiskStore) -> None:
    assert store.get(KEY) is None
    assert not store.has(KEY)


def test_what_is_removed_is_gone_with_its_folder(store: DiskStore, tmp_path: Path) -> None:
    other = "abcdefghijklm/640x400.jpg"
    store.put(KEY, b"one")
    store.put(other, b"two")

    store.remove(KEY)
    assert store.get(KEY) is None
    assert store.get(other) == b"two"
    for key in (other, other, "../media"):
        store.remove(key)
    assert list((tmp_path / "media").iterdir()) == []


def test_putting_again_replaces_the_whole(store: DiskStore, tmp_path: Path) -> None:
    store.put(KEY, b"a long one")
    store.put(KEY, b"short")

    assert store.get(KEY) == b"short"
    assert files(tmp_path) == [f"media/{KEY}"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "abcdefghijklm",
        "abcdefghijklm/",
        "abcdefghijklm/..",
        "abcdefghijklm/../secret.key",
        "../secret.key",
        "../../etc/passwd",
        "/etc/passwd",
        "abcdefghijklm/480.webp/..",
        "abcdefghijklm/480.webp\n",
        "abcdefghijklm/480.webp\0",
        "abcdefghijklm/.480.webp",
        "abcdefghijklm//480.webp",
        "abcdefghijklm/480.svg",
        "abcdefghijklm/480.html",
        "abcdefghijklm/640x400.webp",
        "abcdefghijklm/480.jpg",
        "abcdefghijklm/٤٨٠.webp",
        "ABCDEFGHIJKLM/480.webp",
        "abcdefghijkl/480.webp",
        "abcdefghijklm\\..\\480.webp",
    ],
)
def test_nothing_but_a_picture_can_be_asked_for_or_written(
    store: DiskStore, tmp_path: Path, key: str
) -> None:
    (tmp_path / "secret.key").write_bytes(b"secret")
    (tmp_path / "media").mkdir()

    assert store.get(key) is None
    assert not store.has(key)
    with pytest.raises(BrokenPromise):
        store.put(key, b"x")
    assert files(tmp_path) == ["secret.key"]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"a file, where a folder should be")

    with pytest.raises(BadSetting, match="cannot be written"):
        DiskStore(tmp_path / "media").put(KEY, b"x")


def test_a_write_that_fails_leaves_nothing_behind(store: DiskStore, tmp_path: Path) -> None:
    (tmp_path / "media" / KEY / "in the way").mkdir(parents=True)

    with pytest.raises(BadSetting):
        store.put(KEY, b"x")
    assert files(tmp_path) == []


def test_others_on_the_machine_may_read_what_a_command_wrote(store: DiskStore, tmp_path: Path) -> None:
    store.put(KEY, b"x")

    assert (tmp_path / "media" / KEY).stat().st_mode & 0o444 == 0o444
