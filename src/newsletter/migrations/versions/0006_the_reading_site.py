"""The reading site: covers, counts, pages, former addresses, searching, and what makes rendered pages old."""

from alembic import op
import sqlalchemy as sa

revision = "0006"
down_revision = "0005"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    _picture()
    _columns()
    _former_slug()
    _page()
    _content_version()
    _search_entry()
    if op.get_bind().dialect.name == "sqlite":
        _index_words_on_sqlite()
    else:
        _index_words_on_postgresql()
    _fill()


def _picture() -> None:
    op.create_table(
        "picture",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("publication_id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("identity_id", _KEY, nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("alt", sa.String(500), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_picture"),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name="fk_picture_publication_id"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name="fk_picture_identity_id"),
        sa.UniqueConstraint("public_id", name="uq_picture_public_id"),
    )
    op.create_index("ix_picture_publication_id", "picture", ["publication_id"])


def _columns() -> None:
    _add("publication", sa.Column("rhythm", sa.String(100), nullable=False, server_default=""))
    op.add_column("identity", sa.Column("slug", sa.String(150), nullable=True))
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE post ADD COLUMN cover_id {kind} CONSTRAINT fk_post_cover_id REFERENCES picture (id)"
    )
    _add("post", sa.Column("featured", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("post", sa.Column("likes", sa.Integer(), nullable=False, server_default="0"))
    _add("post", sa.Column("comments", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("post", sa.Column("commented_at", _MOMENT, nullable=True))


def _former_slug() -> None:
    op.create_table(
        "former_slug",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("publication_id", _KEY, nullable=False),
        sa.Column("post_id", _KEY, nullable=False),
        sa.Column("slug", sa.String(150), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_former_slug"),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name="fk_former_slug_publication_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_former_slug_post_id"),
        sa.UniqueConstraint("publication_id", "slug", name="uq_former_slug_publication_id_slug"),
    )
    op.create_index("ix_former_slug_publication_id", "former_slug", ["publication_id"])
    op.create_index("ix_former_slug_post_id", "former_slug", ["post_id"])


def _page() -> None:
    op.create_table(
        "page",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("publication_id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(13), nullable=False),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("in_navigation", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name="fk_page_publication_id"),
        sa.UniqueConstraint("public_id", name="uq_page_public_id"),
        sa.UniqueConstraint("publication_id", "slug", name="uq_page_publication_id_slug"),
    )
    op.create_index("ix_page_publication_id", "page", ["publication_id"])


def _content_version() -> None:
    op.create_table(
        "content_version",
        sa.Column("publication_id", _KEY, nullable=False),
        sa.Column("scope", sa.String(40), nullable=False),
        sa.Column("number", _KEY, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("publication_id", "scope", name="pk_content_version"),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name="fk_content_version_publication_id"
        ),
    )


def _search_entry() -> None:
    op.create_table(
        "search_entry",
        sa.Column("post_id", _KEY, nullable=False),
        sa.Column("language", sa.String(24), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("subtitle", sa.String(500), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name="pk_search_entry"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_search_entry_post_id"),
    )


def _index_words_on_sqlite() -> None:
    """An index that keeps no text of its own (FTS5, external content), in step by triggers."""
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(title, subtitle, body, content='search_entry', "
        "content_rowid='post_id', tokenize='porter unicode61 remove_diacritics 2', prefix='2 3')"
    )
    forget = (
        "INSERT INTO search_index (search_index, rowid, title, subtitle, body) "
        "VALUES ('delete', old.post_id, old.title, old.subtitle, old.body);"
    )
    learn = (
        "INSERT INTO search_index (rowid, title, subtitle, body) "
        "VALUES (new.post_id, new.title, new.subtitle, new.body);"
    )
    for event, body in (("INSERT", learn), ("DELETE", forget), ("UPDATE", f"{forget} {learn}")):
        op.execute(
            f"CREATE TRIGGER search_entry_{event.lower()} AFTER {event} ON search_entry BEGIN {body} END"
        )


def _index_words_on_postgresql() -> None:
    """A column of word positions, in step by a trigger: each row may have rules of its own language."""
    op.execute("ALTER TABLE search_entry ADD COLUMN words tsvector")
    op.execute("CREATE INDEX ix_search_entry_words ON search_entry USING gin (words)")
    op.execute(
        "CREATE FUNCTION search_entry_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.words := "
        "setweight(to_tsvector(NEW.language::regconfig, NEW.title), 'A') || "
        "setweight(to_tsvector(NEW.language::regconfig, NEW.subtitle), 'B') || "
        "setweight(to_tsvector(NEW.language::regconfig, left(NEW.body, 400000)), 'C'); RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER search_entry_words BEFORE INSERT OR UPDATE ON search_entry "
        "FOR EACH ROW EXECUTE FUNCTION search_entry_words()"
    )


def _fill() -> None:
    """Authors that are there get their id as name in addresses."""
    op.execute(
        "UPDATE identity SET slug = public_id WHERE EXISTS (SELECT 1 FROM role WHERE role.identity_id = identity.id)"
    )
    op.create_index("ix_identity_publication_id_slug", "identity", ["publication_id", "slug"], unique=True)


def _add(table: str, column: sa.Column) -> None:
    """Add a column that every row has; the default is for the rows that are there."""
    op.add_column(table, column)
    if op.get_bind().dialect.name != "sqlite":  # where taking a default away means writing the table anew
        op.alter_column(table, column.name, server_default=None)
