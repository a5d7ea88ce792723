"""`newsletter page`: free-standing pages from Markdown files."""

from pathlib import Path

import pytest

from newsletter.models import Page, Publication
from newsletter.publishing.free_pages import PageText, pages_of, write_page
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.factories import make_publication


@pytest.fixture
def publication(house: House) -> Publication:
    with house.database.writing() as session:
        return make_publication(session)


def pages(house: House, publication: Publication) -> list[Page]:
    with house.database.reading() as session:
        return list(pages_of(session, publication.id))


def write(tmp_path: Path, text: str) -> str:
    (tmp_path / "about.md").write_text(text)
    return str(tmp_path / "about.md")


@pytest.mark.parametrize(
    ("text", "options", "title", "markdown"),
    [
        ("---\ntitle: About us\n---\nWho we are.\n", [], "About us", "Who we are.\n"),
        ("# About us\n\nWho we are.\n", [], "About us", "Who we are.\n"),
        ("Who we are.\n", ["--title", "About us"], "About us", "Who we are.\n"),
        ("---\ntitle: Another\n---\nWho we are.\n", ["--title", "About us"], "About us", "Who we are.\n"),
    ],
)
def test_a_page_is_made_from_a_file(
    on_database: Run,
    house: House,
    publication: Publication,
    tmp_path: Path,
    text: str,
    options: list[str],
    title: str,
    markdown: str,
) -> None:
    result = on_database("page", "set", "about", write(tmp_path, text), *options)

    assert result.output == "Saved: http://localhost/about\n"
    (page,) = pages(house, publication)
    assert (page.slug, page.title, page.markdown, page.in_navigation) == ("about", title, markdown, True)


def test_setting_it_again_changes_the_same_page_in_its_place(
    on_database: Run, house: House, publication: Publication, tmp_path: Path
) -> None:
    with house.database.writing() as session:
        write_page(session, publication, PageText("First", "One."), house.now())
    file = write(tmp_path, "# About\n\nOne.\n")
    on_database("page", "set", "about", file)
    with house.database.writing() as session:
        write_page(session, publication, PageText("Last", "One.", position=2), house.now())

    on_database("page", "set", "About", write(tmp_path, "# About\n\nTwo.\n"), "--no-navigation")

    found = pages(house, publication)
    assert [each.slug for each in found] == ["first", "about", "last"]
    assert (found[1].markdown, found[1].in_navigation, found[1].version) == ("Two.\n", False, 2)


def test_pages_are_listed_and_removed(
    on_database: Run, house: House, publication: Publication, tmp_path: Path
) -> None:
    assert "There are no pages yet" in on_database("page", "list").output
    on_database("page", "set", "about", write(tmp_path, "# About us\n\nWords."), "--no-navigation")

    listed = on_database("page", "list").output
    assert listed.split() == ["/about", "About", "us", "(not", "in", "the", "navigation)"]

    assert on_database("page", "remove", "about").output == "Removed /about.\n"
    assert pages(house, publication) == []
    assert on_database("page", "remove", "about").exit_code == 1


@pytest.mark.parametrize(
    ("slug", "text", "says"),
    [
        ("studio", "# About\n\nWords.", "The site itself uses the address /studio"),
        ("about", "No title.", "about.md: there is no title"),
        ("about", "---\ntitel: x\n---\n", "knows no “titel”"),
    ],
)
def test_what_cannot_be_a_page_is_said(
    on_database: Run, house: House, publication: Publication, tmp_path: Path, slug: str, text: str, says: str
) -> None:
    result = on_database("page", "set", slug, write(tmp_path, text))

    assert result.exit_code == 1
    assert says in result.output
    assert pages(house, publication) == []
