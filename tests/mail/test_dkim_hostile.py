"""Whatever stands in a letter: what we sign, a receiver finds sound."""

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.dkim.keys import KeyKind, new_key
from newsletter.mail.dkim.signing import DkimSigner
from tests.mail.dkim_receiver import verdicts

KEYS = (new_key("example.org", "2026a", KeyKind.RSA), new_key("example.org", "2026e", KeyKind.ED25519))

SPACES = [b" ", b"  ", b"\t", b" \t ", b" " * 70]
WORDS = [
    b"a",
    b"Ab",
    b":",
    b";",
    b"=",
    b"b=",
    b"; b=",
    b"bh=x",
    b"\xc3\xa9",
    b"=3D",
    b"=20",
    b"-" * 80,
    b"\0",
]
NAMES = [
    *(b"From", b"from", b"TO", b"Subject", b"List-Unsubscribe", b"List-Id", b"LIST-ID", b"Precedence"),
    *(b"X-Other", b"Received", b"Return-Path", b"A", b"DKIM-Signature-X", b"B"),
]
FOLDS = [b"\r\n ", b"\r\n\t", b"\r\n \r\n "]


def joined(parts: list[bytes], most: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(parts), max_size=most).map(b"".join)


HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), joined(SPACES + WORDS + FOLDS, 8)), max_size=12)
BODIES = joined([*SPACES, *WORDS, b"\xff", b"\x0b", *[b"\r\n"] * 8, b"\r\n\r\n\r\n"], 40)


@given(HEADERS, BODIES, st.integers(1, 50))
@settings(max_examples=300)
def test_any_letter_is_signed_so_that_it_holds(
    headers: list[tuple[bytes, bytes]], body: bytes, size: int
) -> None:
    lines = [b"%b:%b\r\n" % header for header in [*headers, (b"From", b" a@example.org")]]
    letter = b"".join([*lines, b"\r\n", body])
    pieces = [letter[at : at + size] for at in range(0, len(letter), size)]

    signature = DkimSigner(KEYS).sign(pieces, 1_700_000_000)

    assert verdicts(signature + letter + b"\r\n", KEYS) == [True, True]
    assert max(map(len, signature.split(b"\r\n"))) <= 78
