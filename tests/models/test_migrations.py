"""The migrated database is the one the models describe, on SQLite and on PostgreSQL."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text

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


def test_the_ledger_written_anew_keeps_its_rows(database_url: str) -> None:
    database = Database(database_url)
    columns = "campaign_id, subscriber_id, state, attempt, refusals, resends, relay_id, code, detail, meaning"
    row = (7, 11, 4, 2, 1, 3, 5, 550, "550 no", "no mailbox")
    with database.engine.connect() as connection:
        _without_foreign_keys(connection)
        connection.execute(text(f"INSERT INTO delivery ({columns}) VALUES {row}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
        if not database.is_sqlite:
            connection.execute(
                text(
                    "ALTER TABLE delivery ADD CONSTRAINT fk_delivery_relay_id "
                    "FOREIGN KEY (relay_id) REFERENCES relay (id) NOT VALID"
                )
            )
        connection.commit()

    upgrade(database.engine)

    with database.engine.connect() as connection:
        assert connection.execute(text(f"SELECT {columns} FROM delivery")).one() == row
    assert is_current(database.engine)
    database.close()


def _without_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.connection.execute("PRAGMA foreign_keys = 0")
    else:
        connection.execute(text("SET session_replication_role = replica"))
