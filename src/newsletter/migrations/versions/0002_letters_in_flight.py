"""Batches name the letters that may be under way."""

from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("batch", sa.Column("in_flight", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("batch") as batch:
        batch.alter_column("in_flight", server_default=None)
