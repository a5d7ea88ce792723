"""What a publisher chooses of how letters look, and the sender each campaign was frozen with."""

from alembic import op
import sqlalchemy as sa

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    _add("publication", sa.Column("look", sa.JSON(), nullable=False, server_default="{}"))
    _add("campaign", sa.Column("sender", sa.String(254), nullable=False, server_default=""))


def _add(table: str, column: sa.Column) -> None:
    """Add a column that every row has; the default is for the rows that are there."""
    op.add_column(table, column)
    if op.get_bind().dialect.name != "sqlite":  # where taking a default away means writing the table anew
        op.alter_column(table, column.name, server_default=None)
