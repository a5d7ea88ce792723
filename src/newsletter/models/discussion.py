"""What readers say: comments, likes, reports, and who must not join in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.domain.states import CommentState
from newsletter.models.accounts import Identity
from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId, choice
from newsletter.models.publishing import Post


class Comment(Base):
    """Something a reader wrote under a post, or in answer to another comment."""

    __tablename__ = "comment"
    __table_args__ = (
        Index(None, "post_id", "root_id"),
        Index(None, "root_id", "path"),
        Index(None, "identity_id", "created_at"),
        Index(None, "publication_id", "state"),
    )

    id: Mapped[RowId]
    publication_id: Mapped[int] = mapped_column(BigKey, ForeignKey("publication.id"))
    post_id: Mapped[int] = mapped_column(BigKey, ForeignKey("post.id"))
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"))
    public_id: Mapped[PublicId]
    # What it answers, and the comment its thread began with; none where it begins one.
    parent_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("comment.id"), index=True)
    root_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("comment.id"))
    depth: Mapped[int] = mapped_column(SmallInteger, default=0)
    # The numbers of all above it and its own: a thread in this order is a thread as it is read.
    path: Mapped[str] = mapped_column(String(90), default="")
    markdown: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    state: Mapped[CommentState] = mapped_column(choice(CommentState), default=CommentState.VISIBLE)
    pinned: Mapped[bool] = mapped_column(default=False)
    # Kept in step with the rows they count; answers are the visible ones below a thread's first comment.
    likes: Mapped[int] = mapped_column(default=0)
    answers: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]

    post: Mapped[Post] = relationship(lazy="raise")
    identity: Mapped[Identity] = relationship(lazy="raise")


class PostLike(Base):
    """Somebody likes a post."""

    __tablename__ = "post_like"
    __table_args__ = (PrimaryKeyConstraint("post_id", "identity_id"),)

    post_id: Mapped[int] = mapped_column(BigKey, ForeignKey("post.id"))
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    at: Mapped[datetime]


class CommentLike(Base):
    """Somebody likes a comment."""

    __tablename__ = "comment_like"
    __table_args__ = (PrimaryKeyConstraint("comment_id", "identity_id"),)

    comment_id: Mapped[int] = mapped_column(BigKey, ForeignKey("comment.id"))
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    at: Mapped[datetime]


class Report(Base):
    """Somebody asks the moderators to look at a comment."""

    __tablename__ = "report"
    __table_args__ = (PrimaryKeyConstraint("comment_id", "identity_id"),)

    comment_id: Mapped[int] = mapped_column(BigKey, ForeignKey("comment.id"))
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class MutedThread(Base):
    """Somebody wants no more mail about a thread, named by its first comment."""

    __tablename__ = "muted_thread"
    __table_args__ = (PrimaryKeyConstraint("comment_id", "identity_id"),)

    comment_id: Mapped[int] = mapped_column(BigKey, ForeignKey("comment.id"))
    identity_id: Mapped[int] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    at: Mapped[datetime]


class Ban(Base):
    """An address whose owner must not join in, known by a keyed hash so that it outlives erasure."""

    __tablename__ = "ban"
    __table_args__ = (UniqueConstraint("publication_id", "address_hash"),)

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    address_hash: Mapped[str] = mapped_column(String(64))
    # Whose it was when it was spoken; none once they are forgotten.
    identity_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("identity.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
