"""What a dead process had under way, by its own notes."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.delivery.black_box import NO_NOTES, BlackBox, Boxes, Letter, Notes, Remains, Stage, box_of
from newsletter.delivery.entries import Entry, Holding, Lease, Recipient, Result
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.recovery import recover_batches
from newsletter.delivery.rounds import Round
from newsletter.domain.outcomes import Outcome
from newsletter.domain.states import BatchState, DeliveryState
from newsletter.models import Campaign
from newsletter.wiring import House
from tests.delivery.worker import (
    ACCEPTED,
    LATER,
    NEVER,
    UNCERTAIN,
    UNTOUCHED,
    batch_now,
    expire,
    frozen,
    intend,
    row_now,
    taken,
    wish,
)
from tests.support.ledgers import assert_counts_add_up, states

D = DeliveryState
A_WHILE = timedelta(hours=1)
LEASE = Lease(7, 1, 1, 1, 100, 3)
ANN, BOB = (Recipient(number, 1, "ann@example.org", "Ann", "a" * 13) for number in (11, 12))

DYING = """
import os, signal, sys
from pathlib import Path
from newsletter.delivery.black_box import Boxes
from newsletter.delivery.entries import Lease, Recipient
box = Boxes(Path(sys.argv[1])).open()
box.notes().leaves(Lease(7, 1, 1, 1, 100, 3), Recipient(11, 1, "ann@example.org", "Ann", "a" * 13))
print(box.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def boxes(tmp_path: Path) -> Boxes:
    return Boxes(tmp_path / "boxes")


def letter(recipient: Recipient) -> Letter:
    return Letter(LEASE.batch_id, LEASE.epoch, recipient.subscriber_id, recipient.attempt)


def left_by(boxes: Boxes, write: Callable[[BlackBox], object]) -> Remains:
    """What a process leaves that wrote so, and ended."""
    box = boxes.open()
    write(box)
    name = box.name
    box.close()
    return boxes.of_the_dead()[name]


def test_a_process_that_was_killed_leaves_its_notes_and_a_living_one_is_let_be(boxes: Boxes) -> None:
    command = [sys.executable, "-c", DYING, str(boxes.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert boxes.of_the_dead() == {}

        process.kill()
        process.wait()

        remains = boxes.of_the_dead()
        assert remains[name].stage(letter(ANN)) is Stage.BODY_LEAVING
        assert remains[name].stage(letter(BOB)) is Stage.NOTHING_LEFT
    boxes.forget(remains)
    assert boxes.of_the_dead() == {}
    assert list(boxes.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("outcome", "stage"),
    [
        (ACCEPTED, Stage.TAKEN),
        (LATER, Stage.NOTHING_LEFT),
        (NEVER, Stage.NOTHING_LEFT),
        (UNTOUCHED, Stage.NOTHING_LEFT),
        (UNCERTAIN, Stage.BODY_LEAVING),
    ],
    ids=lambda value: getattr(value, "verdict", None),
)
def test_an_answer_says_whether_the_letter_was_taken(boxes: Boxes, outcome: Outcome, stage: Stage) -> None:
    def write(box: BlackBox) -> None:
        notes = box.notes()
        notes.leaves(LEASE, ANN)
        notes.answered(outcome)

    assert left_by(boxes, write).stage(letter(ANN)) is stage


def test_each_lane_has_notes_of_its_own_and_keeps_the_newest(boxes: Boxes) -> None:
    def write(box: BlackBox) -> None:
        one, other = box.notes(), box.notes()
        one.leaves(LEASE, BOB)
        other.leaves(LEASE, ANN)
        other.answered(ACCEPTED)
        one.leaves(LEASE, ANN._replace(attempt=2))

    remains = left_by(boxes, write)

    assert remains.stage(letter(ANN)) is Stage.TAKEN
    assert remains.stage(letter(ANN)._replace(attempt=2)) is Stage.BODY_LEAVING
    assert remains.stage(letter(BOB)) is Stage.NOTHING_LEFT
    assert remains.stage(letter(ANN)._replace(epoch=4)) is Stage.NOTHING_LEFT


@pytest.mark.parametrize("harm", ["cut off", "too many lanes", "distrusted"])
def test_a_box_that_does_not_tell_everything_leaves_everything_in_doubt(boxes: Boxes, harm: str) -> None:
    def write(box: BlackBox) -> None:
        if harm == "too many lanes":
            assert [box.notes() for _ in range(10_000)][-1] is NO_NOTES
        elif harm == "distrusted":
            box.notes().leaves(LEASE, BOB)
            box.distrust()
        else:
            path = boxes.folder / box.name
            path.write_bytes(path.read_bytes()[:-1])

    assert left_by(boxes, write) == Remains()
    assert Remains().stage(letter(ANN)) is Stage.BODY_LEAVING


def test_a_box_of_another_machine_is_let_be_until_it_is_old(boxes: Boxes) -> None:
    box = boxes.open()
    path = boxes.folder / box.name
    path.write_bytes(path.read_bytes().replace(boot_of(path), b"0" * 36))
    box.close()

    assert boxes.of_the_dead() == {}
    assert path.exists()
    a_month_ago = path.stat().st_mtime - 30 * 24 * 3600
    os.utime(path, (a_month_ago, a_month_ago))
    assert boxes.of_the_dead() == {}
    assert not path.exists()


def boot_of(path: Path) -> bytes:
    """Which run of the machine a box is of."""
    return path.read_bytes().split(b"\n", 1)[1][:36]


def test_where_no_box_can_be_kept_nothing_is_noted(tmp_path: Path) -> None:
    (tmp_path / "boxes").write_text("a file stands in the way")
    box = Boxes(tmp_path / "boxes").open()

    notes = box.notes()
    notes.leaves(LEASE, ANN)
    notes.answered(ACCEPTED)

    assert isinstance(notes, Notes)
    assert box.signed("host:1") == "host:1"
    box.close()


def test_a_lease_names_the_box_of_its_owner(boxes: Boxes) -> None:
    box = boxes.open()

    assert box_of(f"{box.signed('host:1')} ticket") == box.name
    assert box_of("host:1 ticket") == box_of("") == ""
    box.close()


def noted(house: House, holding: Holding, *taken: Recipient, leaving: Recipient) -> dict[str, Remains]:
    """A dead worker whose notes say so of the letters it had under way."""
    lease = holding.lease
    stages = dict.fromkeys(taken, Stage.TAKEN) | {leaving: Stage.BODY_LEAVING}
    letters = {
        Letter(lease.batch_id, lease.epoch, each.subscriber_id, each.attempt): stage
        for each, stage in stages.items()
    }
    return {box_of(batch_now(house, holding).owner): Remains(letters)}


def test_only_letters_whose_bodies_had_left_without_an_answer_come_in_doubt(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger, "host:1#box ticket")
    waits, leaving, done = holding.recipients
    assert len(ledger.post([wish(holding, index) for index in range(3)])) == 3
    remains = noted(house, holding, done, leaving=leaving)

    assert recover_batches(house.database, A_WHILE, remains) == [holding.lease.batch_id]

    row = row_now(house, holding, waits)
    assert (row.state, row.attempt, row.next_at, row.detail) == (D.PLANNED, 0, None, None)
    row = row_now(house, holding, leaving)
    assert (row.state, row.attempt, row.resends) == (D.UNCERTAIN, 1, 0)
    row = row_now(house, holding, done)
    assert (row.state, row.attempt, row.code, row.next_at) == (D.ACCEPTED, 1, 250, None)
    assert row.detail == "the relay took it, as the worker noted before it stopped"
    assert (batch_now(house, holding).state, batch_now(house, holding).in_flight) == (BatchState.READY, "")
    assert_counts_add_up(house, campaign.id)


def test_a_dead_worker_is_not_waited_for_and_one_without_a_box_is(house: House, ledger: Ledger) -> None:
    frozen(house, readers=4, batch_size=2)
    dead, other = taken(ledger, "host:1#box a"), taken(ledger, "host:2#other b")

    assert recover_batches(house.database, A_WHILE, {"box": Remains()}) == [dead.lease.batch_id]
    assert batch_now(house, other).state is BatchState.LEASED


def test_a_sleeper_is_taken_for_dead_when_its_lease_is_over_and_nothing_it_notes_is_believed(
    house: House, ledger: Ledger
) -> None:
    campaign = frozen(house, readers=2)
    box = house.boxes.open()
    holding = taken(ledger, box.signed("host:1"))
    intend(ledger, holding)
    expire(house, holding)

    house.sweep("a worker").run()

    assert states(house, campaign.id) == {D.UNCERTAIN: 1, D.PLANNED: 1}
    box.close()


def test_the_sweep_hears_the_tale_of_the_dead_once(house: House, ledger: Ledger) -> None:
    campaign = frozen(house, readers=2)
    box = house.boxes.open()
    holding = taken(ledger, box.signed("host:1"))
    recipient = intend(ledger, holding)
    notes = box.notes()
    notes.leaves(holding.lease, recipient)
    notes.answered(ACCEPTED)
    box.close()

    house.sweep("a worker").run()

    assert states(house, campaign.id) == {D.ACCEPTED: 1, D.PLANNED: 1}
    assert house.boxes.of_the_dead() == {}


def test_an_outcome_that_was_written_down_is_not_touched_by_older_notes(
    house: House, campaign: Campaign, ledger: Ledger
) -> None:
    holding = taken(ledger, "host:1#box")
    recipient = intend(ledger, holding)
    ledger.post([Entry(Result(holding, recipient, LATER))])

    recover_batches(house.database, A_WHILE, noted(house, holding, leaving=recipient))

    assert row_now(house, holding, recipient).state is D.DEFERRED
    assert_counts_add_up(house, campaign.id)


def test_a_process_that_could_not_write_its_outcomes_down_is_not_believed(
    mailing_house: House, campaign: Campaign
) -> None:
    sender = mailing_house.sender()
    tools = sender._tools
    name = tools.box.name

    Round(tools, "host:1", lambda: False).fail(RuntimeError("nothing can be written any more"))

    sender.close()
    assert mailing_house.boxes.of_the_dead() == {name: Remains()}
