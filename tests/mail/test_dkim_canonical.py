"""What relays may change without harm, and what they may not."""

import hashlib

import pytest

from newsletter.mail.dkim.canonical import relaxed_body, relaxed_headers
from tests.mail.dkim_vectors import BODY, BODY_8463, BODY_HASH


def test_the_example_of_rfc_6376() -> None:
    assert relaxed_headers(b"A: X\r\nB : Y\t\r\n\tZ  ") == {b"a": [b"a:X"], b"b": [b"b:Y Z"]}
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


@pytest.mark.parametrize("body", [BODY, BODY_8463], ids=["RFC 6376", "RFC 8463"])
def test_the_body_of_the_rfcs_has_their_hash(body: bytes) -> None:
    assert hashlib.sha256(relaxed_body(body)).digest() == BODY_HASH


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"\r\n" * 5000, b""),
        (b" ", b""),
        (b" \t\r\n\t \r\n", b""),
        (b"a", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a\r\n\r\n\r\n", b"a\r\n"),
        (b"a\r\n \r\n\t\r\n", b"a\r\n"),
        (b"a  ", b"a\r\n"),
        (b"a\r\n ", b"a\r\n"),
        (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
        (b"\r\na\r\n", b"\r\na\r\n"),
        (b"  a\r\n", b" a\r\n"),
        (b"\ta\r\n", b" a\r\n"),
        (b"a\tb\r\n", b"a b\r\n"),
        (b"a  b   c    d     e\r\n", b"a b c d e\r\n"),
        (b"a \t \t b\r\n", b"a b\r\n"),
        (b"a \t\r\n\t b\r\n", b"a\r\n b\r\n"),
        (b"a \r\n", b"a\r\n"),
        (b"a\x0b \x0cb\xa0 \r\n", b"a\x0b \x0cb\xa0\r\n"),
        (b"a=20\r\nb=\r\nc\r\n", b"a=20\r\nb=\r\nc\r\n"),
        (b"a" + b" " * 9999 + b"b\r\n", b"a b\r\n"),
        (b"a\r\n\n\r\n", b"a\r\n\n\r\n"),
    ],
)
def test_a_body_keeps_its_words_and_loses_its_spacing(body: bytes, relaxed: bytes) -> None:
    assert relaxed_body(body) == relaxed


@pytest.mark.parametrize(
    ("line", "relaxed"),
    [
        (b"Subject: Hello", b"subject:Hello"),
        (b"SUBJECT:Hello", b"subject:Hello"),
        (b"Subject \t:  Hello  ", b"subject:Hello"),
        (b"Subject:\r\n Hello", b"subject:Hello"),
        (b"Subject: a\r\n\tb\r\n   c", b"subject:a b c"),
        (b"Subject: a \r\n \r\n\t\r\n b", b"subject:a b"),
        (b"Subject: a  b\t\tc", b"subject:a b c"),
        (b"Subject: Re: A: B", b"subject:Re: A: B"),
        (b"Subject: Zo\xc3\xab \xc3\x84", b"subject:Zo\xc3\xab \xc3\x84"),
        (b"Subject:", b"subject:"),
        (b"Subject: \r\n ", b"subject:"),
    ],
)
def test_a_header_is_one_line_with_single_spaces(line: bytes, relaxed: bytes) -> None:
    assert relaxed_headers(b"From: a@b.org\r\n" + line + b"\r\nTo: c@d.org") == {
        b"from": [b"from:a@b.org"],
        b"subject": [relaxed],
        b"to": [b"to:c@d.org"],
    }


def test_headers_of_one_name_stay_in_order() -> None:
    headers = relaxed_headers(b"To: a@b.org\r\nFrom: c@d.org\r\nTO: e@f.org")

    assert headers[b"to"] == [b"to:a@b.org", b"to:e@f.org"]
