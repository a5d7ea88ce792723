"""Posts as files, good and bad."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.domain.errors import BadPost
from newsletter.publishing.files import parse_post_file, read_post_file


def test_front_matter_and_text_are_taken_apart() -> None:
    post = parse_post_file(
        "---\ntitle: 'A: title'\nsubtitle: 42\nsection: mail\npublished: 2026-11-19\n---\n\nText\n", "a.md"
    )

    assert (post.title, post.subtitle, post.section, post.markdown) == ("A: title", "42", "mail", "Text\n")
    assert post.published == datetime(2026, 11, 19, 8, tzinfo=UTC)


def test_the_first_heading_is_the_title_when_none_is_given() -> None:
    post = parse_post_file("# Hello there\n\nText\n", "a.md")

    assert (post.title, post.markdown) == ("Hello there", "Text\n")


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf---\r\ntitle: Hello\r\n---\r\nText\r\n")

    assert read_post_file(path).title == "Hello"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("---\ntitle: x\n", "never ends"),
        ("---\ntitle: [x\n---\ntext", "line"),
        ("---\n- a\n- b\n---\ntext", "lines such as"),
        ("---\ntitel: x\n---\ntext", "knows no “titel”"),
        ("---\ntitle: {a: b}\n---\ntext", "must be text"),
        ("---\ntitle: x\npublished: soon\n---\ntext", "must be a date"),
        ("no title at all", "there is no title"),
        ("---\ntitle: !!python/object:os.system x\n---\ntext", "cannot be read"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(text: str, says: str) -> None:
    with pytest.raises(BadPost, match=says) as caught:
        parse_post_file(text, "letter.md")

    assert str(caught.value).startswith("letter.md: ")


def test_a_missing_file_and_one_that_is_not_text_are_sentences(tmp_path: Path) -> None:
    latin = tmp_path / "latin.md"
    latin.write_bytes("# Größe".encode("latin-1"))

    with pytest.raises(BadPost, match="No such file"):
        read_post_file(tmp_path / "missing.md")
    with pytest.raises(BadPost, match="not UTF-8"):
        read_post_file(latin)
