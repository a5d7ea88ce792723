"""A discussion as whoever asks for it sees it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.comments import may_edit
from newsletter.discussion.joining import Standing, standing_of
from newsletter.discussion.likes import liked_comments, liked_posts
from newsletter.discussion.moderation import may_moderate
from newsletter.discussion.threads import may_read
from newsletter.domain.discussions import MAX_COMMENT
from newsletter.domain.states import Discussing
from newsletter.models import Comment, Post, Publication
from newsletter.publishing.publications import the_publication
from newsletter.web.context import house
from newsletter.web.discussion.branches import Branch


@dataclass(frozen=True)
class Talk:
    """What the pages of a discussion ask about whoever looks at them."""

    post: Post
    base: str
    visitor: Visitor | None
    standing: Standing
    moderates: bool
    is_for_subscribers: bool
    now: datetime
    likes_post: bool = False
    liked: Collection[int] = ()
    has_more: bool = False

    longest: int = MAX_COMMENT

    @property
    def path(self) -> str:
        """Where the post is, as people write it: letters of all scripts take more room in `base`."""
        return f"/p/{self.post.slug}"

    @property
    def may_answer(self) -> bool:
        """Whether a link to answer leads somewhere, perhaps over signing in."""
        return self.standing in {Standing.MAY, Standing.SIGN_IN}

    def is_own(self, comment: Comment) -> bool:
        """Whether the visitor wrote it."""
        return self.visitor is not None and self.visitor.identity.id == comment.identity_id

    def may_edit(self, comment: Comment) -> bool:
        """Whether the visitor may still change it."""
        return may_edit(comment, self.visitor, self.now)

    def likes(self, comment: Comment) -> bool:
        """Whether the visitor likes it."""
        return comment.id in self.liked

    def shows(self, comment: Comment) -> bool:
        """Whether the visitor sees what it says."""
        return may_read(comment, self.visitor, self.post)


def talk_of(session: Session, post: Post, visitor: Visitor | None) -> Talk:
    """The discussion of a post, before anything of it is read."""
    publication = the_publication(session)
    return Talk(
        post,
        url_for("site_posts.post", slug=post.slug),
        visitor,
        standing_of(session, house().hasher, post, publication, visitor),
        may_moderate(visitor, post),
        _discussing(post, publication) is Discussing.SUBSCRIBERS,
        house().now(),
        post.id in liked_posts(session, visitor, [post.id]),
    )


def with_likes(session: Session, talk: Talk, branches: Collection[Branch]) -> Talk:
    """The same, knowing which of these comments the visitor likes."""
    if talk.visitor is None or not branches:
        return talk
    return replace(talk, liked=liked_comments(session, talk.visitor, _ids(branches)))


def _ids(branches: Collection[Branch]) -> list[int]:
    ids = []
    for branch in branches:
        ids += [branch.comment.id, *_ids(branch.below)]
    return ids


def _discussing(post: Post, publication: Publication) -> Discussing:
    return post.discussing or publication.discussing
