"""Parts with one thing wrong, and the one rule that says so."""

import pytest

from tests.mail.test_lint_letters import GOOD, PAGE, PLAIN, found, in_base64, rows, swapped

Broken = tuple[str, int, bytes]

BOUNDARY = 'multipart/alternative; boundary="=_abc123"'
BASED, ROWS = in_base64(PAGE), rows(PAGE)
TEXT = GOOD.index(b"Content-Type: text/plain")
HTML = GOOD.index(b"Content-Type: text/html")


def in_text(old: str, new: str) -> bytes:
    """The letter with its text part changed."""
    return GOOD[:TEXT] + swapped(old, new, GOOD[TEXT:])


def in_html(old: str, new: str) -> bytes:
    """The letter with its HTML part changed."""
    return GOOD[:HTML] + swapped(old, new, GOOD[HTML:])


def without_part(number: int) -> bytes:
    """The letter without its first or second part."""
    parts = GOOD.split(b"--=_abc123\r\n")
    del parts[number]
    end = b"" if number == 1 else b"--=_abc123--\r\n"
    return b"--=_abc123\r\n".join(parts) + end


STRUCTURE: list[Broken] = [
    ("mime-version", 0, swapped("MIME-Version: 1.0\n", "")),
    ("mime-version", 12, swapped("MIME-Version: 1.0", "MIME-Version: 1.1")),
    ("alternative", 13, swapped("multipart/alternative", "multipart/mixed")),
    ("alternative", 16, without_part(1)),
    ("alternative", 16, without_part(2)),
    ("alternative", 16, swapped("text/plain", "text/markdown")),
    ("alternative", 23, swapped("text/html", "text/enriched")),
    ("charset", 16, swapped("; charset=utf-8", "")),
    ("charset", 23, in_html("charset=utf-8", "charset=us-ascii")),
    ("parameters", 16, swapped("text/plain;", "text/plain; inline;")),
    ("parameters", 16, swapped("text/plain;", 'text/plain; name="a;')),
    ("parameters", 16, swapped("text/plain;", "text/plain; charset=utf-8;")),
    ("parameters", 16, swapped("text/plain;", "text/plain; name*=%C3%A9;")),
    ("parameters", 16, swapped("text/plain;", "text/plain; name*=utf-8''%C3%;")),
    ("parameters", 17, swapped("Content-Transfer", "Content-Disposition: inline; a b=c\nContent-Transfer")),
    ("parameters", 13, swapped('"=_abc123"', "=_abc123")),
    ("boundary", 13, GOOD.replace(b"=_abc123", b"=_abc{}")),
    ("boundary", 13, GOOD.replace(b" boundary", b"\r\n boundary").replace(b"=_abc123", b"a" * 71)),
    ("boundary", 13, swapped("; boundary=", "; bounds=")),
    ("boundary", 15, swapped('"=_abc123"', '"=_abc124"')),
    ("boundary", 0, swapped("--=_abc123--\n", "")),
    ("boundary", 28, PLAIN.replace(b">Leave<", b">--=_abc123<")),
    ("boundary", 34, GOOD + b"--=_abc123--\r\n"),
    ("boundary", 15, swapped("--=_abc123\n", "--=_abc123 \n")),
]

TRANSFER: list[Broken] = [
    ("transfer-encoding", 16, swapped("quoted-printable", "8bit")),
    ("transfer-encoding", 23, in_html("quoted-printable", "binary")),
    ("transfer-encoding", 1, swapped("\n\n", "\nContent-Transfer-Encoding: quoted-printable\n\n")),
    ("seven-bit", 28, PLAIN.replace(b">Leave<", ">é<".encode())),
    ("seven-bit", 15, swapped("\n\n--", "\n\né\n--")),
    ("seven-bit", 34, GOOD + "é\r\n".encode()),
    ("quoted-printable", 19, in_text("Hello Zo", "H" * 47 + " Zo")),
    ("quoted-printable", 19, in_text("letter.", "letter. ")),
    ("quoted-printable", 19, in_text("letter.", "letter.\t")),
    ("quoted-printable", 19, in_text("Zo=C3=AB", "Zo=c3=ab")),
    ("quoted-printable", 19, in_text("Zo=C3=AB", "Zo=C3=A")),
    ("quoted-printable", 19, in_text("Zo=C3=AB", "Zo=")),
    ("quoted-printable", 19, in_text("Zo=C3=AB", "Zoë")),
    ("quoted-printable", 19, in_text("Zo=C3=AB", "Zo\x1b")),
    ("quoted-printable", 20, in_text("tokenOne\n\n", "tokenOne=\n")),
    ("base64", 27, BASED.replace(b"\r\n" + ROWS[2][:1], ROWS[2][:1] + b"\r\n")),
    ("base64", 27, BASED.replace(ROWS[1], b"!" + ROWS[1][1:])),
    ("base64", 27, BASED.replace(ROWS[1], ROWS[1][:-1] + b" ")),
    ("base64", 26, BASED.replace(ROWS[-1], ROWS[-1][:-1])),
    ("base64", 26, BASED.replace(ROWS[1], b"AA==\r\n" + ROWS[1])),
    ("utf-8", 19, in_text("Zo=C3=AB", "Zo=EB")),
    ("utf-8", 26, in_base64(PAGE.replace(b">x<", b">\xe9<"))),
]

CONTENT: list[Broken] = [
    ("html-doctype", 26, in_html("<!DOCTYPE html>\n", "")),
    ("html-doctype", 26, in_html("<!DOCTYPE html>", "<!doctype html>")),
    ("html-doctype", 26, in_html("<!DOCTYPE html>", "\n<!DOCTYPE html>")),
    ("html-title", 26, in_html("<title>Caf=C3=A9</title>", "")),
    ("html-title", 26, in_html("Caf=C3=A9", "&nbsp; ")),
    ("html-language", 26, in_html(' lang=3D"en-GB"', "")),
    ("html-language", 26, in_html("en-GB", "")),
    ("html-language", 26, in_html(' dir=3D"ltr"', "")),
    ("html-language", 26, in_html('dir=3D"ltr"', 'dir=3D"left"')),
    ("html-charset", 26, in_html('<meta charset=3D"utf-8">', "")),
    ("html-charset", 26, in_html('"utf-8"', '"latin-1"')),
    ("left-open", 19, swapped("Hello", "hole0123456789abcdefx0x")),
    ("left-open", 19, swapped("Hello", "hole01234567=\n89abcdefx12x")),
    ("left-open", 26, in_base64(PAGE.replace(b">x<", b">hole0123456789abcdefx3x<"))),
    ("left-open", 4, swapped("and more", "hole0123456789abcdefx0x")),
    ("left-open", 3, swapped("Zo=C3=AB", "hole=30123456789abcdefx0x")),
    (
        "way-out",
        19,
        swapped("Leave the list: https://letters.example/u/", "Leave: https://letters.example/x/"),
    ),
    ("way-out", 26, in_html("example/u/", "example/p/")),
    ("way-out", 26, in_html("href=3D", "data-x=3D")),
    ("way-out", 26, in_html("<p><a", "<!--\n<p><a")),
    (
        "way-out",
        26,
        in_html('<a href=3D"https://letters.example/u/tokenOne">', "https://letters.example/u/ "),
    ),
    (
        "way-out",
        19,
        GOOD.replace(b"example/u/", b"example/").replace(b"example/tokenOne\r\n", b"example/other\r\n"),
    ),
]

TABLE = [*STRUCTURE, *TRANSFER, *CONTENT]


@pytest.mark.parametrize(
    ("rule", "line", "raw"), TABLE, ids=[f"{rule}-{at}" for at, (rule, *_) in enumerate(TABLE)]
)
def test_one_thing_wrong_is_found_by_one_rule(rule: str, line: int, raw: bytes) -> None:
    assert found(raw) == [(rule, line)]
