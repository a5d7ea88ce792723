"""What moderators do, and that nobody else can."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.accounts.audit import deeds_on
from newsletter.accounts.identities import RoleName
from newsletter.accounts.signing_in import Visitor
from newsletter.discussion.bans import bans, is_banned
from newsletter.discussion.cases import subject_of
from newsletter.discussion.moderation import (
    approve,
    ban,
    dismiss_reports,
    hide,
    may_moderate,
    pin,
    remove,
    show,
    unban,
    unpin,
)
from newsletter.discussion.moving import locked, move
from newsletter.discussion.reporting import report_comment
from newsletter.domain.errors import BadInput, Conflict, NotAllowed
from newsletter.domain.states import COMMENT_MOVES, CommentState
from newsletter.models import Ban, Comment, Identity, Post, Publication, Report
from newsletter.publishing.versions import COUNTS, discussion, versions
from tests.discussion.conftest import Scene
from tests.support.discussions import make_reader, visitor_of
from tests.support.factories import NOW, make_author

LATER = NOW + timedelta(minutes=5)


def act(scene, what, comment, visitor, reason="because") -> None:
    with scene.house.database.writing() as session:
        if what is approve:
            approve(session, scene.desk, comment, visitor, LATER)
        elif what is dismiss_reports:
            dismiss_reports(session, comment, visitor, LATER)
        else:
            what(session, comment, visitor, reason, LATER)


def deeds(scene, comment) -> list[tuple[str, str]]:
    with scene.house.database.reading() as session:
        return [(each.action, each.detail["reason"]) for each in deeds_on(session, subject_of(comment))]


def written(scene: Scene, state: CommentState) -> Comment:
    """A comment in a state, by moves alone."""
    with scene.house.database.writing() as session:
        held = state is CommentState.HELD
        session.execute(update(Publication).values(holds_first_comments=held))
    comment = scene.write(scene.ada, f"This is {state}")
    if state is CommentState.HIDDEN:
        act(scene, hide, comment, scene.editor)
    elif state is CommentState.DELETED:
        act(scene, remove, comment, scene.editor)
    return scene.find(comment)


@pytest.mark.parametrize("before", CommentState)
@pytest.mark.parametrize("after", CommentState)
def test_a_comment_moves_only_where_it_may_and_the_counts_follow(scene, before, after) -> None:
    first = scene.write(scene.ben, "First")
    comment = written(scene, before)
    with scene.house.database.writing() as session:  # it hangs below the first
        session.execute(update(Comment).where(Comment.id == comment.id).values(root_id=first.id))
        answers = int(before is CommentState.VISIBLE)
        session.execute(update(Comment).where(Comment.id == first.id).values(answers=answers))

    def step() -> None:
        with scene.house.database.writing() as session:
            move(session, locked(session, comment), after)

    if after in COMMENT_MOVES[before]:
        step()
    else:
        with pytest.raises(Conflict):
            step()
    state = after if after in COMMENT_MOVES[before] else before
    assert scene.find(comment).state is state
    visible = int(state is CommentState.VISIBLE)
    assert scene.found_post().comments == 1 + visible
    assert scene.find(first).answers == visible


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        (approve, CommentState.HELD, CommentState.VISIBLE),
        (hide, CommentState.HELD, CommentState.HIDDEN),
        (remove, CommentState.HELD, CommentState.DELETED),
        (hide, CommentState.VISIBLE, CommentState.HIDDEN),
        (remove, CommentState.VISIBLE, CommentState.DELETED),
        (show, CommentState.HIDDEN, CommentState.VISIBLE),
        (remove, CommentState.HIDDEN, CommentState.DELETED),
    ],
)
def test_each_act_brings_a_comment_where_it_says_and_twice_is_once(scene, what, before, after) -> None:
    comment = written(scene, before)
    known = len(deeds(scene, comment))
    for _time in range(2):
        act(scene, what, comment, scene.editor, " It was\nneeded. ")

    assert scene.find(comment).state is after
    assert scene.found_post().comments == int(after is CommentState.VISIBLE)
    reason = "" if what is approve else "It was needed."
    assert deeds(scene, comment)[: -known or None] == [(what.__name__, reason)]


@pytest.mark.parametrize(
    ("what", "before"),
    [
        (approve, CommentState.HIDDEN),
        (approve, CommentState.DELETED),
        (show, CommentState.HELD),
        (show, CommentState.DELETED),
        (hide, CommentState.DELETED),
    ],
)
def test_an_act_that_does_not_fit_is_refused_and_not_written_down(scene, what, before) -> None:
    comment = written(scene, before)
    known = deeds(scene, comment)
    with pytest.raises(Conflict):
        act(scene, what, comment, scene.editor)

    assert scene.find(comment).state is before
    assert deeds(scene, comment) == known


@pytest.mark.parametrize("what", [approve, hide, show, remove, pin, unpin, dismiss_reports])
def test_nobody_moderates_but_moderators(scene, what) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        other = make_author(session, scene.publication, "other@example.org")
        other_author = visitor_of(session, other)
    for visitor in (scene.ada, scene.ben, other_author):
        with pytest.raises(NotAllowed):
            act(scene, what, comment, visitor)

    assert scene.find(comment).state is CommentState.VISIBLE
    assert deeds(scene, comment) == []


def test_editors_moderate_everywhere_and_authors_under_their_own_posts(scene) -> None:
    post, owner = scene.post, replace(scene.ada, roles=frozenset({RoleName.OWNER}))
    former = Visitor(scene.author.identity, frozenset(), 0)

    assert may_moderate(scene.editor, post)
    assert may_moderate(scene.author, post)
    assert may_moderate(owner, post)
    assert not may_moderate(former, post)
    assert not may_moderate(scene.ada, post)
    assert not may_moderate(None, post)
    assert not may_moderate(scene.author, Post(author_id=scene.editor.identity.id))


def test_removing_takes_the_words_away(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    act(scene, remove, comment, scene.author)

    gone = scene.find(comment)
    assert (gone.markdown, gone.html, gone.state) == ("", "", CommentState.DELETED)


def test_hiding_keeps_the_words(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    act(scene, hide, comment, scene.editor)
    act(scene, show, comment, scene.editor)

    assert scene.find(comment).markdown == "Hello"


def test_pinning_and_unpinning_twice_is_once(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    for _time in range(2):
        act(scene, pin, comment, scene.author)
    assert scene.find(comment).pinned
    for _time in range(2):
        act(scene, unpin, comment, scene.editor)
    assert not scene.find(comment).pinned

    assert [action for action, _reason in deeds(scene, comment)] == ["unpin", "pin"]


def test_only_a_visible_beginning_of_a_thread_is_pinned(scene) -> None:
    first = scene.write(scene.ada, "First")
    answer = scene.write(scene.ben, "Second", first)
    with pytest.raises(BadInput, match="begins a thread"):
        act(scene, pin, answer, scene.editor)
    act(scene, pin, first, scene.editor)
    act(scene, hide, first, scene.editor)

    assert not scene.find(first).pinned
    with pytest.raises(BadInput, match="shown"):
        act(scene, pin, first, scene.editor)


@pytest.mark.parametrize("what", [hide, show, remove, pin, unpin])
def test_a_reason_has_a_limit_and_nothing_is_done_beyond_it(scene, what) -> None:
    comment = written(scene, CommentState.HIDDEN if what is show else CommentState.VISIBLE)
    if what is unpin:
        act(scene, pin, comment, scene.editor)
    before = scene.find(comment)
    with pytest.raises(BadInput, match="reason is too long"):
        act(scene, what, comment, scene.editor, "a" * 501)

    after = scene.find(comment)
    assert (after.state, after.pinned, after.markdown) == (before.state, before.pinned, before.markdown)


@pytest.mark.parametrize("what", [hide, remove, pin])
def test_what_a_moderator_does_is_seen_at_once(scene, what) -> None:
    scopes = (COUNTS, discussion(scene.post.public_id))
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.reading() as session:
        before = versions(session, scopes)
    act(scene, what, comment, scene.editor)

    with scene.house.database.reading() as session:
        after = versions(session, scopes)
    assert all(after[scope].number > before[scope].number for scope in scopes)


@pytest.mark.parametrize("what", [hide, remove, dismiss_reports])
def test_deciding_about_a_comment_settles_its_reports(scene, what) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        for visitor in (scene.ben, scene.cleo):
            report_comment(session, comment, visitor, "Rude", NOW)
    for _time in range(2):
        act(scene, what, comment, scene.editor)

    with scene.house.database.reading() as session:
        assert [each.settled_at for each in session.scalars(select(Report))] == [LATER] * 2
    assert len(deeds(scene, comment)) == 1


def test_dismissing_leaves_the_comment_alone(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    act(scene, dismiss_reports, comment, scene.editor)

    assert scene.find(comment).state is CommentState.VISIBLE
    assert deeds(scene, comment) == []


def change_ban(scene, what, identity, visitor, reason="spam") -> None:
    with scene.house.database.writing() as session:
        what(session, scene.house.hasher, identity, visitor, reason, NOW)


def banned(scene, identity) -> bool:
    with scene.house.database.reading() as session:
        return is_banned(session, scene.house.hasher, identity)


def test_a_ban_holds_until_it_is_lifted_and_both_are_written_down(scene) -> None:
    ada = scene.ada.identity
    for _time in range(2):
        change_ban(scene, ban, ada, scene.editor)
    assert banned(scene, ada)
    assert not banned(scene, scene.ben.identity)
    for _time in range(2):
        change_ban(scene, unban, ada, scene.editor, "she is sorry")
    assert not banned(scene, ada)

    with scene.house.database.reading() as session:
        entries = deeds_on(session, f"identity {ada.public_id}")
    assert [(each.action, each.detail) for each in entries] == [
        ("unban", {"reason": "she is sorry"}),
        ("ban", {"reason": "spam"}),
    ]


def test_a_ban_outlives_the_account_and_a_new_one_with_that_address_is_banned_too(scene) -> None:
    ada = scene.ada.identity
    change_ban(scene, ban, ada, scene.editor)
    with scene.house.database.writing() as session:
        session.execute(update(Ban).values(identity_id=None))
        session.execute(
            update(Identity).where(Identity.id == ada.id).values(address=None, address_key="erased", name="")
        )
        again = make_reader(session, scene.publication, "ADA@example.net")

    assert banned(scene, again)
    with scene.house.database.reading() as session:
        (only,) = bans(session, scene.publication.id)
    assert (only.identity, only.reason, only.at) == (None, "spam", NOW)
    change_ban(scene, unban, again, scene.editor)
    assert not banned(scene, again)


def test_who_is_banned_is_listed_latest_first(scene) -> None:
    change_ban(scene, ban, scene.ada.identity, scene.editor)
    change_ban(scene, ban, scene.ben.identity, scene.editor)

    with scene.house.database.reading() as session:
        names = [each.identity and each.identity.name for each in bans(session, scene.publication.id)]
    assert names == ["Ben", "Ada"]


@pytest.mark.parametrize("what", [ban, unban])
def test_only_editors_ban(scene, what) -> None:
    for visitor in (scene.author, scene.ben):
        with pytest.raises(NotAllowed):
            change_ban(scene, what, scene.ada.identity, visitor)


def test_whoever_writes_here_is_not_banned(scene) -> None:
    for visitor in (scene.author, scene.editor):
        with pytest.raises(NotAllowed, match="role"):
            change_ban(scene, ban, visitor.identity, scene.editor)
    assert not banned(scene, scene.author.identity)


def test_a_long_reason_bans_nobody(scene) -> None:
    with pytest.raises(BadInput):
        change_ban(scene, ban, scene.ada.identity, scene.editor, "a" * 501)
    assert not banned(scene, scene.ada.identity)
