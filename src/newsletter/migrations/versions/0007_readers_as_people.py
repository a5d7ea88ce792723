"""Readers as people: accounts, addresses that change, pauses, likes, comments, moderation."""

from alembic import op
import sqlalchemy as sa

revision = "0007"
down_revision = "0006"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_DISCUSSING = "('everybody', 'subscribers', 'nobody')"


def upgrade() -> None:
    """Apply."""
    _accounts()
    _audience()
    _publishing()
    _comment()
    for table, thing in (("post_like", "post"), ("comment_like", "comment"), ("muted_thread", "comment")):
        _of_a_person(table, thing)
    _of_a_person(
        "report",
        "comment",
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
    )
    _ban()


def _accounts() -> None:
    key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE identity ADD COLUMN picture_id {key} CONSTRAINT fk_identity_picture_id REFERENCES picture (id)"
    )
    _add("identity", sa.Column("hears_of_comments", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("identity", sa.Column("confirmed_at", _MOMENT, nullable=True))
    # Whoever signed in is who they say.
    op.execute(
        "UPDATE identity SET confirmed_at = created_at WHERE EXISTS "
        "(SELECT 1 FROM session WHERE session.identity_id = identity.id)"
    )
    _add("session", sa.Column("browser", sa.String(60), nullable=False, server_default=""))
    op.add_column("session", sa.Column("seen_at", _MOMENT, nullable=True))
    _add("sign_in", sa.Column("asker_hash", sa.String(64), nullable=False, server_default=""))
    _add("sign_in", sa.Column("leads_to", sa.String(300), nullable=False, server_default=""))
    op.create_table(
        "address_change",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("identity_id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("address_key", sa.String(254), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("old_agreed_at", _MOMENT, nullable=True),
        sa.Column("new_agreed_at", _MOMENT, nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_address_change"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name="fk_address_change_identity_id"),
        sa.UniqueConstraint("public_id", name="uq_address_change_public_id"),
    )
    op.create_index("ix_address_change_identity_id", "address_change", ["identity_id"])


def _audience() -> None:
    op.add_column("subscriber", sa.Column("paused_until", _MOMENT, nullable=True))
    _choice("subscriber", "rhythm", "NOT NULL DEFAULT 'each'", "('each', 'daily', 'weekly')", "rhythm")


def _publishing() -> None:
    _choice("publication", "discussing", "NOT NULL DEFAULT 'everybody'", _DISCUSSING, "discussing")
    _add("publication", sa.Column("holds_first_comments", sa.Boolean(), nullable=False, server_default=sa.false()))
    _choice("post", "discussing", "", _DISCUSSING, "discussing")


def _comment() -> None:
    states = "'visible', 'held', 'hidden', 'deleted'"
    op.create_table(
        "comment",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("publication_id", _KEY, nullable=False),
        sa.Column("post_id", _KEY, nullable=False),
        sa.Column("identity_id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("parent_id", _KEY, nullable=True),
        sa.Column("root_id", _KEY, nullable=True),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("path", sa.String(90), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("edited_at", _MOMENT, nullable=True),
        sa.CheckConstraint(f"state IN ({states})", name="commentstate"),
        sa.PrimaryKeyConstraint("id", name="pk_comment"),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name="fk_comment_publication_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_comment_post_id"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name="fk_comment_identity_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["comment.id"], name="fk_comment_parent_id"),
        sa.ForeignKeyConstraint(["root_id"], ["comment.id"], name="fk_comment_root_id"),
        sa.UniqueConstraint("public_id", name="uq_comment_public_id"),
    )
    for columns in (
        ["parent_id"],
        ["post_id", "root_id"],
        ["root_id", "path"],
        ["identity_id", "created_at"],
        ["publication_id", "state"],
    ):
        op.create_index(f"ix_comment_{'_'.join(columns)}", "comment", columns)


def _of_a_person(table: str, thing: str, *columns: sa.Column) -> None:
    """What one person did once to one thing."""
    op.create_table(
        table,
        sa.Column(f"{thing}_id", _KEY, nullable=False),
        sa.Column("identity_id", _KEY, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(f"{thing}_id", "identity_id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint([f"{thing}_id"], [f"{thing}.id"], name=f"fk_{table}_{thing}_id"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=f"fk_{table}_identity_id"),
    )
    op.create_index(f"ix_{table}_identity_id", table, ["identity_id"])


def _ban() -> None:
    op.create_table(
        "ban",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("publication_id", _KEY, nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("identity_id", _KEY, nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ban"),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name="fk_ban_publication_id"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name="fk_ban_identity_id"),
        sa.UniqueConstraint("publication_id", "address_hash", name="uq_ban_publication_id_address_hash"),
    )
    op.create_index("ix_ban_publication_id", "ban", ["publication_id"])
    op.create_index("ix_ban_identity_id", "ban", ["identity_id"])


def _choice(table: str, column: str, more: str, words: str, name: str) -> None:
    """Add a column that holds one of a few words; what is there gets the default, what comes says its own."""
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(24) {more} "
        f"CONSTRAINT ck_{table}_{name} CHECK ({column} IN {words})"
    )
    if more and op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column, server_default=None)


def _add(table: str, column: sa.Column) -> None:
    """Add a column that every row has; the default is for the rows that are there."""
    op.add_column(table, column)
    if op.get_bind().dialect.name != "sqlite":  # where taking a default away means writing the table anew
        op.alter_column(table, column.name, server_default=None)
