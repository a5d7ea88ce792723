"""Signatures that every receiver finds sound, and that nobody can carry over to another letter."""

import hashlib
import re
from base64 import b64decode

import pytest
from listunsub import dkim_covers

from newsletter.domain.errors import BadSetting, BrokenPromise
from newsletter.mail.dkim.canonical import relaxed_headers
from newsletter.mail.dkim.keys import DkimKey, KeyKind, new_key
from newsletter.mail.dkim.signing import DkimSigner
from tests.mail import dkim_vectors
from tests.mail.dkim_receiver import verdicts
from tests.mail.written_headers import headers

NOW = 1_700_000_000
RSA = new_key("example.org", "2026a", KeyKind.RSA)
ED25519 = new_key("example.org", "2026e", KeyKind.ED25519)
BOTH = (RSA, ED25519)

HEADERS = b"""\
Date: Mon, 04 May 2026 12:30:15 +0000
From: The Paper <paper@example.org>
To: Ann <ann@example.net>
Subject: A subject
Message-ID: <1.2@example.org>
List-Id: Letters <abc.def.example.org>
List-Unsubscribe: <https://letters.example/u/token>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Precedence: bulk
X-Auto-Response-Suppress: OOF, AutoReply
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
""".replace(b"\n", b"\r\n")
LETTER = HEADERS + b"\r\nHello  Ann,\r\n\r\n\tall =\r\nis well. \r\n\r\n"

CLOSED = [
    *("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
]
AS_THEY_OCCUR = [
    *("Content-Transfer-Encoding", "List-Id", "List-Archive", "Feedback-ID", "Auto-Submitted", "Precedence"),
]


def signed(letter: bytes = LETTER, keys: tuple[DkimKey, ...] = BOTH) -> bytes:
    return DkimSigner(keys).sign([letter], NOW) + letter


def hold(message: bytes) -> bool:
    """Whether both signatures hold; they never differ."""
    rsa, ed25519 = verdicts(message, BOTH)
    assert rsa == ed25519
    return rsa


def tags(signature: bytes) -> dict[str, str]:
    line = relaxed_headers(signature.removesuffix(b"\r\n"))[b"dkim-signature"][0]
    parts = line.removeprefix(b"dkim-signature:").decode().split("; ")
    return {name: value.replace(" ", "") for name, _, value in (part.partition("=") for part in parts)}


@pytest.mark.parametrize(
    ("keys", "algorithms"),
    [
        ((RSA,), ["rsa-sha256"]),
        ((RSA, ED25519), ["rsa-sha256", "ed25519-sha256"]),
        ((ED25519, RSA), ["rsa-sha256", "ed25519-sha256"]),
    ],
)
def test_there_is_a_sound_signature_for_each_key(keys: tuple[DkimKey, ...], algorithms: list[str]) -> None:
    message = signed(keys=keys)

    assert re.findall(r"\ba=([\w-]+);", message.decode()) == algorithms
    assert verdicts(message, keys) == [True] * len(keys)


def test_a_signature_says_how_it_was_made() -> None:
    said = tags(DkimSigner([RSA]).sign([LETTER], NOW))

    assert list(said) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
    assert (said["v"], said["a"], said["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (said["d"], said["s"], said["t"]) == ("example.org", "2026a", "1700000000")
    body = b"Hello Ann,\r\n\r\n all =\r\nis well.\r\n"
    assert b64decode(said["bh"]) == hashlib.sha256(body).digest()


def test_another_key_finds_it_false() -> None:
    stranger = DkimKey("example.org", "2026a", new_key("example.org", "x", KeyKind.RSA).private)

    assert verdicts(signed(keys=(RSA,)), [stranger]) == [False]


def test_a_letter_may_come_in_any_pieces() -> None:
    signer = DkimSigner([RSA])

    assert signer.sign([bytes([byte]) for byte in LETTER], NOW) == signer.sign([LETTER], NOW)


def test_a_header_is_signed_as_often_as_it_occurs_and_some_once_more() -> None:
    twice = b"Precedence: list\r\nList-Archive: <https://a.example/>\r\n"
    names = tags(DkimSigner([RSA]).sign([twice + LETTER], NOW))["h"].split(":")

    once = {"reply-to", "cc", "list-id", "list-archive"}
    assert set(names) == {*map(str.lower, CLOSED), "list-id", "list-archive", "precedence"}
    assert {name: names.count(name) for name in names} == {
        name: 1 if name in once else 2 for name in set(names)
    }


def test_what_changes_on_the_way_is_not_signed() -> None:
    letter = b"Return-Path: <a@b.org>\r\nReceived: from a\r\nBcc: c@d.org\r\nX-Mailer: e\r\n" + LETTER
    signature = DkimSigner(BOTH).sign([letter], NOW)

    assert not {"return-path", "received", "bcc", "x-mailer"} & set(tags(signature)["h"].split(":"))
    assert hold(signature + letter.partition(b"X-Mailer: e\r\n")[2])


@pytest.mark.parametrize("name", [*CLOSED, *AS_THEY_OCCUR])
def test_a_signed_header_cannot_be_changed(name: str) -> None:
    others = re.sub(rb"(?m)^%b:.*\r\n" % name.encode(), b"", LETTER)
    letter = f"{name}: one\r\n".encode() + others

    assert hold(signed(letter))
    assert not hold(signed(letter).replace(b": one\r\n", b": two\r\n"))
    assert not hold(signed(letter).replace(f"{name}: one\r\n".encode(), b""))


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("place", ["top", "bottom"])
@pytest.mark.parametrize("present", [True, False], ids=["present", "absent"])
def test_nobody_adds_another(name: str, place: str, present: bool) -> None:
    mine, theirs = f"{name}: mine\r\n".encode(), f"{name}: theirs\r\n".encode()
    letter = re.sub(rb"(?m)^%b:.*\r\n" % name.encode(), b"", LETTER)
    if present or name == "From":
        letter = mine + letter
    message = signed(letter)

    head, _, body = message.partition(b"\r\n\r\n")
    added = theirs + message if place == "top" else head + b"\r\n" + theirs + b"\r\n" + body

    assert hold(message)
    assert not hold(added)


def test_headers_of_one_name_are_signed_from_the_bottom_up() -> None:
    first, second = b"Precedence: one\r\n", b"Precedence: two\r\n"

    assert hold(signed(first + second + LETTER))
    assert not hold(signed(first + second + LETTER).replace(first + second, second + first))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Subject: A subject\r\n", b"Subject: A\r\n subject\r\n"),
        (b"Subject: A subject\r\n", b"Subject:\r\n\tA\r\n\t \tsubject\r\n"),
        (b"Subject: A subject\r\n", b"Subject:  A  subject \t\r\n"),
        (b"Subject: A subject\r\n", b"SUBJECT:A subject\r\n"),
        (b"Hello  Ann,\r\n", b"Hello Ann,\r\n"),
        (b"Hello  Ann,\r\n", b"Hello\t \tAnn, \t\r\n"),
        (b"is well. \r\n", b"is well.\r\n"),
        (b"is well. \r\n\r\n", b"is well. \r\n"),
        (b"is well. \r\n\r\n", b"is well. \r\n" + b" \r\n" * 40),
        (b"DKIM-Signature: v=1; a=", b"dkim-signature:\r\n\tv=1;\r\n  a="),
        (b"\r\n b=", b" b="),
    ],
)
def test_what_relays_do_to_a_letter_does_no_harm(before: bytes, after: bytes) -> None:
    message = signed()

    assert before in message
    assert hold(message.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Hello", b"Hallo"),
        (b"Hello", b" Hello"),
        (b"is well", b"iswell"),
        (b"Ann,\r\n\r\n", b"Ann,\r\n"),
        (b"Ann,\r\n", b"Ann,\r\n\r\n"),
        (b"Subject: A subject", b"Subject: a subject"),
        (b"Subject: A subject", b"Subject: Asubject"),
        (b"t=1700000000", b"t=1700000001"),
        (b"d=example.org", b"d=example.net"),
    ],
)
def test_any_other_change_breaks_it(before: bytes, after: bytes) -> None:
    message = signed()

    assert before in message
    assert not hold(message.replace(before, after))


def test_every_byte_of_a_word_counts() -> None:
    message = signed()
    start = message.index(b"well")

    for at in range(start, start + 4):
        assert not hold(message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :])


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"\r\n",
            b"\r\n" * 2000,
            b" \r\n\t\r\n",
            b"a\r\n",
            b"a\r\n" + b"\r\n" * 2000,
            b"\r\n\r\na\r\n",
        ),
        *(b"a" * 998 + b"\r\n", b"a  b\t\tc \t d\r\n", b"  \r\na\r\n", b"\tb\r\n", b"\xc3\xa9\xff\0\r\n"),
        b"a",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_any_body_is_signed(body: bytes) -> None:
    assert hold(signed(HEADERS + b"\r\n" + body))


@pytest.mark.parametrize("body", [b"a ", b" ", b"a\r\n\t", b"a\r\n\r\n "])
def test_a_body_without_an_end_is_signed_as_it_travels(body: bytes) -> None:
    assert hold(signed(HEADERS + b"\r\n" + body) + b"\r\n")


def test_lines_have_at_most_78_characters() -> None:
    signature = DkimSigner(BOTH).sign([LETTER], NOW)

    lines = signature.removesuffix(b"\r\n").split(b"\r\n")
    assert 70 < max(map(len, lines)) <= 78
    assert all(re.fullmatch(rb"(DKIM-Signature:)?( \S+)+", line) for line in lines)


def test_a_long_domain_has_a_line_to_itself() -> None:
    keys = (DkimKey("abc." * 50 + "example.org", "s" * 20, RSA.private),)
    message = signed(keys=keys)

    assert b"\r\n d=%b;\r\n" % keys[0].domain.encode() in message
    assert verdicts(message, keys) == [True]


def test_our_own_headers_are_signed_and_unsubscribing_is_covered() -> None:
    letter = headers() + b"\r\nHello\r\n"

    signature = DkimSigner(BOTH).sign([letter], NOW)

    assert hold(signature + letter)
    rsa, ed25519 = signature.decode().split("DKIM-Signature:")[1:]
    assert dkim_covers(rsa)
    assert dkim_covers(ed25519)


def test_the_keys_of_rfc_8463_sign_its_letter() -> None:
    keys = (dkim_vectors.rsa_key(), dkim_vectors.ed25519_key())
    letter = dkim_vectors.HEADERS + b"\r\n" + dkim_vectors.BODY_8463

    signature = DkimSigner(keys).sign([letter], NOW)

    assert verdicts(signature + letter, keys) == [True, True]
    assert {each.partition(b";")[0] for each in signature.split(b" bh=")[1:]} == {
        b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    }


@pytest.mark.parametrize(
    ("key", "published"),
    [
        (dkim_vectors.rsa_key(), dkim_vectors.RSA_SIGNATURE),
        (dkim_vectors.ed25519_key(), dkim_vectors.ED25519_SIGNATURE),
    ],
    ids=["RSA", "Ed25519"],
)
def test_the_signatures_of_rfc_8463_come_out_to_the_byte(key: DkimKey, published: bytes) -> None:
    unsigned, _, signature = published.removesuffix(b"\r\n").partition(b" b=")
    (own_line,) = relaxed_headers(unsigned + b" b=")[b"dkim-signature"]
    lines = relaxed_headers(dkim_vectors.HEADERS.removesuffix(b"\r\n"))
    text = b"\r\n".join((*(lines[name][0] for name in dkim_vectors.SIGNED_NAMES), own_line))

    assert key.sign(text) == b64decode(signature)
    assert verdicts(published + dkim_vectors.HEADERS + b"\r\n" + dkim_vectors.BODY_8463, [key]) == [True]


@pytest.mark.parametrize(
    ("keys", "domain"), [((), "a domain"), ((ED25519,), "example.org"), ((ED25519, ED25519), "example.org")]
)
def test_without_an_rsa_key_nothing_is_signed(keys: tuple[DkimKey, ...], domain: str) -> None:
    with pytest.raises(BadSetting, match=f"To sign for {re.escape(domain)} an RSA key is needed"):
        DkimSigner(keys)


@pytest.mark.parametrize("letter", [b"", b"\r\nbody", b"Subject: a\r\n\r\nFrom: a@b.org\r\n", HEADERS])
def test_what_is_no_letter_is_not_signed(letter: bytes) -> None:
    with pytest.raises(BrokenPromise, match="has From, and a blank line"):
        DkimSigner([RSA]).sign([letter], NOW)
