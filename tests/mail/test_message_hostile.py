"""Whatever a name or a subject holds, there are no headers but ours, and they say what was written."""

import re
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.policy import default as default_policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.message import Mailbox, campaign_headers
from tests.mail.written_headers import NAMES, a_list, headers, parsed, shown_name

ENCODED_WORD = re.compile(r"=\?utf-8\?[bq]\?[^ ?]*\?=")

WRITTEN = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=120).filter(
    lambda text: "=?" not in text
)
BREAKS = ["\r\n", "\r", "\n", "\0", "\x0b", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800", "\t"]
WORDS = ["Bcc: x@y.org", "Bcc:x", "\r\n\r\n", " ", '"', "\\", "<", ">", ",", ":", "é", "漢" * 30, "a" * 90]
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(st.sampled_from(BREAKS + WORDS), max_size=12).map("".join),
)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@settings(max_examples=100)
def test_no_name_and_no_subject_makes_another_header(
    reader: str, subject: str, sender: str, title: str
) -> None:
    raw = headers(reader, subject, Mailbox(sender, "paper@example.org"), a_list(title, "abc.example.org"))

    assert parsed(raw).keys() == NAMES
    begun = [line for line in raw.split(b"\r\n") if line[:1] not in {b" ", b""}]
    assert [line.split(b":")[0].decode() for line in begun] == NAMES
    assert parsed(raw).get_content() == "body\r\n"
    assert all(line.strip() for line in raw.removesuffix(b"\r\n").split(b"\r\n"))
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert raw.isascii()
    assert b"\0" not in raw


@given(HOSTILE)
@settings(max_examples=100)
def test_no_header_turns_the_direction_of_writing(text: str) -> None:
    message = parsed(headers(name=text, subject=text))

    shown = str(message["Subject"]) + str(message["To"])
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2028\u2029\0\r\n\x85") & set(shown)


@given(HOSTILE)
@settings(max_examples=100)
def test_a_name_never_changes_the_address(name: str) -> None:
    message = parsed(headers(name, sender=Mailbox(name, "paper@example.org")))

    for header, address in (("To", "ann@example.net"), ("From", "paper@example.org")):
        value = message[header]
        assert isinstance(value, AddressHeader)
        assert [each.addr_spec for each in value.addresses] == [address]


@given(WRITTEN)
@settings(max_examples=100)
def test_a_subject_is_read_as_it_was_written(text: str) -> None:
    assert str(parsed(headers(subject=text))["Subject"]) == " ".join(text.split())


@given(WRITTEN)
@settings(max_examples=100)
def test_a_name_is_read_as_it_was_written(text: str) -> None:
    assert shown_name(headers(name=text), "To") == " ".join(text.split())


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=200))
@settings(max_examples=50)
def test_lines_fit_and_words_are_encoded_outside_quotes_only(subject: str, name: str) -> None:
    raw = headers(name, subject, Mailbox(name, "paper@example.org"), a_list(f"{name}: {name}", "abc.org"))

    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    for header in raw.decode().replace("\r\n ", " ").splitlines():
        for word in ENCODED_WORD.findall(header):
            assert header.startswith(("From:", "To:", "Subject:", "List-Id:"))
            assert len(word) <= 75
        assert not ENCODED_WORD.search("".join(header.split('"')[1::2]))


@pytest.mark.parametrize("text", ["=?utf-8?q?hello?=", "=?utf-8?q?=E2=80=AEgro.evil?="])
def test_what_looks_like_an_encoded_word_is_shown_as_it_was_typed(text: str) -> None:
    raw = b"".join(
        piece
        for piece in campaign_headers(
            Mailbox(text, "a@example.org"), text, a_list("List", "list.example.org")
        )
        if isinstance(piece, bytes)
    )

    message = message_from_bytes(raw + b"\r\n", policy=default_policy)

    assert message["Subject"] == text
    assert message["From"].addresses[0].display_name == text
