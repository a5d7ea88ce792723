"""What is said: the publication, its sections and its posts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.domain.states import Discussing, PostAccess, PostState
from newsletter.models.accounts import Identity
from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId, choice
from newsletter.models.media import Picture


class Publication(Base):
    """A newsletter with its site. One per installation for now; every other table names it already."""

    __tablename__ = "publication"

    id: Mapped[RowId]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(String(200))
    tagline: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    sender_name: Mapped[str] = mapped_column(String(200))
    sender_address: Mapped[str] = mapped_column(String(254))
    # Part of every List-Id and Message-ID; it stays when the site or the sender moves.
    list_domain: Mapped[str] = mapped_column(String(253))
    postal_address: Mapped[str] = mapped_column(String(500), default="")
    accent: Mapped[str] = mapped_column(String(7), default="#1f5f5b")
    # What differs from the default look of letters.
    look: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # How often something new comes, in the publisher's words, such as "every second Thursday".
    rhythm: Mapped[str] = mapped_column(String(100), default="")
    locale: Mapped[str] = mapped_column(String(16), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    discussing: Mapped[Discussing] = mapped_column(choice(Discussing), default=Discussing.EVERYBODY)
    # Whether the first comment of each person waits for a moderator.
    holds_first_comments: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Section(Base):
    """A part of the publication that one can follow."""

    __tablename__ = "section"
    __table_args__ = (UniqueConstraint("publication_id", "slug"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    slug: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(500), default="")
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Post(Base):
    """One piece of writing: a page on the site and, if its author says so, a letter."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("publication_id", "slug"),
        Index(None, "publication_id", "state", "published_at"),
    )

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    section_id: Mapped[int] = mapped_column(BigKey, ForeignKey("section.id"), index=True)
    author_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"))
    public_id: Mapped[PublicId]
    slug: Mapped[str] = mapped_column(String(150))
    title: Mapped[str] = mapped_column(String(300))
    subtitle: Mapped[str] = mapped_column(String(500), default="")
    markdown: Mapped[str] = mapped_column(Text)
    state: Mapped[PostState] = mapped_column(choice(PostState), default=PostState.DRAFT)
    access: Mapped[PostAccess] = mapped_column(choice(PostAccess), default=PostAccess.PUBLIC)
    version: Mapped[int] = mapped_column(default=1)
    cover_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("picture.id"))
    featured: Mapped[bool] = mapped_column(default=False)
    # The publication decides where a post says nothing.
    discussing: Mapped[Discussing | None] = mapped_column(choice(Discussing))
    # Kept in step with the rows they count, so that a list of posts need not count.
    likes: Mapped[int] = mapped_column(default=0)
    comments: Mapped[int] = mapped_column(default=0)
    commented_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    section: Mapped[Section] = relationship(lazy="raise")
    author: Mapped[Identity] = relationship(lazy="raise")
    cover: Mapped[Picture | None] = relationship(lazy="raise")


class FormerSlug(Base):
    """A name a post once had in addresses; it leads to the post for ever."""

    __tablename__ = "former_slug"
    __table_args__ = (UniqueConstraint("publication_id", "slug"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    post_id: Mapped[int] = mapped_column(BigKey, ForeignKey("post.id"), index=True)
    slug: Mapped[str] = mapped_column(String(150))


class Page(Base):
    """A free-standing page, such as About: no date, no section, never mailed."""

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("publication_id", "slug"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    slug: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(300))
    markdown: Mapped[str] = mapped_column(Text)
    in_navigation: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]


class SearchEntry(Base):
    """The words of a published post that anybody may find.

    Each database has an index of its own kind over this table, made by the migrations.
    """

    __tablename__ = "search_entry"

    post_id: Mapped[int] = mapped_column(BigKey, ForeignKey("post.id"), primary_key=True)
    # The name of the rules by which PostgreSQL takes words apart.
    language: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(300))
    subtitle: Mapped[str] = mapped_column(String(500))
    body: Mapped[str] = mapped_column(Text)


class ContentVersion(Base):
    """A number that grows whenever something readers see changes; what was rendered before is out of date."""

    __tablename__ = "content_version"
    __table_args__ = (PrimaryKeyConstraint("publication_id", "scope"),)

    publication_id: Mapped[int] = mapped_column(BigKey, ForeignKey("publication.id"))
    scope: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column(BigKey)
    changed_at: Mapped[datetime]
