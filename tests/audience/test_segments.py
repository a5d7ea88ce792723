"""Who may be mailed: the query and the rule agree."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import update

from newsletter.audience.segments import eligible_followers, standings
from newsletter.database import clock
from newsletter.domain.eligibility import reason_to_skip
from newsletter.domain.states import SubscriberState, SubscriptionState
from newsletter.models import Subscription, Suppression
from newsletter.wiring import House
from tests.support.factories import NOW, make_publication, make_section, make_subscriber

CASES = list(itertools.product(SubscriberState, [*SubscriptionState, None], [False, True], [-1, 0, 1]))


def test_the_query_chooses_exactly_those_whom_the_rule_allows(house: House) -> None:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        ids = []
        for state, subscription, suppressed, paused in CASES:
            sections = () if subscription is None else (section,)
            reader = make_subscriber(session, publication, *sections, state=state)
            if paused:  # over since an hour, or lasting for another one
                reader.paused_until = clock(session) + timedelta(hours=paused)
            if subscription is not None:
                session.execute(
                    update(Subscription)
                    .where(Subscription.subscriber_id == reader.id)
                    .values(state=subscription)
                )
            if suppressed:
                session.add(
                    Suppression(
                        publication_id=publication.id,
                        address_hash=str(reader.id),
                        subscriber_id=reader.id,
                        reason="complaint",
                        at=NOW,
                    )
                )
            ids.append(reader.id)

    with house.database.reading() as session:
        chosen = set(session.scalars(eligible_followers(section.id)))
        known = standings(session, section.id, ids)

    assert chosen == {reader_id for reader_id in ids if reason_to_skip(known[reader_id]) is None}
    assert len(chosen) == 2


@pytest.mark.parametrize("count", [0, 1])
def test_standings_of_nobody_are_empty(house: House, count: int) -> None:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)

    with house.database.reading() as session:
        assert standings(session, section.id, [999_999] * count) == {}
