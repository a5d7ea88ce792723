"""Who is told by mail of a comment."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.discussion.comments import delete_comment, edit_comment
from newsletter.discussion.moderation import approve, ban, hide, show
from newsletter.discussion.telling import TOLD_AT_MOST, has_muted, mute, mute_all, unmute, unmute_all
from newsletter.jobs import Job
from newsletter.models import Identity, Notice, Publication
from tests.support.discussions import make_many, make_reader
from tests.support.factories import NOW


def told(scene, comment) -> list[str]:
    """Whom notices about a comment go to, by the first part of their addresses."""
    with scene.house.database.reading() as session:
        rows = session.execute(
            select(Identity.address, Notice.payload, Notice.kind)
            .join(Identity, Identity.id == Notice.identity_id)
            .order_by(Identity.address)
        )
        return [
            address.split("@")[0]
            for address, payload, kind in rows
            if kind == "comment" and payload == {"comment": comment.public_id}
        ]


def change(scene, identity, **values) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Identity).where(Identity.id == identity.id).values(**values))


def test_the_author_of_the_post_and_the_people_of_the_thread_are_told(scene, rings) -> None:
    first = scene.write(scene.ada, "First")
    assert told(scene, first) == ["mara"]
    assert rings.jobs == [Job.NOTICES]

    answer = scene.write(scene.ben, "Second", first)
    assert told(scene, answer) == ["ada", "mara"]
    deep = scene.write(scene.cleo, "Third", answer)
    assert told(scene, deep) == ["ada", "ben", "mara"]
    elsewhere = scene.write(scene.cleo, "Another thread")
    assert told(scene, elsewhere) == ["mara"]


def test_nobody_is_told_of_their_own_words(scene, rings) -> None:
    by_author = scene.write(scene.author, "Welcome")
    assert told(scene, by_author) == []
    assert rings.jobs == []

    answer = scene.write(scene.ada, "Thanks", by_author)
    assert told(scene, scene.write(scene.ada, "Again", answer)) == ["mara"]


def test_whoever_took_their_words_back_is_not_in_the_thread(scene) -> None:
    first = scene.write(scene.ada, "First")
    second = scene.write(scene.ben, "Second", first)
    with scene.house.database.writing() as session:
        delete_comment(session, second, scene.ben, NOW)

    assert told(scene, scene.write(scene.cleo, "Third", first)) == ["ada", "mara"]


@pytest.mark.parametrize(
    "values",
    [{"hears_of_comments": False}, {"confirmed_at": None}, {"erased_at": NOW}],
)
def test_some_are_never_told(scene, values) -> None:
    first = scene.write(scene.ada, "First")
    change(scene, scene.ada.identity, **values)
    change(scene, scene.author.identity, **values)

    assert told(scene, scene.write(scene.ben, "Second", first)) == []


def test_a_banned_person_is_not_told(scene) -> None:
    first = scene.write(scene.ada, "First")
    with scene.house.database.writing() as session:
        ban(session, scene.house.hasher, scene.ada.identity, scene.editor, "", NOW)

    assert told(scene, scene.write(scene.ben, "Second", first)) == ["mara"]


def test_a_muted_thread_is_quiet_and_others_are_not(scene) -> None:
    first = scene.write(scene.ada, "First")
    answer = scene.write(scene.ben, "Answer", first)
    other = scene.write(scene.ada, "Other")
    for _time in range(2):
        with scene.house.database.writing() as session:
            mute(session, scene.ada.identity, answer, NOW)  # any comment stands for its thread
    with scene.house.database.reading() as session:
        assert has_muted(session, scene.ada.identity, first)
        assert not has_muted(session, scene.ada.identity, other)
        assert not has_muted(session, scene.ben.identity, first)

    assert told(scene, scene.write(scene.cleo, "One", first)) == ["ben", "mara"]
    assert told(scene, scene.write(scene.cleo, "Two", other)) == ["ada", "mara"]

    for _time in range(2):
        with scene.house.database.writing() as session:
            unmute(session, scene.ada.identity, first)
    assert told(scene, scene.write(scene.cleo, "Three", first)) == ["ada", "ben", "mara"]


def test_all_discussion_can_be_switched_off_and_on(scene) -> None:
    first = scene.write(scene.ada, "First")
    with scene.house.database.writing() as session:
        mute_all(session, scene.ada.identity)
    assert told(scene, scene.write(scene.ben, "Second", first)) == ["mara"]

    with scene.house.database.writing() as session:
        unmute_all(session, scene.ada.identity)
    assert told(scene, scene.write(scene.ben, "Third", first)) == ["ada", "mara"]


def test_a_held_comment_is_told_of_when_it_is_approved_and_once(scene, rings) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Publication).values(holds_first_comments=True))
    comment = scene.write(scene.ada, "First")
    assert (told(scene, comment), rings.jobs) == ([], [])

    for _time in range(2):
        with scene.house.database.writing() as session:
            approve(session, scene.desk, comment, scene.editor, NOW)
    assert told(scene, comment) == ["mara"]
    assert rings.jobs == [Job.NOTICES]


def test_a_comment_hidden_while_it_waited_is_told_of_when_it_is_shown(scene) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Publication).values(holds_first_comments=True))
    comment = scene.write(scene.ada, "First")
    for _time in range(2):
        with scene.house.database.writing() as session:
            hide(session, comment, scene.editor, "", NOW)
        with scene.house.database.writing() as session:
            show(session, comment, scene.editor, "", NOW)

    assert told(scene, comment) == ["mara"]


def test_changing_hiding_and_showing_tells_nobody_again(scene) -> None:
    comment = scene.write(scene.ada, "First")
    with scene.house.database.writing() as session:
        edit_comment(session, comment, scene.ada, "First of all", NOW + timedelta(minutes=1))
        hide(session, comment, scene.editor, "", NOW)
        show(session, comment, scene.editor, "", NOW)

    assert told(scene, comment) == ["mara"]


def test_the_same_sent_twice_is_told_of_once(scene) -> None:
    comment = scene.write(scene.ada, "First")
    scene.write(scene.ada, "First")

    assert told(scene, comment) == ["mara"]


def test_of_a_crowd_those_are_told_who_wrote_last(scene) -> None:
    first = scene.write(scene.ada, "First")
    with scene.house.database.writing() as session:
        for number in range(TOLD_AT_MOST + 5):
            reader = make_reader(session, scene.publication, f"reader{number:03}@example.net")
            make_many(session, scene.post, reader, 1, first)
    last = scene.write(scene.author, "Welcome, all")

    assert told(scene, last) == []
    names = told(scene, scene.write(scene.ben, "Hello", first))
    assert len(names) == TOLD_AT_MOST
    assert "ada" not in names
    assert f"reader{TOLD_AT_MOST + 4:03}" in names
