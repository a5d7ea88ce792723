"""`newsletter picture`, and covers of posts that are published from files."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Picture, Post
from newsletter.publishing.placing import Placement, placement
from newsletter.publishing.posts import find_post_named
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.factories import make_author, make_publication, make_section
from tests.support.pictures import photo


@pytest.fixture
def filled(house: House) -> House:
    with house.database.writing() as session:
        publication = make_publication(session)
        make_section(session, publication, "mail", "How mail works")
        make_author(session, publication)
    return house


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.jpg"
    path.write_bytes(photo(640, 400))
    return path


def pictures(house: House) -> list[Picture]:
    with house.database.reading() as session:
        return list(session.scalars(select(Picture)))


def posts(house: House) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Post)) or 0


def write(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "letter.md"
    path.write_text("\n".join(["---", "title: A letter", "section: mail", *lines, "---", "", "Hello."]))
    return str(path)


def test_a_picture_is_kept_and_its_line_printed(on_database: Run, filled: House, harbour: Path) -> None:
    result = on_database("picture", "add", str(harbour), "--alt", "A harbour at dawn")

    (picture,) = pictures(filled)
    assert result.output == f"![A harbour at dawn](/media/{picture.public_id}/640x400.jpg)\n"
    assert (picture.name, picture.alt, picture.identity_id) == ("harbour.jpg", "A harbour at dawn", None)
    assert (Path("var") / "media" / picture.public_id / "480.webp").is_file()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.jpg", None, "missing.jpg: No such file"),
        ("words.jpg", b"hello", "words.jpg: This is not a picture we know"),
        ("logo.svg", b"<svg/>", "logo.svg: An SVG can carry scripts"),
        ("empty.png", b"", "empty.png: The file is empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    on_database: Run, filled: House, tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    result = on_database("picture", "add", name)

    assert result.exit_code == 1
    assert says in result.output
    assert pictures(filled) == []


def test_a_description_that_is_too_long_keeps_nothing(on_database: Run, filled: House, harbour: Path) -> None:
    result = on_database("picture", "add", str(harbour), "--alt", "x" * 501)

    assert result.exit_code == 1
    assert "500 characters are the limit" in result.output
    assert pictures(filled) == []


def test_a_file_says_how_its_post_stands(
    on_database: Run, filled: House, tmp_path: Path, harbour: Path
) -> None:
    file = write(tmp_path, "access: unlisted", "featured: true", "cover: harbour.jpg")

    result = on_database("publish", file)

    assert result.output == "Published: http://localhost/p/a-letter\n"
    (picture,) = pictures(filled)
    with filled.database.reading() as session:
        post = find_post_named(session, picture.publication_id, "a-letter")
        assert placement(post) == Placement("a-letter", PostAccess.UNLISTED, True, picture.public_id)
        assert (post.state, picture.identity_id) == (PostState.PUBLISHED, post.author_id)
    assert (Path("var") / "media" / picture.public_id / "640x400.jpg").is_file()


def test_a_cover_is_looked_for_beside_the_file(
    on_database: Run, filled: House, tmp_path: Path, harbour: Path
) -> None:
    folder = tmp_path / "posts"
    (folder / "pictures").mkdir(parents=True)
    harbour.rename(folder / "pictures" / "harbour.jpg")

    assert on_database("publish", write(folder, "cover: pictures/harbour.jpg")).exit_code == 0
    assert [each.name for each in pictures(filled)] == ["harbour.jpg"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("cover: missing.jpg", "letter.md: the cover cannot be used. "),
        ("cover: missing.jpg", "missing.jpg: No such file"),
        ("cover: letter.md", "letter.md: This is not a picture we know"),
    ],
)
def test_a_cover_that_cannot_be_used_publishes_nothing(
    on_database: Run, filled: House, tmp_path: Path, line: str, says: str
) -> None:
    result = on_database("publish", write(tmp_path, line))

    assert result.exit_code == 1
    assert says in result.output
    assert (posts(filled), pictures(filled)) == (0, [])
