"""Lines and headers with one thing wrong, and the one rule that says so."""

import pytest

from tests.mail.test_lint_letters import GOOD, found, swapped

Broken = tuple[str, int, bytes]

FROM = '"Return Path, weekly" <letters@example.org>'
TO = "=?utf-8?q?Zo=C3=AB?= <zoe@example.net>"
SUBJECT = "=?utf-8?q?Caf=C3=A9?= and more"


def without(header: str) -> bytes:
    """The letter without one header, which takes one line."""
    lines = GOOD.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.startswith(f"{header}: ".encode()))


def twice(header: str, value: str) -> bytes:
    """The letter with one more header, as its first."""
    return f"{header}: {value}\r\n".encode() + GOOD


BYTES: list[Broken] = [
    ("line-length", 5, swapped("and more", "\n " + "x" * 998)),
    ("line-length", 15, swapped("\n\n--", "\n\n" + "x" * 999 + "\n--")),
    ("line-ends", 19, GOOD.replace(b"letter.\r\nLeave", b"letter.\nLeave")),
    ("line-ends", 20, GOOD.replace(b"Leave the list:", b"Leave\rthe list:")),
    ("line-ends", 19, GOOD.replace(b"letter.\r\nLeave", b"letter.\r\r\nLeave")),
    ("line-ends", 4, GOOD.replace(b"and more\r\n", b"and more\n")),
    ("nul", 20, GOOD.replace(b"Leave the list:", b"Leave\0the list:")),
    ("nul", 4, GOOD.replace(b"and more", b"and\0more")),
    ("last-line", 33, GOOD.removesuffix(b"\r\n")),
]

COUNTS: list[Broken] = [
    *(("header-count", 0, without(name)) for name in ("From", "To", "Subject", "Date", "Message-ID")),
    ("header-count", 3, twice("From", FROM)),
    ("header-count", 4, twice("To", TO)),
    ("header-count", 5, twice("SUBJECT", "Another")),
    ("header-count", 2, twice("Date", "Mon, 04 May 2026 12:30:15 +0000")),
    ("header-count", 6, twice("Message-Id", "<abc.def@example.org>")),
    *(
        ("header-count", 2, f"{name}: a@example.org\r\n{name}: b@example.org\r\n".encode() + GOOD)
        for name in ("Cc", "Reply-To", "Sender")
    ),
    *(
        ("header-count", 2, f"{name}: <a@example.org>\r\n{name}: <b@example.org>\r\n".encode() + GOOD)
        for name in ("In-Reply-To", "References")
    ),
    ("header-count", 13, twice("MIME-Version", "1.0")),
    (
        "header-count",
        18,
        swapped("text/plain;", "text/plain; charset=utf-8\nX-A: b\nContent-Type: text/plain;"),
    ),
]

LINES: list[Broken] = [
    ("header-name", 2, swapped("\nFrom: ", "\nno header at all\nFrom: ")),
    ("header-name", 2, swapped("\nFrom: ", "\nX Header: a\nFrom: ")),
    ("header-name", 4, swapped("Subject: ", "Subject : ")),
    ("header-name", 2, swapped("\nFrom: ", "\n: a\nFrom: ")),
    ("header-name", 2, swapped("\nFrom: ", "\nX-É: a\nFrom: ")),
    ("header-name", 1, b" continued\r\n" + GOOD),
    ("header-empty-line", 5, swapped("and more", "and more\n ")),
    ("header-empty-line", 5, swapped("and more", "and\n\t \n more")),
    ("header-folding", 4, swapped(SUBJECT, "word " * 13 + "ends.")),
    ("header-folding", 5, swapped(SUBJECT, "word\n" + " word" * 15 + " xxx")),
    ("header-folding", 7, swapped(">,\n <mailto:u-tokenOne@", ">, <mailto:" + "u" * 40 + "@")),
    ("header-controls", 4, swapped("and more", "and\x07more")),
    ("header-controls", 4, swapped("and more", "and\x7fmore")),
    ("header-controls", 4, swapped("and more", "=?utf-8?q?a=0D=0AX:?=")),
    ("header-controls", 4, swapped("and more", "=?utf-8?q?=E2=80=AEa?=")),
    ("header-controls", 4, swapped("and more", "=?utf-8?b?4oCo?=")),
    ("header-controls", 4, swapped("and more", "=?utf-8?q?=C2=85?=")),
    ("header-controls", 3, swapped("Zo=C3=AB?= <zoe", "Zo=00?= <zoe")),
    ("header-controls", 3, swapped("<zoe@", "<zo\u202ee@")),
    ("header-ascii", 4, swapped(SUBJECT, "Café")),
    ("header-ascii", 3, swapped(TO, "Zoë <zoe@example.net>")),
    ("header-ascii", 2, swapped(FROM, '"Zoë" <letters@example.org>')),
    ("header-ascii", 4, swapped(SUBJECT, "Caf").replace(b"Caf", b"Caf\xe9", 1)),
    ("header-ascii", 16, swapped("text/plain;", 'text/plain; name="é";')),
]

ORIGIN: list[Broken] = [
    *(
        ("date", 1, swapped("Mon, 04 May 2026 12:30:15 +0000", date))
        for date in (
            "Mon, 04 May 2026 12:30:15 GMT",
            "Mon, 04 May 2026 12:30:15 -0000 (UTC)",
            "Mon, 04 May 2026 12:30:15",
            "Mon, 04 May 26 12:30:15 +0000",
            "Mon, 04 Mai 2026 12:30:15 +0000",
            "Tue, 04 May 2026 12:30:15 +0000",
            "Sat, 31 Feb 2026 12:30:15 +0000",
            "Mon, 04 May 2026 24:30:15 +0000",
            "Mon, 04 May 2026 12:30:15 +9900",
            "Mon, 04 May 0026 12:30:15 +0000",
            "2026-05-04T12:30:15+00:00",
        )
    ),
    *(
        ("message-id", 5, swapped("<abc.def@example.org>", message_id))
        for message_id in (
            "abc.def@example.org",
            "<abc.def@example.org",
            "<abc.def>",
            "<abc def@example.org>",
            "<abc@def@example.org>",
            "<abc..def@example.org>",
            "<@example.org>",
            "<abc@>",
            "<abc.def@example.org> <b@c>",
            "<a(b)@example.org>",
        )
    ),
]

WORDS: list[Broken] = [
    ("encoded-word-place", 5, swapped("Message-ID: ", "Comments: =?utf-8?q?a?=\nMessage-ID: ")),
    ("encoded-word-place", 2, swapped('"Return Path, weekly"', '"=?utf-8?q?Zo=C3=AB?="')),
    ("encoded-word-place", 3, swapped("<zoe@", "<=?utf-8?q?zo=C3=AB?=@")),
    ("encoded-word-place", 3, swapped(TO, "=?utf-8?q?zo=C3=AB?=@example.net")),
    ("encoded-word-place", 6, swapped("<mail.paper", "<=?utf-8?q?a?=.paper")),
    (
        "encoded-word-place",
        7,
        swapped("<https://letters.example/u/tokenOne>", "=?utf-8?q?=3Chttps=3A//x=3E?="),
    ),
    ("encoded-word-place", 16, swapped("text/plain;", 'text/plain; name="=?utf-8?q?a?=";')),
    ("encoded-word-neighbours", 4, swapped("A9?= and", "A9?=and")),
    ("encoded-word-neighbours", 4, swapped("Subject: ", "Subject: a")),
    ("encoded-word-neighbours", 4, swapped("and more", "=?utf-8?q?a?==?utf-8?q?b?=")),
    ("encoded-word-neighbours", 3, swapped("AB?= <zoe", "AB?=<zoe")),
    ("encoded-word-neighbours", 3, swapped("To: ", 'To: "a"')),
    ("encoded-word-neighbours", 6, swapped("?= <mail", "?=<mail")),
    ("encoded-word-form", 4, swapped("Caf=C3=A9?=", "Caf=C3=A9?")),
    ("encoded-word-form", 4, swapped("Caf=C3=A9", "Caf =C3=A9")),
    ("encoded-word-form", 4, swapped("Caf=C3=A9", "Caf=c3=a9")),
    ("encoded-word-form", 4, swapped("Caf=C3=A9", "Caf=C3=A")),
    ("encoded-word-form", 4, swapped("Caf=C3=A9", "Caf=E9")),
    ("encoded-word-form", 4, swapped("=?utf-8?q?Caf=C3=A9?=", "=?iso-8859-1?q?Caf=E9?=")),
    ("encoded-word-form", 4, swapped("=?utf-8?q?Caf=C3=A9?=", "=?utf-8?x?Caf?=")),
    ("encoded-word-form", 4, swapped("=?utf-8?q?Caf=C3=A9?=", "=?utf-8?q?=C3?=")),
    ("encoded-word-form", 4, swapped("=?utf-8?q?Caf=C3=A9?=", "=?utf-8?b?w6k?=")),
    ("encoded-word-form", 4, swapped("=?utf-8?q?Caf=C3=A9?=", "=?utf-8?b?w6k*?=")),
    ("encoded-word-form", 3, swapped("Zo=C3=AB", "Zo=C3=AB$")),
    ("encoded-word-form", 6, swapped("Wm/Dq3MgbGV0dGVycw==", "Wm/Dq3MgbGV0dGVycw=")),
    ("encoded-word-size", 5, swapped("and more", "and\n =?utf-8?b?" + "YWFh" * 16 + "?= more")),
    ("encoded-word-size", 4, swapped("and more", "and much more than a line with an encoded word has")),
    ("encoded-word-size", 5, swapped("and more", "and\n =?utf-8?q?" + "a" * 59 + "?= more")),
]

ADDRESSES: list[Broken] = [
    *(
        ("mailboxes", 3, swapped(TO, value))
        for value in (
            "",
            "zoe@example.net,",
            "zoe@example.net ann@example.net",
            "Zoe zoe@example.net",
            "Zoe <zoe@example.net",
            "<zoe@example.net> Zoe",
            "Zoe <zoe@example.net> <ann@example.net>",
            '"zoe@example.net"',
        )
    ),
    ("display-name", 3, swapped(TO, "J. Doe <zoe@example.net>")),
    ("display-name", 3, swapped(TO, "Zoe (me) <zoe@example.net>")),
    ("display-name", 3, swapped(TO, "readers: <zoe@example.net>")),
    ("display-name", 3, swapped(TO, "zoe@example.com <zoe@example.net>")),
    ("display-name", 2, swapped("From: ", "Reply-To: a@example.org, a.b <b@example.org>\nFrom: ")),
    *(
        ("address-form", 3, swapped("zoe@example.net", address))
        for address in (
            "zoe",
            "@example.net",
            ".zoe@example.net",
            "zoe.@example.net",
            "zo..e@example.net",
            "zo e@example.net",
            "zo@e@example.net",
            "zoe@",
            "zoe@localhost",
            "zoe@münchen.example",
            "zoe@xn--zzzzzzzz.example",
            "zoe@-a.example",
            "zoe@a_b.example",
            "zoe@example..net",
            "zoe@example.net.",
            "zoe@[127.0.0.1]",
        )
    ),
    ("address-form", 3, GOOD.replace(b"<zoe@", b"<zo\xeb@")),
    ("address-form", 3, GOOD.replace(TO.encode(), b"letters.example.net")),
    ("address-size", 3, swapped("<zoe@", "\n <" + "z" * 65 + "@")),
    ("address-size", 3, swapped("<zoe@", "\n <" + "é" * 33 + "@")),
    ("address-size", 3, swapped("<zoe@", "\n <zoe@" + ("x" * 60 + ".") * 3 + "y" * 56 + ".")),
    ("sender", 2, swapped("From: ", "From: editor@example.org, ")),
    ("sender", 2, swapped("\nFrom: ", "\nSender: a@example.org, b@example.org\nFrom: ")),
]

TABLE = [*BYTES, *COUNTS, *LINES, *ORIGIN, *WORDS, *ADDRESSES]


@pytest.mark.parametrize(
    ("rule", "line", "raw"), TABLE, ids=[f"{rule}-{at}" for at, (rule, *_) in enumerate(TABLE)]
)
def test_one_thing_wrong_is_found_by_one_rule(rule: str, line: int, raw: bytes) -> None:
    assert found(raw) == [(rule, line)]
