"""A ledger at work, and a campaign for it."""

from collections.abc import Iterator

import pytest

from newsletter.delivery.ledger import Ledger
from newsletter.models import Campaign
from newsletter.wiring import House
from tests.delivery.worker import frozen


@pytest.fixture
def ledger(house: House) -> Iterator[Ledger]:
    ledger = house.ledger()
    yield ledger
    ledger.close()


@pytest.fixture
def campaign(house: House) -> Campaign:
    """Three readers in one batch."""
    return frozen(house)
