"""What holds for every rule, and for any bytes at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.lint import Flaw, lint
from newsletter.mail.lint.linting import RULES
from tests.mail import test_lint_bodies, test_lint_headers, test_lint_lists
from tests.mail.test_lint_letters import GOOD, PAGE, SIGNED, html_as, in_base64, swapped

BROKEN = [*test_lint_headers.TABLE, *test_lint_bodies.TABLE, *test_lint_lists.TABLE]
SECRETS = ("zoe", "ann@", "tokenOne", "u-token", "example.org", "example.net", "letters.example")

PIECES = [
    *(b"\r\n", b"\r", b"\n", b"\0", b"\r\n ", b"\r\n\r\n", b":", b'"', b"\\", b"<", b">", b",", b";", b"="),
    *(b"=?utf-8?q?", b"=?utf-8?b?w6k=?=", b"?=", b"--=_abc123", b"--", b"=\r\n", b"=3D", b"\xc3\xa9", b" "),
    *(b"<!--", b"<title>", b"<html ", b"multipart/alternative; boundary=", b"@", b"xn--", b"https://[", b"%"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"mailto:", b"\xe2\x80\xae", b"\xff"),
]
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=20)),
    max_size=6,
)


def test_no_two_rules_share_a_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_rule_is_broken_somewhere_in_these_tests() -> None:
    assert {rule for rule, *_ in BROKEN} == {rule.name for rule in RULES}


def test_flaws_come_by_line() -> None:
    raw = swapped("MIME-Version: 1.0\n", "").replace(b"and more", b"and\0more")

    assert lint(raw.replace(b"letter.\r", b"letter. \r")) == [
        Flaw("mime-version", 0, "There is no MIME-Version."),
        Flaw("nul", 4, "The line holds a NUL, which no mail may."),
        Flaw("quoted-printable", 18, "The line ends with a space, which may be lost on the way."),
    ]


def test_many_flaws_of_one_kind_are_counted() -> None:
    flaws = lint(GOOD.replace(b"\r\n", b"\n"))

    assert [flaw.rule for flaw in flaws] == ["line-ends"] * 11
    assert [flaw.line for flaw in flaws] == list(range(1, 12))
    assert flaws[-1].message == "There are 23 more of these, the first one here."


def test_nothing_at_all_is_no_message() -> None:
    assert {flaw.rule for flaw in lint(b"")} >= {"last-line", "header-count", "mime-version", "alternative"}


@pytest.mark.parametrize("name", ["X" * 41, "ann@example.org", "X-A.b"])
def test_a_header_with_a_long_or_odd_name_is_not_named(name: str) -> None:
    flaws = lint(swapped("Subject: ", f"{name}: =?utf-8?q?a?=\nSubject: "))

    assert [flaw.message for flaw in flaws] == ["A header holds an encoded word where none may stand."]


def test_no_sentence_names_an_address_or_a_token() -> None:
    cut = [GOOD[:end] for end in range(len(GOOD))] + [GOOD[start:] for start in range(len(GOOD))]

    for raw in [*cut, *(raw for *_, raw in BROKEN)]:
        for flaw in lint(raw):
            assert not any(secret in flaw.message for secret in SECRETS), flaw


def test_a_part_without_a_body_has_its_flaws_on_the_last_line_there_is() -> None:
    raw = GOOD[: GOOD.index(b"\r\n<!DOCTYPE")]

    assert ("html-doctype", 24) in [(flaw.rule, flaw.line) for flaw in lint(raw)]


def test_a_character_reference_of_many_digits_is_judged() -> None:
    digits = b"&#" + b"9" * 5000 + b";"

    assert lint(html_as("7bit", PAGE.replace(b">x<", b">" + digits + b"<"))) != []


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_judged(raw: bytes) -> None:
    assert lint(raw) != []


@given(st.sampled_from([GOOD, SIGNED, in_base64(PAGE)]), CHANGES)
@settings(max_examples=500)
def test_a_letter_broken_anyhow_is_judged(raw: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    for place, length, piece in changes:
        start = int(place * len(raw))
        raw = raw[:start] + piece + raw[start + length :]

    last = len(raw.removesuffix(b"\n").split(b"\n"))
    assert all(0 <= flaw.line <= last and flaw.message for flaw in lint(raw))


@pytest.mark.parametrize(
    "piece",
    ['"\\"', "=?", "=?utf-8?q?", " ", '\t;a="', "<meta ", "<title", "<!--", "href  ", "&#1", "=3D", "."],
    ids=ascii,
)
def test_the_time_it_takes_grows_with_the_length_alone(piece: str) -> None:
    blob = (piece * 600_000)[:600_000].encode()
    raw = GOOD.replace(b"and more", blob).replace(b"<body>", blob)

    assert lint(raw.replace(b"; boundary", b"; a=" + blob + b"; boundary")) != []
