"""Pictures. The files are in the store; the rows say which there are."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.models.base import Base, BigKey, PublicationId, PublicId, RowId


class Picture(Base):
    """A picture that was uploaded, as we wrote it anew: no bytes of the upload itself are kept."""

    __tablename__ = "picture"

    id: Mapped[RowId]
    publication_id: Mapped[PublicationId]
    public_id: Mapped[PublicId]
    identity_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("identity.id"))
    name: Mapped[str] = mapped_column(String(200), default="")
    # What is read out instead of it where it stands as a cover.
    alt: Mapped[str] = mapped_column(String(500), default="")
    # "jpeg" or "png"; smaller copies are WebP.
    kind: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]
