"""Seeing who is left out, and letting somebody be written to again."""

from sqlalchemy import select

from newsletter.audience.suppression import SuppressionReason, is_suppressed, suppress
from newsletter.domain.addresses import parse_address
from newsletter.models import AuditEntry
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.factories import NOW, make_publication, make_subscriber

ADA = parse_address("ada@example.org")


def stop(house: House) -> int:
    with house.database.writing() as session:
        publication = make_publication(session)
        make_subscriber(session, publication, address=ADA.wire)
        for address in (ADA, parse_address("stranger@example.org")):
            suppress(
                session, house.hasher, publication.id, address, reason=SuppressionReason.COMPLAINT, now=NOW
            )
        return publication.id


def test_the_list_shows_addresses_that_are_known_and_signs_of_others(house: House, on_database: Run) -> None:
    stop(house)

    shown = on_database("suppression", "list")

    assert shown.exit_code == 0
    assert "2026-11-20 12:00:00 UTC  complaint    ada@example.org" in shown.output
    assert "unknown (" in shown.output
    assert "stranger" not in shown.output


def test_lifting_is_done_by_address_however_it_is_spelt_and_written_down(
    house: House, on_database: Run
) -> None:
    publication_id = stop(house)

    lifted = on_database("suppression", "lift", "Stranger@Example.org")

    assert lifted.exit_code == 0
    assert "may be written to again" in lifted.output
    with house.database.reading() as session:
        assert not is_suppressed(session, house.hasher, publication_id, parse_address("stranger@example.org"))
        assert is_suppressed(session, house.hasher, publication_id, ADA)
        entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "lift"
    assert "on the command line" in entry.actor
    assert entry.detail == {"reason": "complaint", "since": "2026-11-20"}
    assert "stranger" not in entry.subject


def test_lifting_what_is_not_there_changes_nothing(house: House, on_database: Run) -> None:
    stop(house)

    answer = on_database("suppression", "lift", "nobody@example.org")

    assert answer.exit_code == 0
    assert "nothing was changed" in answer.output
    with house.database.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []
