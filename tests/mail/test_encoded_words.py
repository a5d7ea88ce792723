"""Encoded words: those of Python's own package, made without it."""

from email.header import Header, decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mail.encoded_words import encoded_words

WRITTEN = st.one_of(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200),
    st.text(st.sampled_from("ab é漢🎈.,=?_"), max_size=300),
    st.builds(lambda char, count: char * count, st.sampled_from("aé漢🎈="), st.integers(1, 300)),
).filter(lambda text: bool(text.strip()))
LINES = st.sampled_from([60, 69, 75])


@given(WRITTEN, LINES)
@settings(max_examples=300)
def test_they_are_those_of_the_email_package(text: str, line: int) -> None:
    text = " ".join(text.split())

    theirs = Header(text, "utf-8", maxlinelen=line).encode(linesep="\n").replace("\n", "")

    assert encoded_words(text, line) == theirs


@given(WRITTEN, LINES)
@settings(max_examples=300)
def test_each_fits_its_line_and_all_are_read_as_one_text(text: str, line: int) -> None:
    words = encoded_words(text, line)

    assert max(map(len, words.split(" "))) <= line
    assert str(make_header(decode_header(words))) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zoë", "=?utf-8?q?Zo=C3=AB?="),
        ("Zoë Müller", "=?utf-8?b?Wm/DqyBNw7xsbGVy?="),
        ("Annalena Zoë", "=?utf-8?q?Annalena_Zo=C3=AB?="),
        ("漢字", "=?utf-8?b?5ryi5a2X?="),
        ("a\ud800", "=?utf-8?q?a=3F?="),
    ],
)
def test_the_shorter_encoding_is_taken(text: str, words: str) -> None:
    assert encoded_words(text, 69) == words
