"""`newsletter preflight`, and how it stands before everything that sends."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from newsletter.models import Campaign, Post, Publication
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.factories import make_author, make_post, make_publication, make_section, make_subscriber

GOOD = "---\ntitle: A letter\nsection: mail\n---\n\nHello {{ name | there }}.\n"


@pytest.fixture
def filled(house: House) -> House:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication, "mail", "How mail works")
        author = make_author(session, publication)
        make_subscriber(session, publication, section)
        make_post(
            session, section, author, title="In the studio", markdown="Hello.\n\n[x](javascript:alert)\n"
        )
    return house


def written(folder: Path, text: str) -> str:
    path = folder / "letter.md"
    path.write_text(text, "utf-8")
    return str(path)


def counts(house: House) -> tuple[int, int]:
    with house.database.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Post)) or 0,
            session.scalar(select(func.count()).select_from(Campaign)) or 0,
        )


def test_a_file_is_checked_and_kept_nowhere(on_database: Run, filled: House, tmp_path: Path) -> None:
    result = on_database("preflight", written(tmp_path, GOOD))

    assert result.exit_code == 0
    assert "· note     dns-not-checked" in result.output
    assert result.output.endswith("checks: 1 note.\n")
    assert counts(filled) == (1, 0)


@pytest.mark.parametrize("name", ["in-the-studio", "its id"])
def test_a_post_is_checked_by_its_name_or_its_id(on_database: Run, filled: House, name: str) -> None:
    with filled.database.reading() as session:
        name = name if name == "in-the-studio" else session.scalars(select(Post.public_id)).one()

    result = on_database("preflight", name, "--json")
    told = json.loads(result.output)

    assert result.exit_code == 1
    assert told["ready"] is False
    assert [(each["check"], each["severity"], each["where"]) for each in told["findings"]] == [
        ("link-scheme", "block", "line 3"),
        ("dns-not-checked", "note", ""),
    ]
    assert all(each["message"] and each["mend"] for each in told["findings"])


def test_a_post_that_is_not_there_is_told_so(on_database: Run, filled: House) -> None:
    result = on_database("preflight", "nothing")

    assert result.exit_code == 1
    assert "There is no post “nothing”" in result.output


def test_what_blocks_stops_publishing_before_anything_is_kept(
    on_database: Run, filled: House, tmp_path: Path
) -> None:
    path = written(tmp_path, GOOD + "\n[x](javascript:alert)\n")

    result = on_database("publish", path, "--send", "--accept", "all")

    assert result.exit_code == 1
    assert "link-scheme: line 8:" in result.output
    assert counts(filled) == (1, 0)


def test_a_warning_has_to_be_accepted(on_database: Run, filled: House, tmp_path: Path) -> None:
    with filled.database.writing() as session:
        session.execute(update(Publication).values(postal_address=""))
    path = written(tmp_path, GOOD)

    refused = on_database("publish", path, "--send")
    sent = on_database("publish", path, "--send", "--accept", "identity")

    assert "identity: The letter names no postal address" in refused.output
    assert sent.exit_code == 0
    assert counts(filled) == (2, 1)


def test_publishing_to_the_web_needs_no_letter(on_database: Run, filled: House, tmp_path: Path) -> None:
    with filled.database.writing() as session:
        session.execute(update(Publication).values(postal_address=""))

    assert on_database("publish", written(tmp_path, GOOD)).exit_code == 0
    assert counts(filled) == (2, 0)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Hi {{ nickname }}", "Line 5: the post uses {{ nickname }}, which does not exist"),
        ("one\n\n<b>{{ name }}</b> <i title='{{ name }}'>", "Line 7: a merge tag stands inside HTML"),
        ("<div>" * 150 + "deep", "Line 5: this is nested too deeply"),
        ("a" * 1_000_001, "The post is too long"),
    ],
)
def test_what_can_be_no_letter_is_refused_with_its_line(
    on_database: Run, filled: House, tmp_path: Path, text: str, cause: str
) -> None:
    result = on_database("preflight", written(tmp_path, f"---\ntitle: A\nsection: mail\n---\n{text}\n"))

    assert result.exit_code == 1
    assert cause in result.output


def test_a_file_of_ten_megabytes_is_refused_unread(on_database: Run, filled: House, tmp_path: Path) -> None:
    result = on_database("preflight", written(tmp_path, GOOD + "words " * 1_700_000))

    assert result.exit_code == 1
    assert "the file is too large" in result.output


def test_an_empty_file_is_no_letter(on_database: Run, filled: House, tmp_path: Path) -> None:
    result = on_database("preflight", written(tmp_path, "---\ntitle: A\nsection: mail\n---\n\n"))

    assert result.exit_code == 1
    assert "The post is empty" in result.output


def test_a_section_in_any_script_can_be_mailed(on_database: Run, filled: House, tmp_path: Path) -> None:
    on_database("section", "add", "Überblick")

    result = on_database("preflight", written(tmp_path, GOOD), "--section", "überblick")

    assert "audience-empty" in result.output
