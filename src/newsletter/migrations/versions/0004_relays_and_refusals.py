"""Several relays, what each takes, and what refusals mean and bring about."""

from collections.abc import Mapping, Sequence

from alembic import op
import sqlalchemy as sa

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    _columns()
    _bounces()
    _paces()
    _records()


def _columns() -> None:
    op.add_column("delivery", sa.Column("meaning", sa.String(24), nullable=True))
    _add("batch", sa.Column("filed", sa.Integer(), nullable=False, server_default="0"))
    _add(
        "campaign",
        sa.Column("spread_over", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("brake_released", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("campaign", sa.Column("give_up_after", sa.Integer(), nullable=True))
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE campaign ADD COLUMN corrects_id {kind} "
        "CONSTRAINT fk_campaign_corrects_id REFERENCES campaign (id)"
    )
    op.add_column("relay", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    _add(
        "relay",
        sa.Column("priority", sa.Integer(), nullable=False, server_default="10"),
        sa.Column("cost", sa.Double(), nullable=False, server_default="0"),
        sa.Column("weight", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("is_direct", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def _bounces() -> None:
    op.create_table(
        "bounce",
        _key("id"),
        _key("campaign_id"),
        _key("subscriber_id"),
        _key("relay_id", nullable=True),
        sa.Column("meaning", sa.String(24), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_constraints("bounce", {"campaign_id": "campaign", "subscriber_id": "subscriber", "relay_id": "relay"}, unique=("campaign_id", "subscriber_id")),
    )
    op.create_index("ix_bounce_subscriber_id", "bounce", ["subscriber_id"])


def _paces() -> None:
    op.create_table(
        "pace",
        _key("id"),
        _key("relay_id"),
        sa.Column("domain_group", sa.String(40), nullable=False),
        sa.Column("max_connections", sa.Integer(), nullable=True),
        sa.Column("max_rate", sa.Double(), nullable=True),
        sa.Column("max_per_day", sa.Integer(), nullable=True),
        sa.Column("warm_from", sa.Integer(), nullable=True),
        sa.Column("warm_growth", sa.Double(), nullable=False),
        sa.Column("warm_since", sa.Date(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("ceiling", sa.Double(), nullable=True),
        sa.Column("room", sa.Integer(), nullable=True),
        sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        *_constraints("pace", {"relay_id": "relay"}, unique=("relay_id", "domain_group")),
    )
    op.create_table(
        "seat",
        _key("id"),
        _key("pace_id"),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("connections", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("speed", sa.Double(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        *_constraints("seat", {"pace_id": "pace"}, unique=("pace_id", "owner")),
    )
    op.create_table(
        "receiver_domain",
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("domain_group", sa.String(40), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("domain", name="pk_receiver_domain"),
    )
    op.create_index("ix_receiver_domain_checked_at", "receiver_domain", ["checked_at"])


def _records() -> None:
    op.create_table(
        "audit_entry",
        _key("id"),
        _key("publication_id"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        *_constraints("audit_entry", {"publication_id": "publication"}),
    )
    op.create_index("ix_audit_entry_publication_id", "audit_entry", ["publication_id"])
    op.create_index("ix_audit_entry_subject_at", "audit_entry", ["subject", "at"])
    op.create_table(
        "webhook_call",
        _key("id"),
        _key("publication_id"),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        *_constraints("webhook_call", {"publication_id": "publication"}, unique=("public_id",)),
    )
    op.create_index("ix_webhook_call_publication_id", "webhook_call", ["publication_id"])
    op.create_index("ix_webhook_call_done_at_next_at", "webhook_call", ["done_at", "next_at"])


def _add(table: str, *columns: sa.Column) -> None:
    """Add columns that every row has; the default is for the rows that are there."""
    for column in columns:
        op.add_column(table, column)
    if op.get_bind().dialect.name != "sqlite":  # where taking a default away means writing the table anew
        for column in columns:
            op.alter_column(table, column.name, server_default=None)


def _key(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def _constraints(table: str, targets: Mapping[str, str], unique: Sequence[str] = ()) -> list[sa.Constraint]:
    """The primary key, the foreign keys by column, and one unique key."""
    return [
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *(sa.ForeignKeyConstraint([n], [f"{t}.id"], name=f"fk_{table}_{n}") for n, t in targets.items()),
        *([sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}")] if unique else []),
    ]
