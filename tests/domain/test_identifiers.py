"""Public ids: thirteen characters that say nothing and come back as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.identifiers import LENGTH, new_public_id, public_id_bytes, public_id_from

CHARACTERS = set("abcdefghijklmnopqrstuvwxyz234567")


@given(st.binary(min_size=8, max_size=8))
@settings(max_examples=100)
def test_eight_bytes_come_back_from_a_public_id(raw: bytes) -> None:
    public_id = public_id_from(raw)

    assert public_id_bytes(public_id) == raw
    assert len(public_id) == LENGTH
    assert set(public_id) <= CHARACTERS


def test_a_new_public_id_is_one() -> None:
    public_id = new_public_id()

    assert len(public_id) == LENGTH
    assert set(public_id) <= CHARACTERS
    assert len(public_id_bytes(public_id)) == 8


def test_new_public_ids_differ() -> None:
    assert len({new_public_id() for _ in range(1000)}) == 1000


def test_public_ids_are_written_as_they_always_were() -> None:
    assert public_id_from(b"\x00\x01\x02\x03\x04\x05\x06\x07") == "aaaqeayeaudao"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "aaaaa",
        "a" * 12,
        "a" * 12 + "=",
        "a" * 14,
        "a" * 16,
        "1" * 13,
        "a" * 12 + "!",
        "é" * 13,
        "a\0" * 6,
    ],
    ids=["empty", "one", "three bytes", "cut", "padded", "long", "longer", "digit", "sign", "accents", "NUL"],
)
def test_what_is_no_public_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        public_id_bytes(text)
