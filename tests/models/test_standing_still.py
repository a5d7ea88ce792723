"""A process that freezes inside a transaction does not hold up the others for ever."""

import pytest
from sqlalchemy import update

from newsletter.database import Database, close_gate, enter_gate
from newsletter.domain.errors import DatabaseTrouble
from newsletter.models import Publication
from newsletter.wiring import House


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_transaction_that_stands_still_gives_its_locks_back(house: House) -> None:
    frozen = Database(house.settings.sqlalchemy_url, stand_still=0.2)
    with pytest.raises(DatabaseTrouble, match="stood still"), frozen.writing() as session:
        enter_gate(session)
        session.execute(update(Publication).values(name="Frozen"))

        with house.database.writing() as other:  # waits for the locks, and gets them
            close_gate(other)
            other.execute(update(Publication).values(name="Awake"))

        session.execute(update(Publication).values(name="Too late"))
    frozen.close()
