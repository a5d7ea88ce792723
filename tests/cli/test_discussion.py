"""`newsletter publication discussion`: who may write below posts."""

from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.factories import make_publication


def test_who_may_write_is_set_and_shown(on_database: Run, house: House) -> None:
    with house.database.writing() as session:
        make_publication(session)

    assert "comments         everybody; first ones do not wait" in on_database("publication", "show").output
    on_database("publication", "discussion", "--hold-first")
    assert on_database("publication", "discussion", "--open-to", "subscribers").output == "Saved.\n"
    assert "comments         subscribers; first ones wait" in on_database("publication", "show").output
    on_database("publication", "discussion", "--no-hold-first")
    assert "comments         subscribers; first ones do not wait" in on_database("publication", "show").output
    assert on_database("publication", "discussion", "--open-to", "friends").exit_code == 2
