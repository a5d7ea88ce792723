"""Headers as bytes: each by the rule that fits it."""

from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.errors import BadInput
from newsletter.domain.holes import Hole
from newsletter.mail.message import (
    Mailbox,
    list_unsubscribe,
    notice_headers,
    reader_headers,
    to_line,
)
from tests.mail.written_headers import NAMES, NOW, SENDER, a_list, headers, parsed, shown_name


def test_a_campaign_letter_has_these_headers() -> None:
    message = parsed(headers())

    assert message.keys() == NAMES
    assert message["From"] == "The Paper <paper@example.org>"
    assert message["To"] == "Ann <ann@example.net>"
    assert message["Subject"] == "A subject"
    assert message["Message-ID"] == "<1.2@example.org>"
    assert message["List-Id"] == '"The Paper: Letters" <abc.def.example.org>'
    assert message["List-Unsubscribe"] == "<https://letters.example/u/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Precedence"] == "bulk"


def test_a_notice_says_that_a_machine_wrote_it_and_is_no_list_mail() -> None:
    pieces = notice_headers(SENDER)

    assert [piece.name for piece in pieces if isinstance(piece, Hole)] == [
        "date",
        "to",
        "subject",
        "message_id",
    ]
    message = parsed(b"".join(piece for piece in pieces if isinstance(piece, bytes)))
    assert message.keys() == ["From", "Auto-Submitted", "X-Auto-Response-Suppress"]
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "text", ["x" * 402, "x y " * 100, "é" * 300, "漢 " * 150], ids=["word", "words", "é", "漢"]
)
def test_a_long_text_is_folded_where_it_can_be(text: str) -> None:
    raw = headers(name=text, subject=text)

    longest = max(len(line) for line in raw.split(b"\r\n"))
    assert longest <= (998 if text == "x" * 402 else 78)
    assert str(parsed(raw)["Subject"]) == text.strip()


@pytest.mark.parametrize("char", ["x", '"', "\\", "."])
@pytest.mark.parametrize("length", [449, 450, 451, 998, 5000])
def test_a_word_without_end_is_broken_before_a_line_is_too_long(char: str, length: int) -> None:
    raw = headers(name=char * length, subject=char * length)

    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert str(parsed(raw)["Subject"]) == shown_name(raw, "To") == char * length


def test_a_line_has_at_most_78_characters() -> None:
    whole, folded = "x" * 34 + " " + "y" * 34, "x" * 34 + " " + "y" * 35

    assert b"Subject: %b\r\n" % whole.encode() in headers(subject=whole)
    assert b"Subject: %b\r\n %b\r\n" % (b"x" * 34, b"y" * 35) in headers(subject=folded)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ann", b"To: Ann <ann@example.net>\r\n"),
        ("Ann Bee-Cee", b"To: Ann Bee-Cee <ann@example.net>\r\n"),
        ("", b"To: ann@example.net\r\n"),
        (" \r\n ", b"To: ann@example.net\r\n"),
        ("J. Doe", b'To: "J. Doe" <ann@example.net>\r\n'),
        ("Doe, Ann", b'To: "Doe, Ann" <ann@example.net>\r\n'),
        ('Ann "A" \\', b'To: "Ann \\"A\\" \\\\" <ann@example.net>\r\n'),
        ("ann@example.com", b'To: "ann@example.com" <ann@example.net>\r\n'),
        ("Zoë", b"To: =?utf-8?q?Zo=C3=AB?= <ann@example.net>\r\n"),
        ('Zoë "Z"', b"To: =?utf-8?b?Wm/DqyAiWiI=?= <ann@example.net>\r\n"),
        ("Ann\r\nBcc: x@y.org", b'To: "Ann Bcc: x@y.org" <ann@example.net>\r\n'),
        ("Ann\u202eeve", b"To: Ann eve <ann@example.net>\r\n"),
    ],
    ids=[
        *("plain", "two words", "empty", "blank", "dot", "comma", "quotes", "address", "accent"),
        *("accent and quotes", "injection", "direction"),
    ],
)
def test_a_display_name_is_plain_quoted_or_encoded(name: str, line: bytes) -> None:
    assert reader_headers(Mailbox(name, "ann@example.net"), "1@example.org", NOW)["to"] == line


@pytest.mark.parametrize("address", ["ann@example.net", "zoë@example.net", "!#$%&'*+-/=?^_`{|}~.a@b.org"])
def test_an_address_is_written_as_it_is(address: str) -> None:
    assert to_line("", address) == f"To: {address}\r\n".encode()
    assert to_line("Ann", address) == f"To: Ann <{address}>\r\n".encode()


@pytest.mark.parametrize(
    "address",
    [
        *("", "a b@c.org", "a@b.org\r\nBcc: x@y.org", "a\0@b.org", "a@b.org, c@d.org", "<a@b.org>"),
        *(
            "a\u202e@b.org",
            "a\ud800@b.org",
            "a\x85@b.org",
            '"a"@b.org',
            "a" * 250 + "@b.org",
            "é" * 127 + "@b",
        ),
    ],
    ids=ascii,
)
def test_an_address_that_would_be_read_as_another_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="The address for the header To") as refused:
        to_line("Ann", address)

    assert not address or address not in str(refused.value)


def test_an_unsubscribe_link_is_never_broken() -> None:
    url = "https://letters.example/u/" + "a-B_9" * 60

    assert len(url) > 300
    assert list_unsubscribe(url) == f"List-Unsubscribe: <{url}>\r\n".encode()


def test_a_list_id_ends_in_the_id_that_never_changes() -> None:
    raw = headers(mailing_list=a_list("Zoës Blatt", "abc.def.example.org"))

    assert b"List-Id: =?utf-8?q?Zo=C3=ABs_Blatt?= <abc.def.example.org>\r\n" in raw


@pytest.mark.parametrize(
    "offset", [timedelta(0), timedelta(hours=5, minutes=30), timedelta(hours=-8)], ids=str
)
def test_a_date_is_read_as_the_moment_it_was_written_at(offset: timedelta) -> None:
    now = NOW.astimezone(timezone(offset))

    line = reader_headers(SENDER, "1@example.org", now)["date"].decode()

    assert parsedate_to_datetime(line.removeprefix("Date: ").strip()) == NOW


def test_a_date_is_written_in_the_form_of_mail() -> None:
    assert (
        reader_headers(SENDER, "1@example.org", NOW)["date"] == b"Date: Mon, 04 May 2026 12:30:15 +0000\r\n"
    )


def test_the_same_headers_are_written_every_time() -> None:
    assert headers("Zoë " * 40, "漢字 " * 60) == headers("Zoë " * 40, "漢字 " * 60)


def test_where_we_receive_a_reader_may_leave_by_mail_too() -> None:
    address = "letters+u1" + "a" * 26 + "0" * 16 + "@in.example.org"

    line = list_unsubscribe("https://letters.example/u/token", address)

    assert line == (
        b"List-Unsubscribe: <https://letters.example/u/token>,\r\n"
        b" <mailto:" + address.encode() + b"?subject=unsubscribe>\r\n"
    )


def test_a_list_names_its_archive_and_takes_no_posts() -> None:
    raw = headers()

    assert b"\r\nList-Archive: <https://letters.example/s/letters>\r\nList-Post: NO\r\n" in raw
    assert b"\r\nFeedback-ID: post:section:letter:publication\r\n" in raw


@given(st.text(st.sampled_from("ab é漢🎈.,=?_"), min_size=1, max_size=300))
@settings(max_examples=200)
def test_lines_with_encoded_words_keep_their_own_limit(text: str) -> None:
    raw = headers(text, text, Mailbox(text, "paper@example.org"), a_list(text, "abc.def.example.org"))

    assert all(len(line) <= 76 for line in raw.split(b"\r\n") if b"=?utf-8?" in line)
