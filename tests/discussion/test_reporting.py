"""Readers ask the moderators to look at a comment."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.discussion.moderation import ban, dismiss_reports, hide
from newsletter.discussion.reporting import REPORTS_AN_HOUR, report_comment
from newsletter.domain.errors import BadInput, NotAllowed, TooMany
from newsletter.models import Report
from tests.support.factories import NOW


def report(scene, comment, visitor, reason="", now=NOW) -> None:
    with scene.house.database.writing() as session:
        report_comment(session, scene.find(comment), visitor, reason, now)


def reports(scene) -> list[Report]:
    with scene.house.database.reading() as session:
        return list(session.scalars(select(Report).order_by(Report.comment_id, Report.identity_id)))


def test_a_report_is_kept_once_of_each_person(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    report(scene, comment, scene.ben, " It is\n rude. ")
    report(scene, comment, scene.ben, "Something else")
    report(scene, comment, scene.cleo)

    assert [each.reason for each in reports(scene)] == ["It is rude.", ""]


def test_a_dismissed_report_is_not_made_again(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    report(scene, comment, scene.ben)
    with scene.house.database.writing() as session:
        dismiss_reports(session, comment, scene.editor, NOW)
    report(scene, comment, scene.ben, "Still rude")

    (only,) = reports(scene)
    assert only.settled_at is not None


def test_nobody_reports_their_own_words_or_what_is_not_shown(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with pytest.raises(NotAllowed, match="your own"):
        report(scene, comment, scene.ada)
    with scene.house.database.writing() as session:
        hide(session, comment, scene.editor, "", NOW)
    with pytest.raises(NotAllowed, match="not shown"):
        report(scene, comment, scene.ben)

    assert reports(scene) == []


def test_a_banned_person_reports_nothing(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with scene.house.database.writing() as session:
        ban(session, scene.house.hasher, scene.ben.identity, scene.editor, "", NOW)
    with pytest.raises(NotAllowed):
        report(scene, comment, scene.ben)

    assert reports(scene) == []


def test_a_long_reason_is_refused(scene) -> None:
    comment = scene.write(scene.ada, "Hello")
    with pytest.raises(BadInput, match="500 characters are the limit"):
        report(scene, comment, scene.ben, "a" * 501)

    report(scene, comment, scene.ben, "a" * 500)
    assert len(reports(scene)) == 1


def test_one_person_reports_some_comments_an_hour(scene) -> None:
    comments = [scene.write(scene.ada, f"Comment {number}") for number in range(REPORTS_AN_HOUR + 1)]
    for each in comments[:-1]:
        report(scene, each, scene.ben)
    with pytest.raises(TooMany):
        report(scene, comments[-1], scene.ben)

    report(scene, comments[-1], scene.cleo)
    report(scene, comments[-1], scene.ben, now=NOW + timedelta(hours=2))
    assert len(reports(scene)) == REPORTS_AN_HOUR + 2
