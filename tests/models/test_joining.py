"""How PostgreSQL is to join is said for one query, not for those behind it."""

import pytest
from sqlalchemy import text

from newsletter.database import joining_in_order
from newsletter.wiring import House


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_only_queries_inside_join_in_order(house: House) -> None:
    show = text("SHOW enable_nestloop")

    with house.database.writing() as session:
        before = session.scalar(show)
        with joining_in_order(session):
            inside = session.scalar(show)
        after = session.scalar(show)

    assert (before, inside, after) == ("on", "off", "on")
