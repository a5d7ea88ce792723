"""Rows that cannot be mailed, plans that cannot be read, edits that come too late: the others are exact."""

import json

import pytest
from sqlalchemy import select, text, update

from newsletter.audience.consents import Words
from newsletter.audience.subscribing import Request, ask_to_subscribe, confirm_subscription
from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import CampaignState, ConsentKind, DeliveryState
from newsletter.models import Campaign, Consent, Delivery, Identity, Post, Section, Subscriber
from newsletter.publishing.posts import Draft, edit_post
from newsletter.wiring import House
from tests.scenarios.conftest import Begin, Mailing
from tests.support.checker import Findings, check
from tests.support.factories import NOW, mail_post, make_post
from tests.support.ledgers import campaign_now
from tests.support.sink import Sink

READERS = 24
WORDS = Words("Send me new posts.", "a test", "192.0.2.1")


def poison(mailing: Mailing, column: str, value: str) -> int:
    """Write into the row of one reader what no form would let through. Returns whose."""
    with mailing.house.database.writing() as session:
        victim = session.scalars(select(Subscriber).order_by(Subscriber.id).offset(7).limit(1)).one()
        session.execute(
            text(f"UPDATE subscriber SET {column} = :value WHERE id = :id"),
            {"value": value, "id": victim.id},
        )
        return victim.id


@pytest.mark.parametrize(
    "address", ["a\r\nRCPT TO:<b@example.org>", "tab\t@example.org", "nul\x01@example.org", "", "no at sign"]
)
def test_an_address_that_cannot_be_said_is_set_aside_with_its_cause(begin: Begin, address: str) -> None:
    mailing = begin()
    victim = poison(mailing, "address", address)

    found = mailing.finish()

    assert found == Findings(READERS, READERS - 1, 0, 0, 0, 0)
    with mailing.house.database.reading() as session:
        row = session.get_one(Delivery, (mailing.campaign_id, victim))
    assert row.state is DeliveryState.FAILED
    assert "set aside" in (row.detail or "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL has no room for such a name
def test_a_name_of_two_megabytes_harms_nobody_else(begin: Begin) -> None:
    mailing = begin(markdown="Hello {{ name | there }}.")
    poison(mailing, "name", "x" * 2_000_000)

    found = mailing.finish()

    assert found.copies >= READERS - 1
    assert found.copies_beyond_first == found.recorded_resends == found.uncertain == 0


def test_an_edit_after_freezing_reaches_no_letter_of_any_connection(begin: Begin, sink: Sink) -> None:
    mailing = begin()
    mailing.sender.send_due("a worker", lambda: len(sink.accepted()) >= 5, lambda: None)
    with mailing.house.database.writing() as session:
        post = session.get_one(Post, session.get_one(Campaign, mailing.campaign_id).post_id)
        edit_post(session, post, Draft("Changed", "Long. " * 5_000, post.section_id), post.version, NOW)

    assert mailing.finish().is_exact
    lengths = [copy.length for copy in sink.accepted() if copy.recipient.startswith("reader")]
    assert max(lengths) - min(lengths) < 200


def subscribe(house: House, campaign: Campaign, typed: str) -> None:
    """As a person does: ask, and press the button in the mail."""
    request = Request(parse_address(typed), "Ada", [campaign.section_id], WORDS)
    with house.database.writing() as session:
        ask_to_subscribe(session, house.bell, house.hasher, campaign.publication_id, request, NOW)
        newest = select(Consent).where(Consent.kind == ConsentKind.ASKED).order_by(Consent.id.desc()).limit(1)
        confirm_subscription(session, house.bell, session.scalars(newest).one().public_id, WORDS, NOW)


def test_spellings_of_one_mailbox_get_one_copy(begin: Begin, sink: Sink) -> None:
    spellings = ["Ada@example.net", "ada@EXAMPLE.net", "ADA@Example.Net"]
    spellings += ["bob@bücher.example", "Bob@BÜCHER.example", "bob@xn--bcher-kva.example"]

    def subscribe_all(house: House, campaign: Campaign) -> None:
        for typed in spellings:
            subscribe(house, campaign, typed)

    mailing = begin(readers=1, prepare=subscribe_all, notices_every=1e9)  # letters only

    assert mailing.finish() == Findings(3, 3, 0, 0, 0, 0)
    assert {"ada@example.net", "bob@xn--bcher-kva.example"} < {each.lower() for each in sink.copies()}


def test_a_plan_of_an_unknown_format_pauses_its_campaign_and_no_other(begin: Begin, sink: Sink) -> None:
    unreadable = begin()
    house = unreadable.house
    with house.database.writing() as session:
        plan = json.dumps({"format": 999, "pieces": []}).encode()
        session.execute(update(Campaign).where(Campaign.id == unreadable.campaign_id).values(plan=plan))
    with house.database.writing() as session:
        first = session.get_one(Post, session.get_one(Campaign, unreadable.campaign_id).post_id)
        author = session.get_one(Identity, first.author_id)
        another = make_post(session, session.get_one(Section, first.section_id), author, title="Another")
    other = mail_post(house, another)
    freeze_audience(house.database, house.bell, other.id, 10)

    unreadable.send_until(lambda: campaign_now(house, other.id).state is CampaignState.FINISHED)

    assert check(house, other.id, sink).is_exact
    paused = campaign_now(house, unreadable.campaign_id)
    assert paused.state is CampaignState.PAUSED
    assert "cannot be read" in paused.trouble
    assert unreadable.states == {DeliveryState.PLANNED: READERS}
