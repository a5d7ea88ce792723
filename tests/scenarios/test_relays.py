"""Several relays: whose turn it is, what each may carry, and what happens when one is away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select, update

from newsletter.delivery.relay_book import RelayEntry, add_relay, find_relay, remove_relay, set_limits
from newsletter.domain.pacing import Limits
from newsletter.domain.relays import parse_relay_url
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign, Delivery, Pace, Relay, Subscriber, Suppression
from newsletter.wiring import House
from tests.delivery.worker import let_time_pass
from tests.scenarios.conftest import Begin, Mailing
from tests.support.checker import Findings, check
from tests.support.sink import Copy, Do, Moment, Rule, Script, Sink, running_sink

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

READERS = 24
SPARE = "spare"


@pytest.fixture
def spare() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


@dataclass(frozen=True)
class Together:
    """Several sinks as one record."""

    sinks: Sequence[Sink]

    def accepted(self) -> list[Copy]:
        return [copy for sink in self.sinks for copy in letters(sink)]


def letters(sink: Sink) -> list[Copy]:
    """Those to readers; their author is told when all is sent."""
    return [copy for copy in sink.accepted() if copy.recipient.startswith("reader")]


def add(house: House, sink: Sink, name: str = SPARE, limits: Limits = Limits(), **entry: object) -> int:  # noqa: B008
    """Bring a relay into use."""
    with house.database.writing() as session:
        publication_id = session.scalars(select(Campaign.publication_id)).first() or 0
        described = RelayEntry(parse_relay_url(sink.url), **entry)  # type: ignore[arg-type]
        return add_relay(session, publication_id, name, described, limits, house.now()).id


def finish(mailing: Mailing, spare: Sink) -> Findings:
    mailing.send_until(lambda: mailing.state is CampaignState.FINISHED)
    return check(mailing.house, mailing.campaign_id, Together((mailing.sink, spare)))


def limit(house: House, limits: Limits, name: str = "default", group: str = "") -> None:
    with house.database.writing() as session:
        relay = session.scalars(select(Relay).where(Relay.name == name)).one()
        set_limits(session, relay, group, limits)


def refusals(house: House) -> int:
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
        return session.scalar(select(func.sum(Delivery.refusals))) or 0


def test_the_lowest_priority_gets_all_letters_while_it_can(begin: Begin, sink: Sink, spare: Sink) -> None:
    mailing = begin()
    add(mailing.house, spare, priority=20)

    assert finish(mailing, spare).is_exact
    assert (len(letters(sink)), len(letters(spare))) == (READERS, 0)


def test_of_one_priority_the_cheapest_gets_all_letters_while_it_can(
    begin: Begin, sink: Sink, spare: Sink
) -> None:
    mailing = begin()
    add(mailing.house, sink, "dear", cost=0.5)
    add(mailing.house, spare, priority=10, cost=0.1)
    with mailing.house.database.writing() as session:
        session.execute(update(Relay).where(Relay.name == "default").values(cost=0.4))

    assert finish(mailing, spare).is_exact
    assert (len(letters(sink)), len(letters(spare))) == (0, READERS)


def test_weights_share_the_connections(begin: Begin, sink: Sink, spare: Sink) -> None:
    mailing = begin(connections=4)
    add(mailing.house, spare, weight=3)

    waited = hold_until_all_wait(mailing, (sink, spare), Script((Rule(Moment.DOT, Do.HOLD),)), Script())

    assert finish(mailing, spare).is_exact
    assert waited == [1, 3]


def hold_until_all_wait(
    mailing: Mailing, sinks: Sequence[Sink], held: Script, afterwards: Script
) -> list[int]:
    """Send until every connection waits for its relay, then go on. Gives how many waited for each."""
    for each in sinks:
        each.play(held)
    waited: list[int] = []

    def let_go_when_all_wait() -> bool:
        waiting = [each.stats().held for each in sinks]
        if not waited and sum(waiting) == mailing.house.settings.connections:
            waited.extend(waiting)
            for each in sinks:
                each.play(afterwards)
                each.release()
        return False

    mailing.sender.send_due("a worker", let_go_when_all_wait, lambda: None)
    return waited


def test_a_relay_that_dies_hands_over_what_nobody_touched(begin: Begin, sink: Sink, spare: Sink) -> None:
    mailing = begin(relay_waits=(30.0,))
    add(mailing.house, spare, priority=20)
    mailing.sender.send_due("a worker", lambda: len(letters(sink)) >= 5, lambda: None)
    sink.play(Script((Rule(Moment.CONNECT, Do.CLOSE), Rule(Moment.MAIL, Do.CLOSE))))

    found = finish(mailing, spare)

    assert found.is_exact
    assert 5 <= len(letters(sink)) < READERS
    assert refusals(mailing.house) == 0
    assert trouble_of(mailing) != ""


def test_a_letter_in_doubt_waits_for_the_relay_that_may_have_it(
    begin: Begin, sink: Sink, spare: Sink
) -> None:
    lost = Script((Rule(Moment.DOT, Do.ACCEPT_AND_CLOSE, nth=5),))
    mailing = begin(lost, relay_waits=(0.2,), uncertain_grace=60.0, send_for=0.5)
    add(mailing.house, spare, priority=20)
    mailing.send_until(lambda: mailing.states.get(DeliveryState.UNCERTAIN, 0) > 0)
    sink.play(Script((Rule(Moment.CONNECT, Do.CLOSE), Rule(Moment.MAIL, Do.CLOSE))))
    let_time_pass(mailing.house)
    mailing.send_until(lambda: doubts(mailing) > 0)
    for _ in range(4):
        mailing.send_once()

    assert not {copy.recipient for copy in letters(sink)} & {copy.recipient for copy in letters(spare)}
    assert mailing.states.keys() == {DeliveryState.ACCEPTED, DeliveryState.PLANNED}

    sink.play(Script())
    found = finish(mailing, spare)
    assert (found.copies_beyond_first, found.recorded_resends) == (1, 1)
    assert max(sink.copies().values()) == 2


def doubts(mailing: Mailing) -> int:
    with mailing.house.database.reading() as session:
        return session.scalar(select(func.sum(Delivery.resends))) or 0


def test_a_later_try_is_made_where_the_first_was(begin: Begin, sink: Sink, spare: Sink) -> None:
    """Greylisting knows who asked before by the sending host."""
    later = "450 4.7.1 Greylisted, try again"
    mailing = begin(readers=40, retry_waits=(600.0,))
    spare_id = add(mailing.house, spare)
    held, refused = (Script((Rule(Moment.RCPT, do, later),)) for do in (Do.HOLD, Do.REPLY))
    hold_until_all_wait(mailing, (sink, spare), held, refused)
    mailing.send_until(lambda: mailing.states == {DeliveryState.DEFERRED: 40})
    refused_by_spare = addresses_of(mailing, spare_id)

    let_time_pass(mailing.house)
    for each in (sink, spare):
        each.play(Script())

    assert finish(mailing, spare).is_exact
    assert 0 < len(refused_by_spare) < 40
    assert {copy.recipient for copy in letters(spare)} == refused_by_spare


def addresses_of(mailing: Mailing, relay_id: int) -> set[str]:
    """Those whose letter this relay had last."""
    query = select(Subscriber.address).join(Delivery, Delivery.subscriber_id == Subscriber.id)
    with mailing.house.database.reading() as session:
        return {address or "" for address in session.scalars(query.where(Delivery.relay_id == relay_id))}


def test_what_is_over_a_days_limit_goes_to_the_next_relay(begin: Begin, sink: Sink, spare: Sink) -> None:
    mailing = begin()
    limit(mailing.house, Limits(per_day=10))
    add(mailing.house, spare, priority=20)

    assert finish(mailing, spare).is_exact
    assert (len(letters(sink)), len(letters(spare))) == (10, READERS - 10)


def test_over_a_days_limit_letters_wait_and_none_fails(begin: Begin, sink: Sink) -> None:
    mailing = begin(send_for=0.5)
    limit(mailing.house, Limits(per_day=10))
    mailing.send_until(lambda: len(letters(sink)) == 10)
    for _ in range(2):
        mailing.send_once()

    assert mailing.states == {DeliveryState.ACCEPTED: 10, DeliveryState.PLANNED: READERS - 10}
    assert len(letters(sink)) == 10

    with mailing.house.database.writing() as session:  # the next morning
        session.execute(update(Pace).values(day=None))
    mailing.send_until(lambda: len(letters(sink)) == 20)
    mailing.send_once()
    assert len(letters(sink)) == 20


def test_a_group_over_its_days_limit_waits_while_the_others_go(begin: Begin, sink: Sink, spare: Sink) -> None:
    mailing = begin(domains=("gmail.com", "example.org"), send_for=0.5)
    limit(mailing.house, Limits(per_day=3), group="google")
    mailing.send_until(lambda: len(letters(sink)) == 3 + READERS // 2)
    mailing.send_once()

    got = [copy.recipient.rpartition("@")[2] for copy in letters(sink)]
    assert (got.count("gmail.com"), got.count("example.org")) == (3, READERS // 2)

    add(mailing.house, spare, priority=20)
    assert finish(mailing, spare).is_exact
    assert len(letters(spare)) == READERS // 2 - 3


def test_a_relay_taken_out_of_use_hands_its_letters_over(begin: Begin, sink: Sink, spare: Sink) -> None:
    mailing = begin(Script((Rule(Moment.RCPT, Do.REPLY, "450 4.2.1 later"),)), retry_waits=(0.05,))
    spare_id = add(mailing.house, spare, priority=5)
    spare.play(Script((Rule(Moment.RCPT, Do.REPLY, "450 4.2.1 later"),)))
    mailing.send_once()
    with mailing.house.database.writing() as session:
        assert set(session.scalars(select(Delivery.relay_id))) == {spare_id}
        remove_relay(session, find_relay(session, campaign(mailing).publication_id, SPARE))
    sink.play(Script())

    assert finish(mailing, spare).is_exact
    assert len(letters(sink)) == READERS


def campaign(mailing: Mailing) -> Campaign:
    with mailing.house.database.reading() as session:
        return session.get_one(Campaign, mailing.campaign_id)


def test_no_more_connections_than_the_limit(begin: Begin, sink: Sink) -> None:
    mailing = begin(Script(dot_latency=0.01), readers=60, connections=8)
    limit(mailing.house, Limits(connections=3))

    assert mailing.finish().is_exact
    assert sink.stats().connections_most <= 3


def test_where_there_is_no_room_for_more_connections_those_that_are_let_in_do_it(
    begin: Begin, sink: Sink
) -> None:
    crowded = Rule(Moment.CONNECT, Do.REPLY, "421 4.7.0 Too many connections from your address", every=3)
    mailing = begin(Script((crowded,), dot_latency=0.01), readers=60, connections=8)

    assert mailing.finish().is_exact
    assert refusals(mailing.house) == 0


def test_a_campaign_waits_when_nobody_lets_us_in_any_more_and_is_exact_once_mended(
    begin: Begin, sink: Sink
) -> None:
    mailing = begin(relay_waits=(0.1,), policy=UncertainPolicy.HOLD)
    sink.play(Script((Rule(Moment.MAIL, Do.REPLY, "530 5.7.0 Authentication required", after=2),)))
    mailing.send_until(lambda: trouble_of(mailing) != "")

    assert mailing.state is CampaignState.SENDING
    assert set(mailing.states) <= {DeliveryState.ACCEPTED, DeliveryState.PLANNED}

    sink.play(Script())
    assert mailing.finish().is_exact
    assert (trouble_of(mailing), refusals(mailing.house)) == ("", 0)


def trouble_of(mailing: Mailing) -> str:
    with mailing.house.database.reading() as session:
        return session.scalars(select(Relay.trouble).where(Relay.name == "default")).one()
