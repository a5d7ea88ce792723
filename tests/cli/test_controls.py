"""Cancelling, trying again, topping up and correcting by command, each with its history."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.outcomes import Meaning
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Batch, Campaign, Delivery, Post, Publication, Section
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.delivery.worker import frozen
from tests.support.factories import make_readers
from tests.support.ledgers import campaign_now, states


@pytest.fixture
def campaign(house: House) -> Campaign:
    return frozen(house, readers=3)


@pytest.fixture
def command(on_database: Run, campaign: Campaign) -> Run:
    """A command on that campaign."""
    return lambda verb, *more: on_database("campaign", verb, campaign.public_id, *more)


def end(house: House, state: DeliveryState) -> None:
    """All letters have come to this end."""
    name = state.word
    with house.database.writing() as session:
        session.execute(update(Delivery).values(state=state))
        session.execute(update(Batch).values({"state": "done", name: Batch.total}))
        session.execute(update(Campaign).values(state=CampaignState.FINISHED))


def test_a_campaign_is_cancelled_by_command(command: Run, house: House, campaign: Campaign) -> None:
    assert command("cancel", "--yes").output == "It is cancelled; nothing more leaves.\n"
    assert campaign_now(house, campaign.id).state is CampaignState.CANCELLED
    assert command("cancel", "--yes").output == "It is over; nothing was changed.\n"
    assert command("resume").output == "It goes on.\n"


def test_cancelling_asks_first_and_says_what_it_means(command: Run, house: House, campaign: Campaign) -> None:
    result = command("cancel")

    assert "Cancel “A letter”? 3 readers get no letter." in result.output
    assert campaign_now(house, campaign.id).state is CampaignState.SENDING


def test_failed_letters_are_tried_again_by_command(command: Run, house: House, campaign: Campaign) -> None:
    end(house, DeliveryState.FAILED)

    assert command("retry").output == "3 letters planned again.\n"
    assert states(house, campaign.id) == {DeliveryState.PLANNED: 3}
    assert command("retry").output == "No letter could be tried again; nothing was changed.\n"


def test_a_campaign_says_why_its_letters_failed(command: Run, house: House, campaign: Campaign) -> None:
    end(house, DeliveryState.FAILED)
    with house.database.writing() as session:
        first, *others = session.scalars(select(Delivery).order_by(Delivery.subscriber_id)).all()
        first.meaning = Meaning.NO_MAILBOX
        for other in others:
            other.meaning = Meaning.BLOCKED
    house.sweep("a sweeper").run()

    assert "failed because 2 blocked, 1 no mailbox" in command("show").output


def test_those_who_came_since_get_it_by_command(command: Run, house: House, campaign: Campaign) -> None:
    end(house, DeliveryState.ACCEPTED)
    with house.database.writing() as session:
        publication = session.scalars(select(Publication)).one()
        make_readers(session, publication, session.scalars(select(Section)).one(), 2, ("example.org",))

    assert command("top-up").output == "It goes to 2 more.\n"
    assert command("top-up").output == "Nobody came since; nothing was changed.\n"


@pytest.fixture
def correction(tmp_path: Path) -> Path:
    path = tmp_path / "correction.md"
    path.write_text("---\ntitle: A correction\n---\n\nIt was Tuesday.\n")
    return path


def test_a_correction_goes_once_to_those_who_got_the_letter(
    command: Run, house: House, campaign: Campaign, correction: Path
) -> None:
    end(house, DeliveryState.ACCEPTED)
    with house.database.writing() as session:
        missed = session.scalars(select(Delivery).order_by(Delivery.subscriber_id)).first()
        assert missed is not None
        missed.state = DeliveryState.FAILED
        missed_by = missed.subscriber_id

    first, again = (command("correct", str(correction)).output for _ in range(2))

    assert first == again
    assert "takes “A correction” to those who got “A letter”" in first
    with house.database.reading() as session:
        made = session.scalars(select(Campaign).where(Campaign.corrects_id == campaign.id)).one()
        assert session.scalar(select(func.count()).select_from(Post)) == 2
    freeze_audience(house.database, house.bell, made.id, 100)
    assert states(house, made.id).total() == 2
    with house.database.reading() as session:
        assert session.get(Delivery, (made.id, missed_by)) is None
    assert command("history").output.count("correct ") == 1


def test_a_correction_of_a_letter_nobody_has_yet_is_refused(
    on_database: Run, house: House, campaign: Campaign, correction: Path
) -> None:
    with house.database.writing() as session:
        session.execute(update(Campaign).values(state=CampaignState.FREEZING))

    result = on_database("campaign", "correct", campaign.public_id, str(correction))

    assert result.exit_code == 1
    assert "Nobody has this letter yet" in result.output


def test_the_history_says_who_did_what(command: Run) -> None:
    assert command("history").output == "Nobody did anything with it yet.\n"
    command("pause")
    command("resume")

    first, second = command("history").output.splitlines()
    assert "resume" in first
    assert "pause" in second
    assert "on the command line" in second


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--give-up", "0.5"), "after 1 to 120 hours"),
        (("--give-up", "121"), "after 1 to 120 hours"),
        (("--over", "-1"), "over 72 hours at most"),
        (("--over", "73"), "over 72 hours at most"),
    ],
)
def test_times_that_cannot_be_meant_get_a_sentence(
    on_database: Run, house: House, correction: Path, options: tuple[str, ...], says: str
) -> None:
    result = on_database("publish", str(correction), "--section", "mail", "--send", *options)

    assert result.exit_code == 1
    assert says in result.output
    with house.database.reading() as session:
        assert session.scalars(select(Campaign)).all() == []


def test_a_campaign_is_spread_and_given_its_time_by_command(
    on_database: Run, house: House, campaign: Campaign, correction: Path
) -> None:
    on_database("publish", str(correction), "--section", "mail", "--send", "--over", "6", "--give-up", "2")

    with house.database.reading() as session:
        made = session.scalars(select(Campaign).order_by(Campaign.id.desc())).first()
    assert made is not None
    assert (made.spread_over, made.give_up_after) == (6 * 3600, 2 * 3600)
