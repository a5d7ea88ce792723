"""Likes: one of a person, undoable, counted exactly."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from newsletter.discussion.comments import delete_comment
from newsletter.discussion.likes import (
    like_comment,
    like_post,
    liked_comments,
    liked_posts,
    unlike_comment,
    unlike_post,
)
from newsletter.discussion.moderation import ban, hide
from newsletter.domain.errors import NotAllowed, NotFound
from newsletter.domain.states import Discussing, PostState
from newsletter.models import CommentLike, Post, PostLike, Publication
from newsletter.publishing.versions import COUNTS, discussion, versions
from tests.support.factories import NOW


def act(scene, what: Callable[..., bool], thing, visitor) -> bool:
    with scene.house.database.writing() as session:
        return what(session, scene.house.hasher, thing, visitor, NOW)


def test_a_post_is_liked_once_by_each_and_unliked_once(scene) -> None:
    assert act(scene, like_post, scene.post, scene.ada)
    assert not act(scene, like_post, scene.post, scene.ada)
    assert act(scene, like_post, scene.post, scene.ben)
    assert scene.post.likes == scene.found_post().likes == 2

    assert act(scene, unlike_post, scene.post, scene.ada)
    assert not act(scene, unlike_post, scene.post, scene.ada)
    assert scene.post.likes == scene.found_post().likes == 1


def test_a_comment_is_liked_once_by_each_and_unliked_once(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    assert act(scene, like_comment, comment, scene.ben)
    assert not act(scene, like_comment, comment, scene.ben)
    assert act(scene, like_comment, comment, scene.ada)
    assert comment.likes == scene.find(comment).likes == 2

    assert act(scene, unlike_comment, comment, scene.ben)
    assert not act(scene, unlike_comment, comment, scene.ben)
    assert comment.likes == scene.find(comment).likes == 1


def test_a_like_is_seen_on_the_page_of_its_post_and_in_lists(scene) -> None:
    scopes = (COUNTS, discussion(scene.post.public_id))
    comment = scene.write(scene.ada, "Hello")
    for what, thing in ((like_post, scene.post), (like_comment, comment), (unlike_comment, comment)):
        with scene.house.database.reading() as session:
            before = versions(session, scopes)
        act(scene, what, thing, scene.ben)
        with scene.house.database.reading() as session:
            after = versions(session, scopes)
        assert all(after[scope].number > before[scope].number for scope in scopes)


def test_a_second_like_changes_no_page(scene) -> None:
    act(scene, like_post, scene.post, scene.ada)
    with scene.house.database.reading() as session:
        before = versions(session, [COUNTS])
    act(scene, like_post, scene.post, scene.ada)

    with scene.house.database.reading() as session:
        assert versions(session, [COUNTS]) == before


def test_everybody_knows_their_own_likes(scene) -> None:
    comment, other = scene.write(scene.ada, "Hello"), scene.write(scene.ada, "Other")
    act(scene, like_post, scene.post, scene.ben)
    act(scene, like_comment, comment, scene.ben)

    with scene.house.database.reading() as session:
        assert liked_posts(session, scene.ben, [scene.post.id]) == {scene.post.id}
        assert liked_comments(session, scene.ben, [comment.id, other.id]) == {comment.id}
        assert liked_posts(session, scene.ada, [scene.post.id]) == set()
        assert liked_posts(session, None, [scene.post.id]) == liked_comments(session, None, [1]) == set()
        assert liked_comments(session, scene.ben, []) == set()


def test_a_banned_person_likes_nothing_and_may_take_a_like_back(scene) -> None:
    comment = scene.write(scene.ben, "Hello")
    act(scene, like_post, scene.post, scene.ada)
    with scene.house.database.writing() as session:
        ban(session, scene.house.hasher, scene.ada.identity, scene.editor, "", NOW)

    for what, thing in ((like_post, scene.post), (like_comment, comment)):
        with pytest.raises(NotAllowed):
            act(scene, what, thing, scene.ada)
    assert act(scene, unlike_post, scene.post, scene.ada)
    assert scene.found_post().likes == 0


def test_where_nobody_may_write_people_may_still_like(scene) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Publication).values(discussing=Discussing.NOBODY))

    assert act(scene, like_post, scene.post, scene.ada)


def test_a_draft_is_not_liked(scene) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Post).values(state=PostState.DRAFT))
    with pytest.raises(NotFound):
        act(scene, like_post, scene.post, scene.ada)

    with scene.house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PostLike)) == 0


def test_what_is_not_shown_gains_no_likes_and_may_lose_them(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    act(scene, like_comment, comment, scene.cleo)
    with scene.house.database.writing() as session:
        hide(session, comment, scene.editor, "", NOW)

    with pytest.raises(NotAllowed, match="not shown"):
        act(scene, like_comment, comment, scene.ben)
    assert act(scene, unlike_comment, comment, scene.cleo)
    assert scene.find(comment).likes == 0


def test_nobody_likes_what_was_deleted(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        delete_comment(session, comment, scene.ada, NOW)
    with pytest.raises(NotAllowed):
        act(scene, like_comment, comment, scene.ben)

    with scene.house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CommentLike)) == 0
