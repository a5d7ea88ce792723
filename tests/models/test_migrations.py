"""The migrated database is the one the models describe, on SQLite and on PostgreSQL."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect

from newsletter.database import Database
from newsletter.migrations import is_current, upgrade
from newsletter.models import Base
from newsletter.wiring import House


def is_described(_thing: object, name: str | None, *_rest: object) -> bool:
    """Each database has an index of its own kind for searching, which no model describes."""
    return not (name or "").startswith(("search_index", "words", "ix_search_entry_words"))


def test_the_migrated_shape_equals_the_models(house: House) -> None:
    with house.database.engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_described}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_the_constraints_of_the_models_are_in_the_database(house: House) -> None:
    inspector = inspect(house.database.engine)

    for table in Base.metadata.sorted_tables:
        checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
        foreign = {tuple(key["constrained_columns"]) for key in inspector.get_foreign_keys(table.name)}
        assert checks == {
            f"ck_{table.name}_{str(each.name).removeprefix(f'ck_{table.name}_')}"
            for each in table.constraints
            if isinstance(each, CheckConstraint)
        }
        assert foreign == {tuple(c.name for c in key.columns) for key in table.foreign_key_constraints}


def test_upgrading_twice_changes_nothing(house: House) -> None:
    upgrade(house.database.engine)

    assert is_current(house.database.engine)


def test_an_empty_database_is_not_current(tmp_path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")

    assert not is_current(database.engine)
    database.close()
