"""Many at once: every count is exact, and nothing is kept twice."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sqlalchemy import func, select, update

from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.comments import A_MINUTE, delete_comment, edit_comment, find_comment, write_comment
from newsletter.discussion.likes import like_comment, like_post, unlike_comment, unlike_post
from newsletter.discussion.moderation import approve, hide, show
from newsletter.domain.errors import Conflict, NotAllowed, TooMany
from newsletter.domain.states import CommentState
from newsletter.models import Comment, CommentLike, Notice, Post, PostLike
from tests.discussion.conftest import Scene
from tests.support.discussions import desk_of, make_reader, visitor_of
from tests.support.factories import NOW

THREADS = 8
Result = TypeVar("Result")


def at_once(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [each.result() for each in [pool.submit(act) for act in acts]]


def crowd(scene, number) -> list[Visitor]:
    with scene.house.database.writing() as session:
        return [visitor_of(session, make_reader(session, scene.publication)) for _each in range(number)]


def counted(scene, *where) -> int:
    with scene.house.database.reading() as session:
        return session.scalar(select(func.count()).where(*where)) or 0


def test_likes_are_exact_when_many_like_and_change_their_minds(scene) -> None:
    comment = scene.write(scene.author, "Like this")
    people = crowd(scene, THREADS)

    def be_fickle(visitor, likes_in_the_end) -> None:
        acts = [(like_post, like_comment), (like_post, like_comment), (unlike_post, unlike_comment)]
        for post, to_comment in [*acts, *acts[: 2 * likes_in_the_end]]:
            with scene.house.database.writing() as session:
                of_post = session.get_one(Post, scene.post.id)
                post(session, scene.house.hasher, of_post, visitor, NOW)
            with scene.house.database.writing() as session:
                same = find_comment(session, comment.public_id)
                to_comment(session, scene.house.hasher, same, visitor, NOW)

    # Every person with two browsers at once.
    at_once([partial(be_fickle, v, n % 2) for n, v in enumerate(people) for _twice in range(2)])

    likes = counted(scene, PostLike.post_id == scene.post.id)
    assert scene.found_post().likes == likes
    of_comment = counted(scene, CommentLike.comment_id == comment.id)
    assert scene.find(comment).likes == of_comment
    assert likes >= THREADS // 2


def test_comments_are_counted_exactly_when_many_write_and_delete(scene) -> None:
    root = scene.write(scene.author, "What do you think?")
    people = crowd(scene, THREADS)

    def join_in(visitor) -> None:
        kept = scene.write(visitor, "Yes", root)
        scene.write(visitor, "And more", kept)
        gone = scene.write(visitor, "Never mind", root)
        scene.write(visitor, "Something else")
        with scene.house.database.writing() as session:
            delete_comment(session, gone, visitor, NOW)

    at_once([partial(join_in, each) for each in people])

    visible = counted(scene, Comment.state == CommentState.VISIBLE)
    assert scene.found_post().comments == visible == 1 + 3 * THREADS
    assert scene.find(root).answers == 2 * THREADS
    assert counted(scene, Comment.path == "") == 0


def test_a_form_sent_many_times_at_once_is_one_comment(scene: Scene) -> None:
    written = at_once([partial(scene.write, scene.ada, "Hello")] * (2 * THREADS))

    assert len({each.id for each in written}) == 1
    assert scene.found_post().comments == counted(scene, Comment.id > 0) == 1
    assert counted(scene, Notice.kind == "comment") == 1


def test_moderators_who_disagree_leave_the_counts_right(scene) -> None:
    root = scene.write(scene.ada, "Root")
    answers = [scene.write(scene.ben, f"Answer {number}", root) for number in range(3)]

    def decide(what, comment) -> None:
        try:
            with scene.house.database.writing() as session:
                what(session, comment, scene.editor, "", NOW)
        except Conflict:
            pass

    at_once([partial(decide, what, each) for what in (hide, show, hide, show) for each in (root, *answers)])

    visible = [scene.find(each).state is CommentState.VISIBLE for each in answers]
    assert scene.find(root).answers == sum(visible)
    assert scene.found_post().comments == counted(scene, Comment.state == CommentState.VISIBLE)


def test_two_moderators_approve_once(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        session.execute(update(Comment).values(state=CommentState.HELD))
        session.execute(update(Post).values(comments=0, commented_at=None))

    def decide() -> None:
        with scene.house.database.writing() as session:
            approve(session, scene.desk, comment, scene.editor, NOW)

    at_once([decide] * THREADS)

    assert scene.found_post().comments == 1
    assert scene.found_post().commented_at == NOW


def test_liking_what_is_deleted_meanwhile_leaves_no_like(scene) -> None:
    comment = scene.write(scene.author, "Now or never")
    people = crowd(scene, THREADS)

    def like(visitor) -> None:
        try:
            with scene.house.database.writing() as session:
                like_comment(session, scene.house.hasher, comment, visitor, NOW)
        except NotAllowed:
            pass

    def take_back() -> None:
        with scene.house.database.writing() as session:
            delete_comment(session, comment, scene.author, NOW)

    acts = [partial(like, each) for each in people]
    at_once([*acts[:4], partial(take_back), *acts[4:]])

    assert counted(scene, CommentLike.comment_id == comment.id) == 0
    assert scene.find(comment).likes == 0


def test_the_limit_holds_when_all_comes_at_once(scene) -> None:
    desk = desk_of(scene.house, limits=True)

    def write(number) -> bool:
        try:
            with scene.house.database.writing() as session:
                write_comment(session, desk, scene.post, scene.ada, f"Comment {number}", NOW)
        except TooMany:
            return False
        return True

    kept = at_once([partial(write, number) for number in range(2 * THREADS)])

    assert sum(kept) == counted(scene, Comment.id > 0) == A_MINUTE


def test_everything_at_once_ends_with_right_counts_and_no_error(scene) -> None:
    root = scene.write(scene.author, "Root")
    people = crowd(scene, THREADS)

    def transaction(what: Callable[..., object], *rest: object) -> None:
        with scene.house.database.writing() as session:
            what(session, *rest)

    def live(number: int, visitor: Visitor) -> None:
        hasher, thing = scene.house.hasher, scene.find(root)
        for turn in range(3):
            mine = scene.write(visitor, f"Turn {turn}", thing)
            transaction(like_comment, hasher, thing, visitor, NOW)
            transaction(like_post, hasher, scene.post, visitor, NOW)
            transaction(like_comment, hasher, mine, visitor, NOW)
            transaction(edit_comment, mine, visitor, f"Turn {turn}, thought over", NOW)
            transaction(hide, mine, scene.editor, "", NOW)
            transaction(unlike_comment, hasher, thing, visitor, NOW)
            if number % 2:
                transaction(show, mine, scene.editor, "", NOW)
            else:
                transaction(delete_comment, mine, visitor, NOW)

    at_once([partial(live, number, each) for number, each in enumerate(people)])

    visible = 3 * THREADS // 2
    assert scene.find(root).answers == visible
    assert scene.find(root).likes == counted(scene, CommentLike.comment_id == root.id) == 0
    post = scene.found_post()
    assert (post.comments, post.likes) == (1 + visible, THREADS)
    assert counted(scene, CommentLike.comment_id != root.id) == visible
