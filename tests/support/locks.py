"""Whether somebody waits for a lock in the database."""

from pathlib import Path

from sqlalchemy import create_engine, text

from newsletter.wiring import House


def somebody_waits(house: House) -> bool:
    """Whether a writer waits for a lock: PostgreSQL tells; on SQLite a second writer cannot even begin."""
    if not house.database.is_sqlite:
        with house.database.engine.connect() as connection:
            return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
    path = Path(house.database.engine.url.database or "")
    other = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
    try:
        with other.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    except Exception as error:
        return "locked" in str(error)
    finally:
        other.dispose()
    return False
