"""What a comment may say, and where it stands in its thread."""

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.discussions import (
    EDIT_WITHIN,
    MAX_COMMENT,
    MAX_DEPTH,
    cleaned,
    comment_text,
    depth_of,
    end_of,
    is_young,
    path_of,
    says_something,
)
from newsletter.domain.errors import BadInput
from tests.support.factories import NOW

LARGEST = 99_999_999_998


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Hello  \n", "Hello"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("a\0b\x07c\x1bd\x7fe\x9ff", "abcdef"),
        ("a\tb\nc", "a\tb\nc"),
        ("exe\u202egpj\u202c.txt", "exegpj.txt"),
        ("\u2066a\u2069 \u2067b\u2068 \u202ac\u202b\u202d", "a b c"),
        ("in\u200bvi\u2060si\ufeffble\u00ad", "invisible"),
        ("half \ud83d a character", "half  a character"),
        ("quiet\U000e0041\U000e0042 words", "quiet words"),
        ("\ufffe\uffff\ufff9noncharacters", "noncharacters"),
    ],
)
def test_what_nobody_sees_is_taken_out(given: str, kept: str) -> None:
    assert cleaned(given) == kept


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم",  # Persian needs its joiners
        "👩‍👩‍👧 👍🏽 ❤️",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "שָׁלוֹם עֲלֵיכֶם",
        "Tiếng Việt",
        unicodedata.normalize("NFD", "Tiếng Việt ễ ǟ"),
        "नमस्ते दुनिया",
        "ที่นี่",
        "שלום (עולם)\u200f!",
    ],
)
def test_scripts_and_emoji_stay_as_they_are(text: str) -> None:
    assert cleaned(text) == text


def test_towers_of_marks_are_cut() -> None:
    tower = "Z" + "\u0301" * 500 + "algo"

    assert len(cleaned(tower)) < 15
    assert cleaned(tower).endswith("algo")


def test_joiners_do_not_pad() -> None:
    assert cleaned("a" + "\u200d" * 500 + "b") == "a\u200db"
    assert cleaned("a \u200d\u200c\u200d b") == "a  b"
    assert cleaned("a" + "\u200e\u200f" * 500 + "b") == "a\u200eb"


@given(st.text() | st.text("a \n\u0301\u061c\u200b\u200c\u200d\u200e\u202e\U0001f3f4\U000e0067\U000e007f"))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleaned(text)

    assert cleaned(once) == once
    once.encode()


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200b", "\u3164", "\u2800 \u00a0", "\u202e", "\u0301"])
def test_an_empty_comment_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="empty"):
        comment_text(text)


def test_a_long_comment_is_refused_and_its_limit_said() -> None:
    assert len(comment_text("a" * MAX_COMMENT)) == MAX_COMMENT
    for longer in (MAX_COMMENT + 1, 1_000_000):
        with pytest.raises(BadInput, match=f"{MAX_COMMENT} characters are the limit"):
            comment_text("a" * longer)


def test_padding_does_not_count_as_length() -> None:
    assert comment_text("\u200b" * MAX_COMMENT + "short") == "short"


@pytest.mark.parametrize("text", ["a", "7", "…", "👍", "ً م", "한"])
def test_words_signs_and_emoji_say_something(text: str) -> None:
    assert says_something(text)


def test_a_comment_can_be_changed_for_a_while() -> None:
    assert is_young(NOW, NOW + EDIT_WITHIN)
    assert not is_young(NOW, NOW + EDIT_WITHIN + timedelta(seconds=1))


def test_a_thread_sorted_by_its_paths_is_a_thread_as_it_is_read() -> None:
    first, second = path_of(1), path_of(2)
    answer, late, deep = path_of(3, first), path_of(40, first), path_of(20, path_of(3, first))

    assert sorted([second, late, deep, answer, first]) == [first, answer, deep, late, second]
    assert [depth_of(each) for each in (first, answer, deep)] == [0, 1, 2]


def test_an_answer_below_the_deepest_level_stands_beside_what_it_answers() -> None:
    path = ""
    for number in range(1, MAX_DEPTH + 1):
        path = path_of(number, path)
    assert depth_of(path) == MAX_DEPTH - 1

    beside = path_of(99, path)

    assert depth_of(beside) == MAX_DEPTH - 1
    assert beside > path
    assert not path < beside < end_of(path)
    assert len(path_of(LARGEST, path)) <= 90


@given(*[st.integers(1, LARGEST)] * 4)
def test_what_is_below_lies_between_a_path_and_its_end(own: int, child: int, deeper: int, other: int) -> None:
    path = path_of(own)
    below = path_of(child, path)

    assert path < below < end_of(path)
    assert path < path_of(deeper, below) < end_of(path)
    if other != own:
        assert not path < path_of(other) < end_of(path)


def test_paths_are_digits_alone_because_databases_sort_letters_by_their_language() -> None:
    assert path_of(123_456, path_of(7)).isdecimal()
