"""The moderators' queue."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from newsletter.discussion.cases import CASES_PER_PAGE, Waiting, case_of, queue, waiting
from newsletter.discussion.moderation import approve, ban, dismiss_reports, hide, show
from newsletter.discussion.reporting import report_comment
from newsletter.models import Publication
from tests.support.discussions import make_comment, make_many
from tests.support.factories import NOW, make_author, make_post
from tests.support.queries import counting_queries


def words(scene, which, page=1, author_id=None) -> list[str]:
    with scene.house.database.reading() as session:
        found = queue(session, scene.publication.id, which, page, author_id)
        return [each.comment.markdown for each in found]


def report(scene, comment, visitor, reason="", now=NOW) -> None:
    with scene.house.database.writing() as session:
        report_comment(session, comment, visitor, reason, now)


def test_what_waits_stands_in_the_queue_until_it_is_decided(scene) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Publication).values(holds_first_comments=True))
    first, second = scene.write(scene.ada, "First"), scene.write(scene.ben, "Second")
    assert words(scene, "held") == ["First", "Second"]

    with scene.house.database.writing() as session:
        approve(session, scene.desk, first, scene.editor, NOW)
        hide(session, second, scene.editor, "", NOW)
    assert words(scene, "held") == []
    assert words(scene, "newest") == ["Second", "First"]


def test_reported_comments_stand_in_the_queue_until_somebody_looked(scene) -> None:
    first, second = scene.write(scene.ada, "First"), scene.write(scene.ada, "Second")
    report(scene, first, scene.ben)
    report(scene, second, scene.ben)
    assert words(scene, "reported") == ["First", "Second"]

    with scene.house.database.writing() as session:
        dismiss_reports(session, first, scene.editor, NOW)
    assert words(scene, "reported") == ["Second"]


def test_a_case_holds_all_that_is_needed_to_decide(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    report(scene, comment, scene.ben, "Rude")
    report(scene, comment, scene.cleo, "Very rude", NOW + timedelta(minutes=1))
    with scene.house.database.writing() as session:
        hide(session, comment, scene.editor, "it is rude", NOW)
        show(session, comment, scene.editor, "it is not", NOW)
        ban(session, scene.house.hasher, scene.ada.identity, scene.editor, "", NOW)

    with scene.house.database.reading() as session:
        (case,) = queue(session, scene.publication.id, "newest")
        alone = case_of(session, scene.find(comment))
    assert case.comment.post.title == scene.post.title
    assert case.comment.identity.name == "Ada"
    assert [(each.reason, each.at) for each in case.reports] == [
        ("Rude", NOW),
        ("Very rude", NOW + timedelta(minutes=1)),
    ]
    assert [(each.action, each.detail["reason"], each.actor) for each in case.deeds] == [
        ("show", "it is not", "ed@example.org"),
        ("hide", "it is rude", "ed@example.org"),
    ]
    assert case.is_banned
    assert (alone.reports, alone.deeds, alone.is_banned) == (case.reports, case.deeds, True)


def test_deleted_comments_are_no_cases(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    report(scene, comment, scene.ben)
    with scene.house.database.writing() as session:
        hide(session, comment, scene.editor, "", NOW)
    assert words(scene, "newest") == ["Hello"]
    assert words(scene, "reported") == []


def test_an_author_sees_the_cases_under_their_own_posts(scene) -> None:
    scene.write(scene.ada, "Here")
    with scene.house.database.writing() as session:
        other = make_author(session, scene.publication, "other@example.org")
        elsewhere = make_post(session, scene.post.section, other, title="Other", published=True)
        comment = make_comment(session, scene.house, elsewhere, scene.ada.identity, markdown="There")
        session.flush()
        report_comment(session, comment, scene.ben, "", NOW)

    assert words(scene, "newest") == ["There", "Here"]
    assert words(scene, "newest", author_id=scene.author.identity.id) == ["Here"]
    assert words(scene, "newest", author_id=other.id) == ["There"]
    with scene.house.database.reading() as session:
        assert waiting(session, scene.publication.id) == Waiting(0, 1)
        assert waiting(session, scene.publication.id, scene.author.identity.id) == Waiting(0, 0)


@pytest.mark.parametrize("which", ["held", "reported", "newest"])
def test_the_queue_comes_in_pages_by_few_statements(scene, which) -> None:
    with scene.house.database.writing() as session:
        make_many(session, scene.post, scene.ada.identity, CASES_PER_PAGE + 5)

    assert len(words(scene, "newest")) == CASES_PER_PAGE
    assert len(words(scene, "newest", page=2)) == 5
    with counting_queries(scene.house) as counter, scene.house.database.reading() as session:
        queue(session, scene.publication.id, which)
    assert counter.number <= 4
