"""Comments: written, changed for a while, deleted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from newsletter.discussion.comments import (
    A_MINUTE,
    AN_HOUR,
    delete_comment,
    edit_comment,
    find_comment,
    may_edit,
    write_comment,
)
from newsletter.discussion.likes import like_comment
from newsletter.discussion.moderation import approve, ban, hide
from newsletter.domain.discussions import EDIT_WITHIN, MAX_DEPTH, MAX_LINKS
from newsletter.domain.errors import BadInput, NotAllowed, NotFound, TooMany
from newsletter.domain.states import CommentState
from newsletter.models import Comment, CommentLike, Publication
from newsletter.publishing.versions import COUNTS, SITE, discussion, versions
from tests.support.discussions import desk_of
from tests.support.factories import NOW, make_post, make_section

LATER = NOW + timedelta(minutes=5)


def number_of_comments(scene) -> int:
    with scene.house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Comment)) or 0


def test_a_comment_is_kept_and_counted(scene) -> None:
    comment = scene.write(scene.ada, "Hello *there*.\r\n")

    assert comment.markdown == "Hello *there*."
    assert comment.html == '<p dir="auto">Hello <em>there</em>.</p>'
    assert comment.state is CommentState.VISIBLE
    assert comment.identity.name == "Ada"
    assert comment.post.slug == scene.post.slug
    post = scene.found_post()
    assert (post.comments, post.commented_at) == (1, NOW)


def test_an_answer_counts_for_its_thread_and_for_the_post(scene) -> None:
    first = scene.write(scene.ada, "First")
    answer = scene.write(scene.ben, "Second", first, LATER)
    deeper = scene.write(scene.ada, "Third", answer, LATER)

    assert (answer.root_id, answer.parent_id, answer.depth) == (first.id, first.id, 1)
    assert (deeper.root_id, deeper.parent_id, deeper.depth) == (first.id, answer.id, 2)
    assert scene.find(first).answers == 2
    post = scene.found_post()
    assert (post.comments, post.commented_at) == (3, LATER)


def test_the_ninth_level_stands_beside_the_eighth(scene) -> None:
    above = comment = scene.write(scene.ada, "The first")
    for number in range(MAX_DEPTH + 2):
        above, comment = comment, scene.write(scene.ada, f"Number {number}", comment)

    assert comment.depth == above.depth == MAX_DEPTH - 1
    assert comment.parent_id == above.id


def test_what_readers_see_is_said_to_have_changed(scene) -> None:
    scopes = (COUNTS, discussion(scene.post.public_id), SITE)
    with scene.house.database.reading() as session:
        before = versions(session, scopes)
    scene.write(scene.ada, "Hello")

    with scene.house.database.reading() as session:
        after = versions(session, scopes)
    grown = [scope for scope in scopes if after[scope].number > before[scope].number]
    assert grown == [COUNTS, discussion(scene.post.public_id)]


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        ("", "empty"),
        ("\u200b\u202e", "empty"),
        ("**\n", None),
        ("```\n```", "empty"),
        ("a" * 10_001, "too long"),
        ("[a](https://x.org) " * (MAX_LINKS + 1), "too many links"),
        ("> " * 60 + "deep", "flatter"),
    ],
)
def test_bad_words_are_refused_and_nothing_is_kept(scene, markdown, sentence) -> None:
    if sentence is None:
        assert scene.write(scene.ada, markdown)
        return
    with pytest.raises(BadInput, match=sentence):
        scene.write(scene.ada, markdown)

    assert number_of_comments(scene) == 0
    assert scene.found_post().comments == 0


def test_ten_links_are_fine(scene) -> None:
    assert scene.write(scene.ada, "[a](https://x.org) " * MAX_LINKS)


def test_the_same_sent_twice_is_one_comment(scene) -> None:
    first = scene.write(scene.ada, "Hello")
    again = scene.write(scene.ada, " Hello\u200b ", now=NOW + timedelta(seconds=30))

    assert again.id == first.id
    assert scene.found_post().comments == 1


def test_the_same_words_elsewhere_later_or_from_others_are_comments_of_their_own(scene) -> None:
    first = scene.write(scene.ada, "Yes")
    below = scene.write(scene.ada, "Yes", first)
    by_ben = scene.write(scene.ben, "Yes")
    later = scene.write(scene.ada, "Yes", now=NOW + timedelta(minutes=2))

    assert len({first.id, below.id, by_ben.id, later.id}) == 4


def test_a_comment_taken_back_can_be_written_again_at_once(scene) -> None:
    first = scene.write(scene.ada, "Yes")
    with scene.house.database.writing() as session:
        delete_comment(session, first, scene.ada, NOW)

    assert scene.write(scene.ada, "Yes").id != first.id


def test_one_person_writes_a_few_comments_a_minute_and_some_an_hour(scene) -> None:
    desk = desk_of(scene.house, limits=True)
    written = 0

    def write(now) -> None:
        nonlocal written
        with scene.house.database.writing() as session:
            write_comment(session, desk, scene.post, scene.ada, f"Comment {written}", now)
        written += 1

    for _each in range(A_MINUTE):
        write(NOW)
    with pytest.raises(TooMany, match="minute"):
        write(NOW)
    for minute in range(2, 2 * AN_HOUR // A_MINUTE, 2):
        for _each in range(A_MINUTE):
            write(NOW + timedelta(minutes=minute))
    assert written == AN_HOUR
    with pytest.raises(TooMany, match="hour"):
        write(NOW + timedelta(minutes=58))

    with scene.house.database.writing() as session:
        write_comment(session, desk, scene.post, scene.ben, "I may", NOW)
    write(NOW + timedelta(hours=2))


def test_an_answer_belongs_under_the_same_post(scene) -> None:
    first = scene.write(scene.ada, "First")
    with scene.house.database.writing() as session:
        section = make_section(session, scene.publication, "other")
        elsewhere = make_post(session, section, scene.author.identity, title="Other", published=True)
    with scene.house.database.writing() as session, pytest.raises(NotFound):
        write_comment(session, scene.desk, elsewhere, scene.ben, "Misplaced", NOW, first)


@pytest.mark.parametrize("state", [CommentState.HELD, CommentState.HIDDEN, CommentState.DELETED])
def test_only_what_is_shown_can_be_answered(scene, state) -> None:
    first = scene.write(scene.ada, "First")
    with scene.house.database.writing() as session:
        session.execute(update(Comment).values(state=state))

    with pytest.raises(NotAllowed, match="not shown"):
        scene.write(scene.ben, "Second", scene.find(first))
    assert number_of_comments(scene) == 1


def hold_first_comments(scene) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Publication).values(holds_first_comments=True))


def test_the_first_comment_of_a_person_may_wait_for_a_moderator(scene) -> None:
    hold_first_comments(scene)
    first = scene.write(scene.ada, "First")
    second = scene.write(scene.ada, "Second")
    assert {first.state, second.state} == {CommentState.HELD}
    assert scene.found_post().comments == 0

    with scene.house.database.writing() as session:
        approve(session, scene.desk, first, scene.editor, NOW)

    assert scene.write(scene.ada, "Third").state is CommentState.VISIBLE
    assert scene.write(scene.ben, "Mine").state is CommentState.HELD
    assert scene.find(second).state is CommentState.HELD
    assert scene.found_post().comments == 2


def test_whoever_has_a_role_never_waits(scene) -> None:
    hold_first_comments(scene)

    assert scene.write(scene.editor, "Welcome").state is CommentState.VISIBLE


def test_a_comment_can_be_changed_by_its_writer_while_it_is_young(scene) -> None:
    comment = scene.write(scene.ada, "Helo")
    with scene.house.database.writing() as session:
        edit_comment(session, comment, scene.ada, "Hello *again*", LATER)

    changed = scene.find(comment)
    assert (changed.markdown, changed.edited_at) == ("Hello *again*", LATER)
    assert "<em>again</em>" in changed.html
    assert changed.created_at == NOW


def test_saving_the_same_words_is_no_change(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        edit_comment(session, comment, scene.ada, "Hello\n", LATER)

    assert scene.find(comment).edited_at is None


def refuse_edit(scene, comment, visitor, now=LATER, match="") -> None:
    before = scene.find(comment)
    with scene.house.database.writing() as session, pytest.raises(NotAllowed, match=match):
        edit_comment(session, comment, visitor, "Something else", now)
    after = scene.find(comment)
    assert (after.markdown, after.html, after.edited_at) == (before.markdown, before.html, None)


def test_strangers_and_editors_do_not_change_what_somebody_wrote(scene) -> None:
    comment = scene.write(scene.ada, "Hello")

    for visitor in (scene.ben, scene.editor):
        assert not may_edit(comment, visitor, NOW)
        refuse_edit(scene, comment, visitor, match="Only who wrote")
    assert not may_edit(comment, None, NOW)


def test_after_a_while_a_comment_stays_as_it_is(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    late = NOW + EDIT_WITHIN + timedelta(seconds=1)

    assert may_edit(comment, scene.ada, NOW + EDIT_WITHIN)
    assert not may_edit(comment, scene.ada, late)
    refuse_edit(scene, comment, scene.ada, late, match="15 minutes")


def test_a_hidden_comment_is_not_changed_and_a_held_one_is(scene) -> None:
    hold_first_comments(scene)
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        edit_comment(session, comment, scene.ada, "Hello, world", LATER)
    assert scene.find(comment).markdown == "Hello, world"

    with scene.house.database.writing() as session:
        hide(session, comment, scene.editor, "", NOW)
    with scene.house.database.writing() as session, pytest.raises(NotAllowed):
        edit_comment(session, comment, scene.ada, "Worse", LATER)


def test_a_banned_person_changes_nothing_and_may_delete(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        ban(session, scene.house.hasher, scene.ada.identity, scene.editor, "spam", NOW)

    refuse_edit(scene, comment, scene.ada, match="closed the discussion to you")
    with scene.house.database.writing() as session:
        delete_comment(session, comment, scene.ada, LATER)
    assert scene.find(comment).state is CommentState.DELETED


def test_a_change_is_checked_like_a_new_comment(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    for bad in ("", "a" * 10_001, "[a](https://x.org) " * 11):
        with scene.house.database.writing() as session, pytest.raises(BadInput):
            edit_comment(session, comment, scene.ada, bad, LATER)

    assert scene.find(comment).markdown == "Hello"


def test_deleting_leaves_a_place_and_nothing_of_what_was_said(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    answer = scene.write(scene.ben, "Hi", comment, LATER)
    with scene.house.database.writing() as session:
        like_comment(session, scene.house.hasher, comment, scene.ben, NOW)
    with scene.house.database.writing() as session:
        delete_comment(session, answer, scene.ben, LATER)
        delete_comment(session, comment, scene.ada, LATER)

    gone = scene.find(comment)
    assert (gone.state, gone.markdown, gone.html) == (CommentState.DELETED, "", "")
    assert (gone.likes, gone.answers, gone.pinned) == (0, 0, False)
    post = scene.found_post()
    assert (post.comments, post.commented_at) == (0, None)
    with scene.house.database.reading() as session:
        assert session.scalars(select(CommentLike)).all() == []


def test_deleting_the_newest_comment_makes_the_one_before_the_newest(scene) -> None:
    scene.write(scene.ada, "First")
    last = scene.write(scene.ben, "Last", now=LATER)
    with scene.house.database.writing() as session:
        delete_comment(session, last, scene.ben, LATER)

    post = scene.found_post()
    assert (post.comments, post.commented_at) == (1, NOW)


def test_deleting_twice_is_deleting_once(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    for _time in range(2):
        with scene.house.database.writing() as session:
            delete_comment(session, comment, scene.ada, NOW)

    assert scene.found_post().comments == 0


def test_only_its_writer_takes_a_comment_back(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    for visitor in (scene.ben, scene.editor, scene.author):
        with scene.house.database.writing() as session, pytest.raises(NotAllowed):
            delete_comment(session, comment, visitor, NOW)

    assert scene.find(comment).state is CommentState.VISIBLE


def test_an_unknown_comment_is_not_found(scene) -> None:
    for public_id in ("", "aaaaaaaaaaaaa", "x' OR 1=1", "💬"):
        with scene.house.database.reading() as session, pytest.raises(NotFound):
            find_comment(session, public_id)


def test_a_failing_step_leaves_nothing_by_halves(scene) -> None:
    first = scene.write(scene.ada, "First")
    broken = replace(scene.desk, bell=None)
    with pytest.raises(AttributeError), scene.house.database.writing() as session:
        write_comment(session, broken, scene.post, scene.ben, "Second", NOW, first)

    assert number_of_comments(scene) == 1
    assert scene.find(first).answers == 0
    assert scene.found_post().comments == 1
