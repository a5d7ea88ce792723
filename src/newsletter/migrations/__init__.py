"""The shape of the database, from its first day on."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from newsletter.database import READ_ONLY, raise_as_trouble


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest shape, in one transaction. Safe to repeat."""
    try:
        with engine.begin() as connection:
            command.upgrade(_config(connection), "head")
    except DBAPIError as error:
        raise_as_trouble(error, engine)
        raise


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest shape."""
    newest = ScriptDirectory.from_config(_config(None)).get_current_head()
    try:
        with engine.connect().execution_options(**READ_ONLY) as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest
    except DBAPIError as error:
        raise_as_trouble(error, engine)
        raise


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
