"""What follows for readers from letters that failed: only what is the recipient's own doing, once."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from newsletter.audience.suppression import is_suppressed
from newsletter.delivery.bounces import file_bounces
from newsletter.delivery.entries import Entry, Result
from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.ledger import Ledger
from newsletter.domain.addresses import parse_address
from newsletter.domain.outcomes import Meaning, Outcome, Reply
from newsletter.domain.refusals import CONSEQUENCES
from newsletter.models import Bounce, Campaign, Post, Subscriber, Suppression
from newsletter.publishing.posts import find_post
from newsletter.wiring import House
from tests.delivery.worker import ACCEPTED, frozen, taken
from tests.support.factories import mail_post, make_post

REPLY = Reply(550, "5.1.1", "no such user")


def refusal(meaning: Meaning) -> Outcome:
    return Outcome(*CONSEQUENCES[meaning], REPLY, meaning)


@pytest.fixture
def ledger(house: House) -> Iterator[Ledger]:
    with closing(house.ledger()) as ledger:
        yield ledger


def send(house: House, ledger: Ledger, *outcomes: Outcome) -> None:
    """The readers of a campaign get these answers, in their order."""
    holding = taken(ledger)
    ledger.post(
        [
            Entry(Result(holding, recipient, outcome))
            for recipient, outcome in zip(holding.recipients, outcomes, strict=True)
        ]
    )
    ledger.give_back(holding)
    file_bounces(house.database, house.hasher)


def suppressed(house: House) -> dict[str, str]:
    with house.database.reading() as session:
        rows = session.execute(
            select(Subscriber.name, Suppression.reason).join(
                Suppression, Suppression.subscriber_id == Subscriber.id
            )
        )
        return {row[0]: row[1] for row in rows}


def bounces(house: House) -> list[str]:
    with house.database.reading() as session:
        return list(session.scalars(select(Bounce.meaning).order_by(Bounce.id)))


def next_campaign(house: House, later: timedelta) -> None:
    """Another post goes to the same readers; what was before happened so much earlier."""
    with house.database.writing() as session:
        for campaign in session.scalars(select(Campaign)):
            assert campaign.audience_frozen_at is not None
            campaign.audience_frozen_at -= later
        post = session.scalars(select(Post).order_by(Post.id)).first()
        assert post is not None
        known = find_post(session, post.public_id)
        again = make_post(session, known.section, known.author, title="Another")
    campaign = mail_post(house, again)
    freeze_audience(house.database, house.bell, campaign.id, 100)


def test_a_mailbox_that_does_not_exist_is_suppressed_with_its_proof(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=2)

    send(house, ledger, refusal(Meaning.NO_MAILBOX), ACCEPTED)

    assert suppressed(house) == {"Reader 0": "no mailbox"}
    with house.database.reading() as session:
        proof = session.scalars(select(Bounce)).one()
        gone = session.get_one(Subscriber, proof.subscriber_id)
        assert is_suppressed(session, house.hasher, 1, parse_address(gone.address or ""))
        note = session.scalars(select(Suppression.note)).one()
    assert (proof.campaign_id, proof.code, proof.detail) == (campaign.id, 550, "550 5.1.1 no such user")
    assert campaign.public_id in note


@pytest.mark.parametrize("meaning", [each for each in Meaning if each is not Meaning.NO_MAILBOX])
def test_nothing_else_suppresses_at_once(house: House, ledger: Ledger, meaning: Meaning) -> None:
    frozen(house, readers=2)

    send(house, ledger, refusal(meaning), ACCEPTED)

    assert suppressed(house) == {}


def test_filing_again_changes_nothing_even_when_a_person_cleared_it(house: House, ledger: Ledger) -> None:
    frozen(house, readers=2)
    send(house, ledger, refusal(Meaning.NO_MAILBOX), ACCEPTED)
    with house.database.writing() as session:
        session.execute(delete(Suppression))

    assert file_bounces(house.database, house.hasher) == 0

    assert (suppressed(house), bounces(house)) == ({}, ["no mailbox"])


def test_the_next_campaign_does_not_write_to_a_suppressed_address(house: House, ledger: Ledger) -> None:
    frozen(house, readers=2)
    send(house, ledger, refusal(Meaning.NO_MAILBOX), ACCEPTED)

    next_campaign(house, timedelta(days=1))

    assert [each.name for each in taken(ledger).recipients] == ["Reader 1"]


FULL = refusal(Meaning.MAILBOX_CLOSED)
BLOCKED = refusal(Meaning.BLOCKED)


@pytest.mark.parametrize(
    ("outcomes", "apart", "expected"),
    [
        ([FULL, FULL, FULL], timedelta(days=4), {"Reader 0": "unreachable"}),
        ([FULL, FULL, FULL], timedelta(days=3), {}),
        ([FULL, FULL], timedelta(days=9), {}),
        ([FULL, ACCEPTED, FULL, FULL], timedelta(days=9), {}),
        ([FULL, FULL, ACCEPTED, FULL], timedelta(days=9), {}),
        ([FULL, BLOCKED, FULL, FULL], timedelta(days=9), {"Reader 0": "unreachable"}),
        ([BLOCKED, BLOCKED, BLOCKED, BLOCKED], timedelta(days=9), {}),
    ],
    ids=[
        "three over a week",
        "too soon",
        "only two",
        "one taken",
        "the last but one",
        "blocks",
        "all blocked",
    ],
)
def test_a_mailbox_that_takes_nothing_for_long_is_left_alone(
    house: House, ledger: Ledger, outcomes: list[Outcome], apart: timedelta, expected: dict[str, str]
) -> None:
    frozen(house, readers=1)
    send(house, ledger, outcomes[0])
    for outcome in outcomes[1:]:
        next_campaign(house, apart)
        send(house, ledger, outcome)

    assert suppressed(house) == expected
