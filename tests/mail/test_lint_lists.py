"""Letters to a list, and to one person, with one thing wrong, and the one rule that says so."""

import pytest

from tests.mail.test_lint_letters import GOOD, SIGNED, SINGLE, found, swapped

Broken = tuple[str, int, bytes]

UNSUBSCRIBE = "<https://letters.example/u/tokenOne>,\n <mailto:u-tokenOne@example.org>"
POST = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
LIST_ID = "=?utf-8?b?Wm/Dq3MgbGV0dGVycw==?= <mail.paper.example.org>"


def offering(value: str) -> bytes:
    """The letter with another List-Unsubscribe."""
    return swapped(UNSUBSCRIBE, value)


LISTS: list[Broken] = [
    ("list-unsubscribe", 0, swapped(f"List-Unsubscribe: {UNSUBSCRIBE}\n", "")),
    ("list-unsubscribe", 9, swapped(POST, f"List-Unsubscribe: <https://letters.example/u/two>\n{POST}")),
    *(
        ("list-unsubscribe", 7, offering(value))
        for value in (
            "",
            "https://letters.example/u/tokenOne",
            "<https://letters.example/u/tokenOne",
            "<https://letters.example/u/tokenOne> <mailto:u@example.org>",
            "<https://letters.example/u/tokenOne>; <mailto:u@example.org>",
            "<https://letters.example/u/tokenOne>,",
            "<https://letters.example/u/tokenOne> (leave)",
            "<https://letters.example/u/\n tokenOne>",
            "<https://letters.example/u/token One>",
            '<https://letters.example/u/"tokenOne">',
            "<mailto:u@example.org>",
            "<https://letters.example/u/tokenOne>,\n <https://letters.example/u/two>",
            "<https://letters.example/u/tokenOne>,\n <mailto:u@example.org>, <mailto:v@example.org>",
            "<https://letters.example/u/tokenOne>,\n <ftp://letters.example/u/>",
            "<https:///u/tokenOne>",
        )
    ),
    *(
        ("list-unsubscribe", 7, GOOD.replace(b"https://letters.example/", f"{start}/".encode()))
        for start in (
            "http://letters.example",
            "http://localhost.example",
            "https://[letters.example",
            "http://127.0.0.2",
        )
    ),
    ("one-click", 0, swapped(POST, "")),
    ("one-click", 10, swapped(POST, POST + POST)),
    ("one-click", 9, swapped("=One-Click", "=one-click")),
    ("one-click", 9, swapped("=One-Click", "=One-Click, more")),
    *(
        ("list-mailto", 7, swapped("u-tokenOne@example.org", address))
        for address in (
            "u" * 65 + "@example.org",
            "u%40a@example.org",
            "u%20a@example.org",
            "letters",
            "a@example.org,b@example.org",
            "a@localhost",
            "?to=a@example.org",
        )
    ),
    ("list-id", 0, swapped(f"List-Id: {LIST_ID}\n", "")),
    ("list-id", 7, swapped("List-Unsubscribe:", "List-ID: <mail.paper.example.org>\nList-Unsubscribe:")),
    *(
        ("list-id", 6, swapped(LIST_ID, value))
        for value in (
            "",
            "Letters",
            "mail.paper.example.org",
            "<mail>",
            "<mail..paper>",
            "<mail.paper",
            "<mail paper.example.org>",
            "<mail@paper.example.org>",
            "Zoe's letters. <mail.paper.example.org>",
            "a, <mail.paper.example.org>",
            '"Letters <mail.paper.example.org>',
            "<mail.paper.example.org> Letters",
            "<a> <mail.paper.example.org>",
            "<" + "a." * 127 + "ab>",
        )
    ),
    *(
        ("feedback-id", 10, swapped("post1:mail:campaign:paper", value))
        for value in (
            "",
            "post1:mail:paper",
            "post1:mail:a:b:paper",
            "post 1:mail:campaign:paper",
            "post1::campaign:paper",
            "post1:mail:campaign:",
            "post1:mail:campaign:four",
            "post1:mail:campaign:" + "s" * 16,
            "post1:mail:ann@example.org:paper",
        )
    ),
    ("feedback-id", 11, swapped("Precedence:", "Feedback-ID: post1:mail:campaign:paper\nPrecedence:")),
]

MACHINES: list[Broken] = [
    ("auto-submitted", 11, swapped("Precedence:", "Auto-Submitted: auto-replied\nPrecedence:")),
    ("auto-submitted", 0, swapped("Auto-Submitted: auto-generated\n", "", SINGLE)),
    ("auto-submitted", 6, swapped("auto-generated", "no", SINGLE)),
    ("auto-submitted", 6, swapped("auto-generated", "yes", SINGLE)),
    ("auto-submitted", 7, swapped("MIME-V", "Auto-Submitted: auto-generated\nMIME-V", SINGLE)),
]

SIGNATURES: list[Broken] = [
    ("dkim-list", 1, swapped("List-Unsubscribe:", "", SIGNED)),
    ("dkim-list", 1, swapped(":\n list-unsubscribe-post", "", SIGNED)),
    (
        "dkim-list",
        4,
        SIGNED[: SIGNED.index(b"Date")] + b"DKIM-Signature: h=from:from:list-unsubscribe;\r\n" + GOOD,
    ),
    ("dkim-from", 1, swapped("From:From:", "From:", SIGNED)),
    ("dkim-from", 1, swapped("From:From:", "", SIGNED)),
    ("dkim-from", 1, b"DKIM-Signature: v=1; b=abc\r\n" + SINGLE),
]

TABLE = [*LISTS, *MACHINES, *SIGNATURES]


@pytest.mark.parametrize(
    ("rule", "line", "raw"), TABLE, ids=[f"{rule}-{at}" for at, (rule, *_) in enumerate(TABLE)]
)
def test_one_thing_wrong_is_found_by_one_rule(rule: str, line: int, raw: bytes) -> None:
    assert set(found(raw)) == {(rule, line)}


@pytest.mark.parametrize("header", ["List-Id", "List-Unsubscribe", "Precedence"])
def test_each_of_three_headers_makes_a_list(header: str) -> None:
    line = GOOD[GOOD.index(f"\r\n{header}: ".encode()) + 2 :].split(b"\r\n", 1)[0].rstrip(b",") + b"\r\n"

    wanting = {"list-id", "list-unsubscribe", "one-click"} - {header.lower()}

    assert {rule for rule, _line in found(line + SINGLE)} == wanting


def test_mail_of_another_precedence_is_no_list() -> None:
    assert found(b"Precedence: first-class\r\n" + SINGLE) == []
