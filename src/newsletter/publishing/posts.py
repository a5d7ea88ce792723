"""Posts: writing, editing, publishing to the web, listing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from newsletter.domain.errors import BadPost, Conflict, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.names import first_free, one_line, slug_of
from newsletter.domain.states import PostState
from newsletter.models import FormerSlug, Post
from newsletter.publishing.searching import remember_words
from newsletter.publishing.versions import readers_see
from newsletter.rendering.content import read_content

MAX_TITLE = 300
MAX_SUBTITLE = 500


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
    follows_title = post.state is PostState.DRAFT and post.slug.startswith(slug_of(post.title))
    if follows_title and draft.slug != post.slug:
        post.slug = _free_slug(session, post.publication_id, draft.slug)
    post.title, post.subtitle, post.markdown = draft.title, draft.subtitle, draft.markdown
    post.section_id = draft.section_id
    post.version += 1
    post.updated_at = now
    show_changes(session, post)


def publish_post(session: Session, post: Post, now: datetime) -> None:
    """Show a post on the site. Safe to repeat. Raises BadPost when there is nothing to show."""
    if not post.title:
        raise BadPost("The post needs a title before it can be published.")
    if not post.markdown.strip():
        raise BadPost("The post is empty. Write something before you publish it.")
    if post.state is not PostState.PUBLISHED:
        post.state = PostState.PUBLISHED
        post.published_at = now
        show_changes(session, post)


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


def find_moved(session: Session, publication_id: int, slug: str) -> Post | None:
    """The published post that once had this address, if there is one."""
    formerly = select(FormerSlug.post_id).where(
        FormerSlug.publication_id == publication_id, FormerSlug.slug == slug
    )
    return session.scalar(_published(publication_id).where(Post.id.in_(formerly)))


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


def show_changes(session: Session, post: Post) -> None:
    """Let readers see what was changed about a post, if they see the post at all."""
    if post.state is PostState.PUBLISHED:
        remember_words(session, post)
        readers_see(session, post.publication_id)


def _with_people() -> Select[Post]:
    return select(Post).options(
        joinedload(Post.section, innerjoin=True),
        joinedload(Post.author, innerjoin=True),
        joinedload(Post.cover),
    )


def _published(publication_id: int) -> Select[Post]:
    return _with_people().where(Post.publication_id == publication_id, Post.state == PostState.PUBLISHED)


def _free_slug(session: Session, publication_id: int, slug: str) -> str:
    """The slug itself, or with the first free number behind it."""
    taken = {
        name
        for kind in (Post, FormerSlug)
        for name in session.scalars(
            select(kind.slug).where(kind.publication_id == publication_id, kind.slug.startswith(slug))
        )
    }
    return first_free(slug, taken)
