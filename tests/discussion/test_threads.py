"""Reading a discussion: order, places of what is gone, pages, and few questions."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from newsletter.discussion.comments import delete_comment
from newsletter.discussion.moderation import hide, pin
from newsletter.discussion.threads import BRANCH_PAGE, Threads, list_threads, may_read, thread_of
from newsletter.domain.discussions import ANSWERS_SHOWN, PER_PAGE, ThreadOrder
from newsletter.domain.errors import NotFound
from newsletter.domain.states import CommentState
from newsletter.models import Comment
from tests.support.discussions import make_many
from tests.support.factories import NOW
from tests.support.queries import counting_queries


def threads(scene, order=ThreadOrder.OLDEST, page=1, visitor=None) -> Threads:
    with scene.house.database.reading() as session:
        return list_threads(session, scene.found_post(), order, page, visitor)


def shown(scene, visitor=None, order=ThreadOrder.OLDEST) -> list[str]:
    """What a visitor sees, indented; a place without words is a dash."""
    lines = []
    for thread in threads(scene, order, visitor=visitor).threads:
        for each in (thread.comment, *thread.answers):
            words = each.markdown if may_read(each, visitor, scene.post) else "-"
            lines.append("." * each.depth + words)
    return lines


def below(scene, comment, page=1, visitor=None) -> list[str]:
    with scene.house.database.reading() as session:
        branch = thread_of(session, scene.find(comment), page, visitor)
        return [each.markdown for each in branch.answers]


def delete(scene, comment, visitor) -> None:
    with scene.house.database.writing() as session:
        delete_comment(session, comment, visitor, NOW)


def put(scene, comment, **values) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Comment).where(Comment.id == comment.id).values(**values))


def test_a_post_without_comments_has_one_empty_page(scene) -> None:
    found = threads(scene)

    assert (found.threads, found.page, found.pages, found.total) == ([], 1, 1, 0)


def test_answers_stand_in_reading_order_whenever_they_came(scene) -> None:
    first = scene.write(scene.ada, "a")
    second = scene.write(scene.ben, "b")
    a1 = scene.write(scene.ben, "a1", first)
    a2 = scene.write(scene.ben, "a2", first)
    scene.write(scene.ada, "b1", second)
    scene.write(scene.ada, "a2x", a2)
    scene.write(scene.ada, "a1x", a1)

    assert shown(scene) == ["a", ".a1", "..a1x", ".a2", "..a2x", "b", ".b1"]
    assert threads(scene).total == 7


def test_threads_are_sorted_three_ways(scene) -> None:
    comments = {word: scene.write(scene.ada, word) for word in ("a", "b", "c", "d")}
    scene.write(scene.ben, "yes", comments["c"])
    put(scene, comments["b"], likes=2)

    def heads(order) -> str:
        return "".join(each.comment.markdown for each in threads(scene, order).threads)

    assert heads(ThreadOrder.OLDEST) == "abcd"
    assert heads(ThreadOrder.NEWEST) == "dcba"
    assert heads(ThreadOrder.TOP) == "bcad"

    with scene.house.database.writing() as session:
        pin(session, comments["d"], scene.editor, "", NOW)
    assert heads(ThreadOrder.TOP) == "dbca"
    assert heads(ThreadOrder.OLDEST) == "dabc"


@pytest.mark.parametrize("state", [CommentState.HIDDEN, CommentState.DELETED])
def test_what_is_gone_keeps_its_place_only_while_something_visible_is_below(scene, state) -> None:
    root = scene.write(scene.ada, "root")
    middle = scene.write(scene.ben, "middle", root)
    leaf = scene.write(scene.cleo, "leaf", middle)
    lonely = scene.write(scene.cleo, "lonely", root)

    def take_away(comment, writer) -> None:
        if state is CommentState.DELETED:
            return delete(scene, comment, writer)
        with scene.house.database.writing() as session:
            return hide(session, comment, scene.editor, "", NOW)

    take_away(lonely, scene.cleo)
    assert shown(scene) == ["root", ".middle", "..leaf"]
    take_away(middle, scene.ben)
    assert shown(scene) == ["root", ".-", "..leaf"]
    take_away(root, scene.ada)
    assert shown(scene) == ["-", ".-", "..leaf"]
    take_away(leaf, scene.cleo)
    assert shown(scene) == []
    assert threads(scene).total == 0


@pytest.mark.parametrize("state", [CommentState.HELD, CommentState.HIDDEN])
def test_what_waits_or_is_hidden_is_seen_by_its_writer_and_by_moderators(scene, state) -> None:
    root = scene.write(scene.ada, "root")
    answer = scene.write(scene.ben, "answer", root)
    for each in (root, answer):
        put(scene, each, state=state, answers=0)

    assert shown(scene) == shown(scene, scene.cleo) == []
    assert shown(scene, scene.ada) == ["root"]
    assert shown(scene, scene.author) == shown(scene, scene.editor) == ["root", ".answer"]


def test_a_root_that_waits_stays_unseen_with_all_below_but_a_gone_one_with_words_below_does_not(
    scene,
) -> None:
    root = scene.write(scene.ada, "root")
    scene.write(scene.ben, "answer", root)
    put(scene, root, state=CommentState.HIDDEN)

    assert shown(scene, scene.cleo) == ["-", ".answer"]


def test_threads_come_in_pages(scene) -> None:
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ada.identity, PER_PAGE + 1)

    assert len(threads(scene).threads) == PER_PAGE
    second = threads(scene, page=2)
    assert (len(second.threads), second.page, second.pages, second.total) == (1, 2, 2, PER_PAGE + 1)
    for page in (0, -1, 3, 10**9):
        with pytest.raises(NotFound):
            threads(scene, page=page)


def test_of_a_long_thread_the_first_answers_are_shown_and_the_others_counted(scene) -> None:
    root = scene.write(scene.ada, "root")
    short = scene.write(scene.ada, "short")
    scene.write(scene.ben, "only", short)
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ada.identity, ANSWERS_SHOWN + 7, root)

    long, other = threads(scene).threads
    assert (len(long.answers), long.more) == (ANSWERS_SHOWN, 7)
    assert [each.path for each in long.answers] == sorted(each.path for each in long.answers)
    assert (len(other.answers), other.more) == (1, 0)


def test_a_permalink_shows_a_comment_with_what_is_below_it_alone(scene) -> None:
    root = scene.write(scene.ada, "root")
    one = scene.write(scene.ben, "one", root)
    deep = scene.write(scene.ada, "deep", one)
    scene.write(scene.ben, "deeper", deep)
    scene.write(scene.cleo, "beside", root)

    assert below(scene, root) == ["one", "deep", "deeper", "beside"]
    assert below(scene, one) == ["deep", "deeper"]
    with scene.house.database.reading() as session:
        branch = thread_of(session, scene.find(one))
        assert (branch.comment.id, branch.pages) == (one.id, 1)
        assert branch.above is not None
        assert (branch.above.id, branch.above.identity.name) == (root.id, "Ada")
        assert thread_of(session, scene.find(root)).above is None


def test_a_long_branch_comes_in_pages(scene) -> None:
    root = scene.write(scene.ada, "root")
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ada.identity, 2 * BRANCH_PAGE + 1, root)

    assert [len(below(scene, root, page)) for page in (1, 2, 3)] == [BRANCH_PAGE, BRANCH_PAGE, 1]
    with pytest.raises(NotFound):
        below(scene, root, 4)


def test_a_permalink_to_what_is_gone_works_while_something_visible_is_below(scene) -> None:
    root = scene.write(scene.ada, "root")
    answer = scene.write(scene.ben, "answer", root)
    delete(scene, root, scene.ada)
    assert below(scene, root) == ["answer"]

    delete(scene, answer, scene.ben)
    for each in (root, answer):
        with pytest.raises(NotFound):
            below(scene, each)


def test_a_permalink_to_what_waits_works_for_its_writer_and_moderators(scene) -> None:
    comment = scene.write(scene.ada, "root")
    put(scene, comment, state=CommentState.HELD)

    for visitor in (scene.ada, scene.author, scene.editor):
        assert below(scene, comment, visitor=visitor) == []
    for visitor in (None, scene.ben):
        with pytest.raises(NotFound):
            below(scene, comment, visitor=visitor)


def statements(scene, comment) -> list[int]:
    numbers = []
    for visitor in (None, scene.ada, scene.editor):
        for order in ThreadOrder:
            with counting_queries(scene.house) as counter, scene.house.database.reading() as session:
                found = list_threads(session, scene.post, order, 1, visitor)
                assert all(each.identity.name for thread in found.threads for each in thread.answers)
            numbers.append(counter.number)
        with counting_queries(scene.house) as counter, scene.house.database.reading() as session:
            thread_of(session, comment, 1, visitor)
        numbers.append(counter.number)
    return numbers


@pytest.mark.parametrize("in_one_thread", [True, False])
def test_thousands_of_comments_are_read_by_as_many_statements_as_five(scene, in_one_thread) -> None:
    root = scene.write(scene.ada, "root")
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ben.identity, 4, root)
    few = statements(scene, scene.find(root))
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ben.identity, 4_995, root if in_one_thread else None)

    assert scene.found_post().comments == 5_000
    assert statements(scene, scene.find(root)) == few
    assert max(few) <= 4


def test_thousands_that_were_deleted_are_passed_over(scene) -> None:
    root = scene.write(scene.ada, "root")
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ben.identity, 5_000, root)
        session.execute(
            update(Comment).where(Comment.root_id == root.id).values(state=CommentState.DELETED, html="")
        )
    scene.write(scene.cleo, "still here", root, NOW + timedelta(hours=1))

    assert shown(scene) == ["root", ".still here"]
