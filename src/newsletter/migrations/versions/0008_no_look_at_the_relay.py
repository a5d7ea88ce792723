"""Writing an answer down no longer looks the relay up, which nobody needs: rows of relays stay for ever."""

from alembic import op

revision = "0008"
down_revision = "0007"

_COLUMNS = (
    "campaign_id, subscriber_id, state, attempt, refusals, resends, relay_id, code, detail, next_at, changed_at, meaning"
)


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE delivery DROP CONSTRAINT fk_delivery_relay_id")
        return
    op.execute(
        "CREATE TABLE delivery_anew (campaign_id INTEGER NOT NULL, subscriber_id INTEGER NOT NULL, "
        "state SMALLINT NOT NULL, attempt SMALLINT NOT NULL, refusals SMALLINT NOT NULL, "
        "resends SMALLINT NOT NULL, relay_id INTEGER, code SMALLINT, detail TEXT, next_at DATETIME, "
        "changed_at DATETIME, meaning VARCHAR(24), "
        "CONSTRAINT pk_delivery PRIMARY KEY (campaign_id, subscriber_id), "
        "CONSTRAINT fk_delivery_campaign_id FOREIGN KEY(campaign_id) REFERENCES campaign (id), "
        "CONSTRAINT fk_delivery_subscriber_id FOREIGN KEY(subscriber_id) REFERENCES subscriber (id)"
        ") WITHOUT ROWID"
    )
    op.execute(f"INSERT INTO delivery_anew ({_COLUMNS}) SELECT {_COLUMNS} FROM delivery")
    op.execute("DROP TABLE delivery")
    op.execute("ALTER TABLE delivery_anew RENAME TO delivery")
