"""Replies are read whole, whatever pieces they arrive in; what is no reply is found out at once."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.domain.errors import OutOfStep
from newsletter.domain.outcomes import Reply
from newsletter.mail.smtp.replies import ReplyReader

LINE_LIMIT = 2048
LINES_LIMIT = 100

FRAGMENTS = st.sampled_from(
    [b"250 ok\r\n", b"250-", b"250 ", b"550 5.1.1 no\r\n", b"354", b"\r\n", b"\n", b"\r", b"-", b" ", b"\0"]
)
WIRE = st.lists(st.one_of(FRAGMENTS, st.binary(max_size=12)), max_size=30).map(b"".join)
CUTS = st.lists(st.integers(0, 400), max_size=20).map(sorted)


def read(*pieces: bytes) -> tuple[list[Reply], str]:
    """What was read, and what was wrong with the rest."""
    reader, replies = ReplyReader(), list[Reply]()
    try:
        for piece in pieces:
            replies.extend(reader.feed(piece))
    except OutOfStep as trouble:
        return replies, str(trouble)
    return replies, ""


@pytest.mark.parametrize(
    ("wire", "reply"),
    [
        pytest.param(b"250 2.1.0 fine\r\n", Reply(250, "2.1.0", "fine"), id="code, enhanced code and text"),
        pytest.param(b"250 fine\r\n", Reply(250, "", "fine"), id="no enhanced code"),
        pytest.param(b"250 2.1.0\r\n", Reply(250, "2.1.0", ""), id="no text"),
        pytest.param(b"354 \r\n", Reply(354), id="nothing behind the space"),
        pytest.param(b"354\r\n", Reply(354), id="nothing behind the code"),
        pytest.param(b"250 fine\n", Reply(250, "", "fine"), id="a line feed alone"),
        pytest.param(b"250  a \t b  \r\n", Reply(250, "", "a b"), id="white space is folded"),
        pytest.param("250 é\r\n".encode(), Reply(250, "", "é"), id="utf-8"),
        pytest.param(b"250 \xff\r\n", Reply(250, "", "\ufffd"), id="no utf-8"),
        pytest.param(b"250 a\x1b[31m\rb\r\n", Reply(250, "", "a [31m b"), id="controls"),
        pytest.param(b"250-a\r\n250-b\r\n250 c\r\n", Reply(250, "", "a b c"), id="three lines"),
        pytest.param(b"550-5.1.1 no\r\n550 5.1.1 never\r\n", Reply(550, "5.1.1", "no 5.1.1 never"), id="two"),
        pytest.param(b"250-\r\n250-a\r\n250\r\n", Reply(250, "", " a "), id="empty lines"),
        pytest.param(b"299 odd\r\n", Reply(299, "", "odd"), id="a code nobody knows"),
    ],
)
def test_a_reply_has_code_enhanced_code_and_text(wire: bytes, reply: Reply) -> None:
    assert read(wire) == ([reply], "")


@pytest.mark.parametrize(
    "wire",
    [
        b"hello\r\n",
        b"\r\n",
        b"25\r\n",
        b"2500 fine\r\n",
        b"250\tfine\r\n",
        b"150 fine\r\n",
        b"650 fine\r\n",
        b" 250 fine\r\n",
        b"+250 fine\r\n",
        "²50 fine\r\n".encode(),
        b"250-a\r\n550 b\r\n",
        b"250-a\r\nb\r\n",
        b"250-a\r\n\r\n",
    ],
)
def test_what_is_no_reply_is_out_of_step(wire: bytes) -> None:
    replies, trouble = read(wire)

    assert replies == []
    assert trouble.startswith("does not speak SMTP: ")


@pytest.mark.parametrize("size", range(1, 60))
def test_a_reply_split_in_pieces_is_read(size: int) -> None:
    wire = b"220 a\r\n250-b\r\n250-PIPELINING\r\n250 c\r\n354\r\n550 5.1.1 no\r\n"
    pieces = [wire[start : start + size] for start in range(0, len(wire), size)]

    replies, trouble = read(*pieces)

    assert [reply.code for reply in replies] == [220, 250, 354, 550]
    assert trouble == ""


def test_replies_before_the_one_that_is_none_were_read() -> None:
    replies, trouble = read(b"250 a\r\n250 b\r\nhello\r\n250 c\r\n")

    assert [reply.text for reply in replies] == ["a", "b"]
    assert trouble == "does not speak SMTP: hello"


@pytest.mark.parametrize(
    ("wire", "trouble"),
    [
        (b"250 " + b"x" * (LINE_LIMIT - 4) + b"\n", ""),
        (b"250 " + b"x" * (LINE_LIMIT - 3) + b"\n", "sends a line without end"),
        (b"x" * LINE_LIMIT, ""),
        (b"x" * (LINE_LIMIT + 1), "sends a line without end"),
        (b"250-a\r\n" * LINES_LIMIT + b"250 b\r\n", ""),
        (b"250-a\r\n" * (LINES_LIMIT + 1), "sends a reply without end"),
    ],
    ids=["long line", "too long line", "unended line", "too long unended line", "lines", "too many lines"],
)
def test_no_reply_fills_our_memory(wire: bytes, trouble: str) -> None:
    assert read(wire)[1] == trouble
    assert read(*(wire[at : at + 1] for at in range(len(wire))))[1] == trouble


def test_a_long_text_is_cut() -> None:
    replies, _trouble = read(b"250 2.0.0 " + b"x" * 1000 + b"\r\n")

    assert (replies[0].enhanced, len(str(replies[0]))) == ("2.0.0", len("250 ") + 500)


def test_only_a_reply_of_several_lines_leaves_its_lines() -> None:
    reader = ReplyReader()

    list(reader.feed(b"250-a\r\n250-SIZE 10\r\n250 b\r\n"))
    several = reader.lines
    list(reader.feed(b"250 one\r\n"))

    assert several == ["a", "SIZE 10", "b"]
    assert reader.lines == []


@pytest.mark.parametrize(
    ("wire", "is_empty"),
    [(b"", True), (b"220 go\r\n", True), (b"220 go\r\n2", False), (b"220-go\r\n", False), (b"\r", False)],
)
def test_a_reader_knows_whether_it_keeps_something(wire: bytes, is_empty: bool) -> None:
    reader = ReplyReader()

    list(reader.feed(wire))

    assert reader.is_empty is is_empty


def test_what_came_with_a_reply_is_still_kept_while_that_is_taken() -> None:
    reader = ReplyReader()

    replies = reader.feed(b"220 go\r\n250 behind it\r\n")

    assert next(replies).code == 220
    assert not reader.is_empty


@given(WIRE, CUTS)
@example(b"250 a\r\nnonsense\r\n", [7])
@example(b"250-a\r\n" * 101, [100, 200])
def test_the_same_bytes_are_the_same_replies_whatever_the_cuts(wire: bytes, cuts: list[int]) -> None:
    edges = [0, *(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[start:end] for start, end in pairwise(edges)]

    whole, in_pieces, byte_by_byte = read(wire), read(*pieces), read(*(bytes([byte]) for byte in wire))

    assert whole == in_pieces == byte_by_byte
    assert all(reply.text.isprintable() for reply in whole[0])
