"""Who is this: one identity for readers and authors, with roles apart."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId
from newsletter.models.media import Picture


class Identity(Base):
    """A person who can sign in."""

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("publication_id", "address_key"),
        Index(None, "publication_id", "slug", unique=True),
    )

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    # An author's name in addresses; readers have none.
    slug: Mapped[str | None] = mapped_column(String(150))
    address: Mapped[str | None] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    bio: Mapped[str] = mapped_column(String(500), default="")
    picture_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("picture.id", use_alter=True))
    locale: Mapped[str | None] = mapped_column(String(16))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    # Whether answers to their comments, or comments on their posts, are mailed to them.
    hears_of_comments: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    # The first time they signed in; before, somebody may merely have typed their address.
    confirmed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    picture: Mapped[Picture | None] = relationship(lazy="raise", foreign_keys=[picture_id])


class Role(Base):
    """What an identity may do here beyond reading: `owner`, `editor` or `author`."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("publication_id", "identity_id", "name"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    name: Mapped[str] = mapped_column(String(24))
    granted_at: Mapped[datetime]


class Session(Base):
    """A browser that is signed in. The cookie holds a secret; we keep only its hash."""

    __tablename__ = "session"

    id: Mapped[RowId]
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # What it runs on, in words, so that its owner knows it again: "Firefox on Linux".
    browser: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignIn(Base):
    """A mailed sign-in link, good once."""

    __tablename__ = "sign_in"

    id: Mapped[RowId]
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    public_id: Mapped[PublicId]
    # The browser that asked, by the hash of a secret in a cookie of its own.
    asker_hash: Mapped[str] = mapped_column(String(64), default="")
    # Where on the site it leads afterwards.
    leads_to: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AddressChange(Base):
    """An account on its way to another address; both have to say yes."""

    __tablename__ = "address_change"

    id: Mapped[RowId]
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    public_id: Mapped[PublicId]
    address: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    old_agreed_at: Mapped[datetime | None]
    new_agreed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
