"""Who got it: one line a recipient."""

import csv
import io
from datetime import UTC, datetime

import pytest

from newsletter.delivery.ledger import Ledger
from newsletter.delivery.recipients import recipients_of
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.models import Campaign, Subscriber
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.delivery.worker import ACCEPTED, LATER, frozen, say, taken

FORMULA = Outcome(Verdict.PERMANENT, Blame.RECIPIENT, Reply(550, "5.1.1", "=HYPERLINK(1)"))


@pytest.fixture
def campaign(house: House) -> Campaign:
    """One letter accepted, one deferred, one refused by a formula, one nobody has touched."""
    campaign = frozen(house, readers=4)
    ledger: Ledger = house.ledger()
    holding = taken(ledger)
    for reader, outcome in zip(holding.recipients, (ACCEPTED, LATER, FORMULA), strict=False):
        say(ledger, holding, reader, outcome)
    ledger.give_back(holding)
    ledger.close()
    return campaign


def addresses(house: House) -> list[str]:
    with house.database.reading() as session:
        return [each.address or "" for each in session.query(Subscriber).order_by(Subscriber.id)]


def test_everybody_is_listed_with_what_became_of_their_letter(
    on_database: Run, house: House, campaign: Campaign
) -> None:
    lines = on_database("campaign", "recipients", campaign.public_id).output.splitlines()

    assert [line.split()[:2] for line in lines] == [
        [address, word]
        for address, word in zip(addresses(house), ("accepted", "deferred", "failed", "planned"), strict=True)
    ]
    assert lines[0].endswith("250 2.0.0 taken")
    assert lines[1].endswith("451 4.7.1 greylisted")


@pytest.mark.parametrize(
    ("chosen", "count"), [(["failed"], 1), (["failed", "deferred"], 2), (["skipped"], 0)]
)
def test_some_states_may_be_picked(
    on_database: Run, campaign: Campaign, chosen: list[str], count: int
) -> None:
    options = [word for state in chosen for word in ("--state", state)]

    lines = on_database("campaign", "recipients", campaign.public_id, *options).output.splitlines()

    assert len(lines) == count


def test_a_spreadsheet_gets_all_that_is_known_and_no_formula(
    on_database: Run, house: House, campaign: Campaign
) -> None:
    said = on_database("campaign", "recipients", campaign.public_id, "--csv").output

    accepted, deferred, failed, planned = csv.DictReader(io.StringIO(said))
    assert (accepted["code"], accepted["enhanced code"], accepted["text"]) == ("250", "2.0.0", "taken")
    assert accepted["attempts"] == "1"
    assert datetime.fromisoformat(accepted["changed at"]) <= datetime.now(UTC)
    assert datetime.fromisoformat(deferred["due at"]) > datetime.fromisoformat(deferred["changed at"])
    assert failed["text"] == "'=HYPERLINK(1)"
    assert (planned["attempts"], planned["code"], planned["text"]) == ("0", "", "")


def test_a_list_longer_than_a_page_is_whole(house: House, campaign: Campaign) -> None:
    pages = [row.address for row in recipients_of(house.database, campaign.id, page=3)]

    assert pages == addresses(house)
