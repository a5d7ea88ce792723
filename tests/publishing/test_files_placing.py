"""What a post file says of how its post stands on the site."""

from pathlib import Path

import pytest

from newsletter.domain.errors import BadPost
from newsletter.domain.states import PostAccess
from newsletter.publishing.files import parse_post_file, read_post_file


def test_a_file_that_says_nothing_is_a_post_for_everybody() -> None:
    post = parse_post_file("# Hello\n\nText\n", "a.md")

    assert (post.access, post.featured, post.cover) == (PostAccess.PUBLIC, False, None)


@pytest.mark.parametrize("access", PostAccess)
def test_every_kind_of_access_can_be_named(access: PostAccess) -> None:
    assert parse_post_file(f"---\ntitle: x\naccess: {access}\n---\n", "a.md").access is access


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("yes", True), ("false", False)])
def test_a_post_is_featured_or_not(written: str, meant: bool) -> None:
    assert parse_post_file(f"---\ntitle: x\nfeatured: {written}\n---\n", "a.md").featured is meant


def test_a_cover_is_meant_from_where_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: x\ncover: pictures/harbour.jpg\n---\n")

    assert read_post_file(path).cover == tmp_path / "pictures" / "harbour.jpg"


def test_a_title_given_beside_the_file_wins() -> None:
    assert parse_post_file("---\ntitle: x\n---\nText\n", "a.md", "y").title == "y"
    assert parse_post_file("# Text\n", "a.md", "y").markdown == "# Text\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("access: everybody", "must be one of public, subscribers, unlisted, email_only"),
        ("access: [public]", "“access” in the front matter must be text"),
        ("access: true", "“access” in the front matter must be text"),
        ("featured: perhaps", "“featured” in the front matter must be true or false"),
        ("featured: 1", "“featured” in the front matter must be true or false"),
        ("cover: {a: b}", "“cover” in the front matter must be text"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named_with_its_file(line: str, says: str) -> None:
    with pytest.raises(BadPost, match=says) as caught:
        parse_post_file(f"---\ntitle: x\n{line}\n---\n", "letter.md")

    assert str(caught.value).startswith("letter.md: ")
