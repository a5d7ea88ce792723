"""Keys on disk: whole or not at all, for their owner only, and nothing else beside them."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.domain.errors import BadSetting, Conflict
from newsletter.mail.dkim.key_folder import load_keys, write_key
from newsletter.mail.dkim.keys import DkimKey, KeyKind, new_key
from tests.mail.dkim_vectors import RSA_PEM


def a_key(selector: str = "2026a", domain: str = "example.org") -> DkimKey:
    return new_key(domain, selector, KeyKind.ED25519)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_keys_are_found_by_the_domain_they_sign_for(tmp_path: Path) -> None:
    written = [a_key("b"), a_key("a.mail"), a_key("c", "news.example.net")]
    for key in written:
        write_key(tmp_path, key)

    found = load_keys(tmp_path)

    assert {domain: [key.selector for key in keys] for domain, keys in found.items()} == {
        "example.org": ["a.mail", "b"],
        "news.example.net": ["c"],
    }
    assert {key.dns_record for keys in found.values() for key in keys} == {key.dns_record for key in written}


def test_without_a_folder_there_are_no_keys(tmp_path: Path) -> None:
    assert load_keys(tmp_path / "keys") == {}


@pytest.mark.parametrize("is_a_link", [False, True])
def test_a_domain_without_a_key_is_told(tmp_path: Path, is_a_link: bool) -> None:
    folder = tmp_path / "example.org"
    if is_a_link:
        folder.symlink_to(tmp_path / "nowhere")
    else:
        folder.mkdir()

    with pytest.raises(BadSetting, match=r"example\.org holds no key"):
        load_keys(tmp_path)


def test_a_key_is_for_its_owner_only(tmp_path: Path) -> None:
    with umask(0):
        path = write_key(tmp_path / "data" / "keys", a_key())

    assert path == tmp_path / "data" / "keys" / "example.org" / "2026a.pem"
    assert [mode(each) for each in (path, path.parent, path.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_selector_keeps_its_first_key(tmp_path: Path) -> None:
    first = a_key()
    path = write_key(tmp_path, first)

    with pytest.raises(Conflict, match=r"2026a\.pem already\. Choose another selector\."):
        write_key(tmp_path, a_key())

    assert path.read_bytes() == first.to_pem()
    assert list(path.parent.iterdir()) == [path]


def test_of_many_writers_one_wins_and_nobody_sees_half_a_key(tmp_path: Path) -> None:
    def write(key: DkimKey) -> DkimKey | None:
        try:
            write_key(tmp_path, key)
        except Conflict:
            return None
        finally:
            load_keys(tmp_path)
        return key

    with ThreadPoolExecutor(8) as writers:
        winners = [key for key in writers.map(write, [a_key() for _ in range(40)]) if key]

    assert len(winners) == 1
    assert load_keys(tmp_path)["example.org"][0].dns_record == winners[0].dns_record


def test_a_draft_that_a_crash_left_is_passed_over(tmp_path: Path) -> None:
    path = write_key(tmp_path, a_key())
    (path.parent / ".draft").write_bytes(b"-----BEGIN")
    (tmp_path / ".keep").touch()

    assert list(load_keys(tmp_path)) == ["example.org"]


@pytest.mark.parametrize(
    ("file", "named", "content", "said"),
    [
        ("example.org/a.pem", "example.org/a.pem", b"", "This is no private key in PEM form."),
        ("example.org/a.pem", "example.org/a.pem", RSA_PEM[:300], "This is no private key in PEM form."),
        ("Example.org/a.pem", "Example.org/a.pem", RSA_PEM, "“Example.org” is no domain to sign for."),
        ("example.org/A b.pem", "example.org/A b.pem", RSA_PEM, "“A b” is no selector."),
        ("example.org/a.txt", "example.org/a.txt", b"v=DKIM1", "Move it elsewhere."),
        ("example.org/deeper/a.pem", "example.org/deeper", RSA_PEM, "Move it elsewhere."),
        ("example.org/a.pem/b.pem", "example.org/a.pem", RSA_PEM, "Move it elsewhere."),
        ("a.pem", "a.pem", RSA_PEM, "Move it elsewhere."),
    ],
)
def test_what_is_no_key_is_named(tmp_path: Path, file: str, named: str, content: bytes, said: str) -> None:
    write_key(tmp_path, a_key("sound", "example.net"))
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

    with pytest.raises(BadSetting) as refused:
        load_keys(tmp_path)

    assert f"{tmp_path / named} " in str(refused.value)
    assert said in str(refused.value)


def test_a_key_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    path = write_key(tmp_path, a_key()).with_name("lost.pem")
    path.symlink_to(tmp_path / "nowhere.pem")

    with pytest.raises(BadSetting, match=r"The key .*lost\.pem cannot be read: No such file"):
        load_keys(tmp_path)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.write_bytes(b"")

    with pytest.raises(BadSetting, match="keys does not belong here"):
        load_keys(folder)
    with pytest.raises(BadSetting, match=r"2026a\.pem cannot be written: File exists\."):
        write_key(folder, a_key())


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.symlink_to(folder)

    with pytest.raises(BadSetting, match=r"The folder of keys .*keys cannot be read: Too many levels"):
        load_keys(folder)
