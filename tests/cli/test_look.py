"""`newsletter publication look`: how letters look."""

import pytest
from sqlalchemy import select

from newsletter.models import Publication
from newsletter.publishing.looks import look_of
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.factories import make_publication


@pytest.fixture
def publication(house: House) -> House:
    with house.database.writing() as session:
        make_publication(session)
    return house


def test_what_is_given_is_changed_and_the_rest_stays(on_database: Run, publication: House) -> None:
    on_database("publication", "look", "--font", "sans", "--accent", "#A00")
    result = on_database("publication", "look", "--footer", "Forward this to a friend.")

    with publication.database.reading() as session:
        look = look_of(session.scalars(select(Publication)).one())
    assert (look.font, look.accent, look.footer) == ("sans", "#aa0000", "Forward this to a friend.")
    assert "accent           #aa0000\n" in result.output


def test_without_options_the_look_is_shown(on_database: Run, publication: House) -> None:
    assert on_database("publication", "look").output.startswith(
        "accent           #1f5f5b\npaper            #fdfcfa\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--accent", "red"], "is not a colour"),
        (["--paper", "#888888"], "hard to read"),
        (["--logo", "logo.png"], "https:// address"),
        (["--logo-width", "4"], "16 to 600"),
        (["--font", "x; }"], "The font must be"),
    ],
)
def test_what_cannot_be_shown_well_is_refused(
    on_database: Run, publication: House, arguments: list[str], says: str
) -> None:
    result = on_database("publication", "look", *arguments)

    assert result.exit_code == 1
    assert says in result.output
    with publication.database.reading() as session:
        assert session.scalars(select(Publication.look)).one() == {}
