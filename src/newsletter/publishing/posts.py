"""Posts: writing, editing, publishing to the web, listing."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from newsletter.domain.errors import BadPost, Conflict, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.states import PostAccess, PostState
from newsletter.models import Post
from newsletter.rendering.content import read_content

MAX_TITLE = 300
MAX_SUBTITLE = 500
MAX_SLUG = 100


@dataclass(frozen=True)
class Draft:
    """What an author has written: enough to save, not always enough to publish."""

    title: str
    markdown: str
    section_id: int
    subtitle: str = ""
    slug: str = ""


def check_draft(draft: Draft) -> Draft:
    """Tidy a draft and refuse what can never be kept. Raises BadPost."""
    title, subtitle = one_line(draft.title), one_line(draft.subtitle)
    if len(title) > MAX_TITLE:
        raise BadPost(f"The title is too long: {MAX_TITLE} characters are the limit.")
    if len(subtitle) > MAX_SUBTITLE:
        raise BadPost(f"The subtitle is too long: {MAX_SUBTITLE} characters are the limit.")
    markdown = draft.markdown.replace("\r\n", "\n").replace("\0", "")
    read_content(markdown)
    return Draft(title, markdown, draft.section_id, subtitle, slug_of(draft.slug or title))


def new_post(publication_id: int, author_id: int, draft: Draft, now: datetime) -> Post:
    """A draft that is not kept yet. Raises BadPost."""
    draft = check_draft(draft)
    return Post(
        publication_id=publication_id,
        author_id=author_id,
        section_id=draft.section_id,
        public_id=new_public_id(),
        slug=draft.slug,
        title=draft.title,
        subtitle=draft.subtitle,
        markdown=draft.markdown,
        state=PostState.DRAFT,
        version=1,
        created_at=now,
        updated_at=now,
    )


def create_post(session: Session, publication_id: int, author_id: int, draft: Draft, now: datetime) -> Post:
    """Keep a new draft. Raises BadPost."""
    post = new_post(publication_id, author_id, draft, now)
    post.slug = _free_slug(session, publication_id, post.slug)
    post.markdown = post.markdown.lstrip("\n")
    session.add(post)
    session.flush()
    return post


def edit_post(session: Session, post: Post, draft: Draft, version: int, now: datetime) -> None:
    """Save an author's changes. Raises Conflict when somebody saved since this version was read."""
    draft = check_draft(draft)
    session.refresh(post, ["version", "state"], with_for_update=True)
    if post.version != version:
        raise Conflict("Somebody saved this post since you opened it. Copy your text, reload, and try again.")
    if post.state is PostState.DRAFT and draft.slug != post.slug:
        post.slug = _free_slug(session, post.publication_id, draft.slug)
    post.title, post.subtitle, post.markdown = draft.title, draft.subtitle, draft.markdown
    post.section_id = draft.section_id
    post.version += 1
    post.updated_at = now


def publish_post(post: Post, now: datetime) -> None:
    """Show a post on the site. Safe to repeat. Raises BadPost when there is nothing to show."""
    if not post.title:
        raise BadPost("The post needs a title before it can be published.")
    if not post.markdown.strip():
        raise BadPost("The post is empty. Write something before you publish it.")
    if post.state is not PostState.PUBLISHED:
        post.state = PostState.PUBLISHED
        post.published_at = now


def find_post(session: Session, public_id: str) -> Post:
    """The post with this id, for its authors. Raises NotFound."""
    post = session.scalar(_with_people().where(Post.public_id == public_id))
    if post is None:
        raise NotFound("There is no such post.")
    return post


def find_post_named(session: Session, publication_id: int, name: str) -> Post:
    """The post with this id, or with this name in addresses, for its authors. Raises NotFound."""
    named = or_(Post.public_id == name, Post.slug == name)
    post = session.scalar(_with_people().where(Post.publication_id == publication_id, named).limit(1))
    if post is None:
        raise NotFound(f"There is no post “{name[:60]}”, and no Markdown file is named so.")
    return post


def find_published(session: Session, publication_id: int, slug: str) -> Post:
    """The published post at this address. Raises NotFound."""
    post = session.scalar(_published(publication_id).where(Post.slug == slug))
    if post is None:
        raise NotFound("There is no post at this address.")
    return post


def latest_posts(
    session: Session, publication_id: int, *, section_id: int | None = None, limit: int = 30
) -> Sequence[Post]:
    """Published posts, newest first."""
    query = _published(publication_id).where(Post.access == PostAccess.PUBLIC)
    if section_id is not None:
        query = query.where(Post.section_id == section_id)
    return session.scalars(query.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit)).all()


def posts_for_studio(session: Session, publication_id: int, limit: int = 200) -> Sequence[Post]:
    """All posts, the ones touched last first."""
    return session.scalars(
        _with_people()
        .where(Post.publication_id == publication_id)
        .order_by(Post.updated_at.desc(), Post.id.desc())
        .limit(limit)
    ).all()


def is_taken(session: Session, publication_id: int, slug: str) -> bool:
    """Whether a post has this name in addresses already."""
    taken = select(Post.id).where(Post.publication_id == publication_id, Post.slug == slug)
    return session.scalar(taken.limit(1)) is not None


def slug_of(text: str) -> str:
    """A readable name for an address: letters of any script, digits and hyphens."""
    text = unicodedata.normalize("NFKC", text).lower()
    slug = re.sub(r"[^\w]+", "-", text.replace("'", "").replace("’", "").replace("_", "-")).strip("-")
    if len(slug) > MAX_SLUG:
        slug = slug[:MAX_SLUG].rsplit("-", 1)[0]
    return slug or "post"


def one_line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(char if unicodedata.category(char)[0] != "C" else " " for char in text).split())


def _with_people() -> Select[Post]:
    return select(Post).options(
        joinedload(Post.section, innerjoin=True), joinedload(Post.author, innerjoin=True)
    )


def _published(publication_id: int) -> Select[Post]:
    return _with_people().where(Post.publication_id == publication_id, Post.state == PostState.PUBLISHED)


def _free_slug(session: Session, publication_id: int, slug: str) -> str:
    """The slug itself, or with the first free number behind it."""
    taken = set(
        session.scalars(
            select(Post.slug).where(Post.publication_id == publication_id, Post.slug.startswith(slug))
        )
    )
    number = 1
    candidate = slug
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
