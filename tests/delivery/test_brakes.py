"""A campaign stops by itself when its list or its reputation is at stake."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.audience.suppression import SuppressionReason, suppress
from newsletter.delivery.brakes import look_at_campaigns
from newsletter.delivery.weather import CampaignWeather, RelayWeather, Sign, hard_limit
from newsletter.domain.addresses import parse_address
from newsletter.domain.outcomes import Meaning, Outcome, Reply, Verdict
from newsletter.domain.refusals import CONSEQUENCES
from newsletter.domain.states import CampaignState
from newsletter.models import Batch, Bounce, Campaign, Subscriber
from newsletter.wiring import House
from tests.delivery.worker import frozen
from tests.support.ledgers import campaign_now

REPLY = Reply(550, "5.7.1", "no")
ACCEPTED = Outcome(Verdict.ACCEPTED, reply=Reply(250))
M = Meaning


def refused(meaning: Meaning) -> Outcome:
    return Outcome(*CONSEQUENCES[meaning], REPLY, meaning)


def first_reason(weather: CampaignWeather, outcomes: list[tuple[Outcome, str]]) -> tuple[int, str]:
    """After how many outcomes the campaign pauses, and why; 0 when it does not."""
    for number, (outcome, domain) in enumerate(outcomes, 1):
        reason = weather.note(outcome, domain)
        if reason:
            return number, reason
    return 0, ""


@pytest.mark.parametrize("meaning", [M.BLOCKED, M.MESSAGE_REFUSED])
def test_three_receivers_in_a_row_that_want_nothing_from_us_are_enough(meaning: Meaning) -> None:
    outcomes = [(refused(meaning), f"{name}.example") for name in "abc"]

    number, reason = first_reason(CampaignWeather(audience=1_000), outcomes)

    assert number == 3
    assert reason == "The relay refused 3 letters in a row. It answers: 550 5.7.1 no."


def test_of_one_receiver_ten_in_a_row_are_enough() -> None:
    outcomes = [(refused(M.BLOCKED), "a.example")] * 20

    assert first_reason(CampaignWeather(audience=1_000), outcomes)[0] == 10


def test_a_letter_that_is_taken_ends_the_row() -> None:
    outcomes = [(refused(M.BLOCKED), "a.example"), (refused(M.BLOCKED), "b.example"), (ACCEPTED, "c.example")]

    assert first_reason(CampaignWeather(audience=1_000), outcomes * 5)[0] == 0


@pytest.mark.parametrize("meaning", [M.NO_MAILBOX, M.MAILBOX_CLOSED, M.MAILBOX_LATER])
def test_what_is_the_recipients_own_doing_makes_no_row(meaning: Meaning) -> None:
    outcomes = [(refused(meaning), f"{number}.example") for number in range(20)]

    assert first_reason(CampaignWeather(audience=1_000), outcomes)[0] == 0


def test_five_blocks_in_a_hundred_of_the_last_thousand_are_enough() -> None:
    outcomes = [
        (refused(M.BLOCKED) if number % 20 == 0 else ACCEPTED, "a.example") for number in range(2_000)
    ]

    number, reason = first_reason(CampaignWeather(audience=5_000), outcomes)

    assert number == 981, "the fiftieth"
    assert reason.startswith("50 of the last 981 letters were refused as unwanted.")


def test_four_blocks_in_a_hundred_are_not() -> None:
    outcomes = [
        (refused(M.BLOCKED) if number % 25 == 0 else ACCEPTED, "a.example") for number in range(9_000)
    ]

    assert first_reason(CampaignWeather(audience=9_000), outcomes)[0] == 0


@pytest.mark.parametrize(("every", "pauses"), [(19, True), (33, False)], ids=["over 5 %", "3 %"])
def test_too_many_addresses_that_do_not_exist_are_noticed_among_the_first(every: int, pauses: bool) -> None:
    outcomes = [
        (refused(M.NO_MAILBOX) if number % every == 0 else ACCEPTED, "a.example") for number in range(9_000)
    ]

    number, reason = first_reason(CampaignWeather(audience=9_000), outcomes)

    assert bool(number) is pauses
    if pauses:
        assert number < 2_000
        assert "addresses do not exist" in reason


def test_a_person_who_saw_them_can_let_it_go_on() -> None:
    outcomes = [(refused(M.NO_MAILBOX), "a.example")] * 3_000

    assert first_reason(CampaignWeather(audience=9_000, is_released=True), outcomes)[0] == 0


@pytest.mark.parametrize(("audience", "limit"), [(30, 20), (400, 20), (1_000, 50), (1_000_000, 100)])
def test_of_a_few_letters_a_few_prove_nothing(audience: int, limit: int) -> None:
    assert hard_limit(audience) == limit


def test_a_sender_who_is_not_accepted_pauses_it_at_once() -> None:
    number, reason = first_reason(CampaignWeather(audience=100), [(refused(M.SENDER_REFUSED), "a.example")])

    assert number == 1
    assert "does not accept our sender address" in reason


def test_a_relay_that_throttles_is_asked_for_less_and_one_that_is_busy_left_alone() -> None:
    weather = RelayWeather()

    assert weather.note(refused(M.THROTTLED))[0] is Sign.SLOW_DOWN
    assert weather.note(refused(M.RELAY_BUSY))[0] is Sign.REST
    assert weather.note(refused(M.NOT_LET_IN))[0] is Sign.REST
    assert weather.note(refused(M.SESSION_FULL))[0] is Sign.FAIR


def test_after_three_ends_alike_it_is_known_how_many_letters_a_connection_carries() -> None:
    weather = RelayWeather()
    for letters in (7, 3, 7, 7):
        weather.note_end(letters, "")
    assert weather.letters_a_connection == 0

    weather.note_end(7, "")

    assert weather.letters_a_connection == 7


@pytest.fixture
def campaign(house: House) -> Campaign:
    return frozen(house, readers=30)


def numbers(house: House, accepted: int, failed: int, hard: int) -> None:
    """What the books say of a campaign under way."""
    with house.database.writing() as session:
        session.execute(update(Batch).values(total=accepted + failed, accepted=accepted, failed=failed))
        readers = session.scalars(select(Subscriber.id).order_by(Subscriber.id).limit(hard)).all()
        for reader in readers:
            session.add(
                Bounce(campaign_id=1, subscriber_id=reader, meaning=M.NO_MAILBOX, at=house.now(), detail="")
            )


@pytest.mark.parametrize(
    ("accepted", "hard", "pauses"), [(379, 21, True), (380, 20, False), (2_000, 30, False)]
)
def test_all_processes_together_see_too_many_addresses_that_do_not_exist(
    house: House, campaign: Campaign, accepted: int, hard: int, pauses: bool
) -> None:
    numbers(house, accepted, hard, hard)

    look_at_campaigns(house.database, house.herald)

    now = campaign_now(house, campaign.id)
    assert (now.state is CampaignState.PAUSED) is pauses
    assert ("do not exist" in now.trouble) is pauses


@pytest.mark.parametrize(("complaints", "pauses"), [(2, False), (3, True)])
def test_complaints_pause_it(house: House, campaign: Campaign, complaints: int, pauses: bool) -> None:
    numbers(house, 2_000, 0, 0)
    with house.database.writing() as session:
        for reader in session.scalars(select(Subscriber).order_by(Subscriber.id).limit(complaints)):
            address = parse_address(reader.address or "")
            when = house.now() + timedelta(seconds=1)
            suppress(session, house.hasher, 1, address, reason=SuppressionReason.COMPLAINT, now=when)

    look_at_campaigns(house.database, house.herald)

    assert (campaign_now(house, campaign.id).state is CampaignState.PAUSED) is pauses
