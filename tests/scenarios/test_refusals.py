"""Every kind of "no" in mid-campaign ends as the table says: counts add up, and nobody suffers wrongly."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from newsletter.database import clock
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Bounce, Campaign, Delivery, Notice, Relay, Suppression
from tests.scenarios.conftest import Begin, Mailing
from tests.support.checker import Findings, check
from tests.support.ledgers import assert_counts_add_up
from tests.support.sink import Do, Moment, Rule, Script, Sink

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

READERS = 24
D = DeliveryState


def replying(at: Moment, reply: str, **when: object) -> Script:
    return Script((Rule(at, Do.REPLY, reply, **when),))  # type: ignore[arg-type]


def suppressed(mailing: Mailing) -> list[str]:
    with mailing.house.database.reading() as session:
        return list(session.scalars(select(Suppression.reason)))


def campaign(mailing: Mailing) -> Campaign:
    with mailing.house.database.reading() as session:
        return session.get_one(Campaign, mailing.campaign_id)


def refusals(mailing: Mailing) -> list[int]:
    with mailing.house.database.reading() as session:
        return list(session.scalars(select(Delivery.refusals)))


def begun_days_ago(mailing: Mailing) -> None:
    with mailing.house.database.writing() as session:
        session.execute(update(Campaign).values(audience_frozen_at=clock(session) - timedelta(days=2)))


def test_greylisting_is_waited_out(begin: Begin, sink: Sink) -> None:
    grey = replying(Moment.RCPT, "450 4.7.1 Greylisted, please try again later", until=0.4)
    mailing = begin(grey, retry_waits=(0.15,))

    assert mailing.finish().is_exact
    assert suppressed(mailing) == []
    assert sink.stats().commands["RCPT"] >= 2 * READERS


def test_a_few_mailboxes_that_do_not_exist_fail_and_are_suppressed_and_nobody_else(begin: Begin) -> None:
    readers, gone = 300, 9
    three_of_a_hundred = r"(17|41|83)@"
    mailing = begin(
        replying(Moment.RCPT, "550 5.1.1 no such user", address=three_of_a_hundred), readers=readers
    )

    found = mailing.finish()
    mailing.house.sweep("a sweeper").run()

    assert (found.copies, found.copies_beyond_first) == (readers - gone, 0)
    assert mailing.states == {D.ACCEPTED: readers - gone, D.FAILED: gone}
    assert suppressed(mailing) == ["no mailbox"] * gone


def test_a_list_full_of_addresses_that_do_not_exist_stops_early(begin: Begin) -> None:
    mailing = begin(replying(Moment.RCPT, "550 5.1.1 no such user", every=2), readers=200, connections=2)

    mailing.send_until(lambda: mailing.state is CampaignState.PAUSED)

    assert "addresses do not exist" in campaign(mailing).trouble
    assert mailing.states[D.PLANNED] > 100
    assert_counts_add_up(mailing.house, mailing.campaign_id)


@pytest.mark.parametrize("at", [Moment.RCPT, Moment.DATA, Moment.DOT])
@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.1 Your message was blocked because of its reputation",
        "554 5.7.26 DMARC policy of the sender's domain",
        "554 Message rejected, considered spam",
    ],
    ids=["5.7.1", "dmarc", "words"],
)
def test_a_policy_against_us_pauses_and_suppresses_nobody(begin: Begin, at: Moment, reply: str) -> None:
    mailing = begin(replying(at, reply))

    mailing.send_until(lambda: mailing.state is CampaignState.PAUSED)
    mailing.house.sweep("a sweeper").run()

    assert suppressed(mailing) == []
    assert mailing.states[D.PLANNED] > 0
    assert mailing.states.keys() <= {D.PLANNED, D.FAILED}
    assert_counts_add_up(mailing.house, mailing.campaign_id)
    with mailing.house.database.reading() as session:
        assert session.scalar(select(func.count()).where(Notice.kind == "alert")) == 1, "its author is told"


def test_a_letter_that_nobody_wants_pauses_and_suppresses_nobody(begin: Begin) -> None:
    mailing = begin(replying(Moment.DOT, "552 5.3.4 message too big"))

    mailing.send_until(lambda: mailing.state is CampaignState.PAUSED)

    assert mailing.states[D.PLANNED] > 0
    assert suppressed(mailing) == []


def test_a_full_mailbox_fails_after_its_time_and_is_not_suppressed(begin: Begin) -> None:
    mailing = begin(
        replying(Moment.RCPT, "452 4.2.2 mailbox full", address="reader"),
        readers=3,
        retry_waits=(0.05, 0.05),
    )

    mailing.send_until(lambda: min(refusals(mailing)) > 1)
    begun_days_ago(mailing)
    mailing.send_until(lambda: mailing.state is CampaignState.FINISHED)
    mailing.house.sweep("a sweeper").run()

    with mailing.house.database.reading() as session:
        rows = session.scalars(select(Delivery)).all()
        assert session.scalar(select(func.count()).select_from(Bounce)) == 3
    assert {row.state for row in rows} == {D.FAILED}
    assert all((row.detail or "").startswith("gave up: 452 4.2.2") for row in rows)
    assert suppressed(mailing) == []
    assert_counts_add_up(mailing.house, mailing.campaign_id)


def test_too_many_letters_for_one_session_only_need_another(begin: Begin) -> None:
    mailing = begin(replying(Moment.RCPT, "452 4.5.3 Too many recipients", after=3))

    assert mailing.finish().is_exact
    assert sum(refusals(mailing)) == 0


def test_a_relay_that_hangs_up_after_every_few_letters_is_left_before_it_does(
    begin: Begin, sink: Sink
) -> None:
    mailing = begin(Script(messages_a_connection=3), readers=60, connections=1)

    assert mailing.finish().is_exact
    assert sum(refusals(mailing)) == 0
    assert sink.stats().commands["QUIT"] >= 10


@pytest.mark.parametrize(
    ("at", "do", "reply"),
    [
        (Moment.CONNECT, Do.CLOSE, ""),
        (Moment.CONNECT, Do.REPLY, "554 5.7.1 no service for you"),
        (Moment.EHLO, Do.REPLY, "421 4.3.2 try later"),
    ],
    ids=["refused", "banner", "ehlo"],
)
def test_a_relay_that_is_closed_for_a_while_costs_nobody_a_try(
    begin: Begin, sink: Sink, at: Moment, do: Do, reply: str
) -> None:
    mailing = begin(relay_waits=(0.1, 0.2))
    mailing.sender.send_due("a worker", lambda: len(sink.accepted()) >= 5, lambda: None)
    sink.play(Script((Rule(at, do, reply), Rule(Moment.MAIL, Do.CLOSE))))
    mailing.send_until(lambda: tried(mailing) >= 2)

    assert suppressed(mailing) == []
    assert mailing.states.keys() == {D.ACCEPTED, D.PLANNED}

    sink.play(Script())
    assert mailing.finish().is_exact
    assert (sum(refusals(mailing)), tried(mailing)) == (0, 0)


def tried(mailing: Mailing) -> int:
    """How often the breaker opened since the last letter went through."""
    with mailing.house.database.reading() as session:
        return session.scalars(select(Relay.trouble_count)).one()


def test_while_a_breaker_is_half_open_one_connection_tries(begin: Begin, sink: Sink) -> None:
    mailing = begin(Script((Rule(Moment.CONNECT, Do.CLOSE),)), relay_waits=(0.3,), connections=8)
    mailing.send_until(lambda: tried(mailing) >= 1)
    before = sink.stats().connections_ever

    mailing.send_until(lambda: tried(mailing) >= 4)

    assert sink.stats().connections_ever - before <= 4


def test_an_odd_reply_is_kept_word_for_word(begin: Begin) -> None:
    odd = "571 Zkusit jindy – 不可"
    mailing = begin(replying(Moment.RCPT, odd, nth=5))

    found = mailing.finish()

    assert found == Findings(READERS, READERS - 1, 0, 0, 0, 0)
    with mailing.house.database.reading() as session:
        row = session.scalars(select(Delivery).where(Delivery.state == D.FAILED)).one()
    assert row.detail == odd
    assert row.meaning is not None
    assert suppressed(mailing) == []
    check(mailing.house, mailing.campaign_id, mailing.sink)
