"""Every promise can be seen broken: one line of the engine is spoilt, and a test must turn red."""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.stack import ROOT

pytestmark = pytest.mark.slow

LEAVING = "tests/scenarios/test_leaving_is_immediate.py::test_one_click_between_two_letters_stops_the_second"
LATE = "tests/delivery/test_ledger_late.py::test_a_known_reply_counts_even_after_the_lease_is_lost"


@dataclass(frozen=True)
class Mutant:
    """A line of the engine, what it becomes, and the test that must notice."""

    file: str
    line: str
    becomes: str
    test: str


MUTANTS = {
    "the gate is removed": Mutant(
        "delivery/lanes.py",
        "self.clerk.submit(Entry(result[1] if result else None, intent), on_passage)",
        "on_passage(Passage.OPEN)",
        LEAVING,
    ),
    "eligibility is decided outside the intent": Mutant(
        "delivery/posting_sqlite.py", "row[4] <= slip.departures", "True", LEAVING
    ),
    "the fence is removed": Mutant(
        "delivery/posting_sqlite.py",
        "row is None or row[0] != lease.epoch or row[1] != BatchState.LEASED",
        "row is None",
        "tests/delivery/test_ledger_gate.py::test_a_worker_whose_batch_was_taken_is_fenced",
    ),
    "outcomes are dropped when the lease is lost": Mutant(
        "delivery/ledger.py", "late += slip.of_bodies", "pass", LATE
    ),
    "the sweeper does not recover": Mutant(
        "delivery/sweeping.py",
        "recovered = recover_batches(self.database, self.uncertain_grace, remains)",
        "recovered: Sequence[int] = ()",
        "tests/delivery/test_sweeping.py::test_an_expired_lease_is_taken_back_and_rung_for",
    ),
    "a hole is not encoded": Mutant(
        "rendering/plan.py",
        "return quote_value(escape(text) if hole.kind is HoleKind.HTML else text)",
        'return text.encode("utf-8", "replace")',
        "tests/rendering/test_plan_property.py",
    ),
    "the intent is not written down": Mutant(
        "delivery/posting_sqlite.py",
        "write_in_flight(in_flight),",
        '"",',
        "tests/delivery/test_recovery.py",
    ),
    "a body leaves without a note in the black box": Mutant(
        "delivery/lanes.py",
        "self._notes.leaves(assignment.work.holding.lease, assignment.recipient)",
        "pass",
        "tests/scenarios/test_nothing_is_lost.py::test_a_killed_worker_loses_nobody",
    ),
    "a letter counts as taken before its answer": Mutant(
        "delivery/black_box.py",
        "box[offset] = _BODY_LEAVING",
        "box[offset] = _TAKEN",
        "tests/scenarios/test_nothing_is_lost.py::test_a_killed_worker_loses_nobody",
    ),
    "a cut body counts as answered": Mutant(
        "mail/smtp/dialogue.py",
        "self._answer = nobody_knows() if self._body_is_out else untouched",
        "self._answer = untouched",
        "tests/scenarios/test_relay_faults.py::test_a_lost_answer_makes_one_recorded_copy",
    ),
    "a share does not mind the others": Mutant(
        "delivery/seats.py",
        "return max(0, min(part(limit, rank, len(others) + 1), limit - held))",
        "return limit",
        "tests/delivery/test_seats.py",
    ),
    "a possible copy goes over another relay": Mutant(
        "delivery/outlets.py",
        "return outlet.id if key.is_repeated or outlet.can_carry(key.group, now) else None",
        "return outlet.id if outlet.can_carry(key.group, now) else None",
        "tests/scenarios/test_relays.py::test_a_letter_in_doubt_waits_for_the_relay_that_may_have_it",
    ),
    "a block suppresses": Mutant(
        "delivery/bounces.py",
        "if each.meaning == Meaning.NO_MAILBOX]",
        "if each.meaning]",
        "tests/delivery/test_bounces.py",
    ),
    "throttling costs a try": Mutant(
        "domain/refusals.py",
        "Meaning.THROTTLED: (Verdict.UNTOUCHED, Blame.RELAY),",
        "Meaning.THROTTLED: (Verdict.TEMPORARY, Blame.RECIPIENT),",
        "tests/scenarios/test_relay_faults.py::test_a_relay_that_throttles_costs_nobody_a_try",
    ),
}


@pytest.mark.long
def test_an_unspoilt_copy_of_the_engine_is_green(tmp_path: Path) -> None:
    copy_of_the_engine(tmp_path)

    assert run({mutant.test for mutant in MUTANTS.values()}, tmp_path) == pytest.ExitCode.OK


# Each takes a Python of its own; one does for every day, `make chaos` tries the others.
_EVERY_DAY = {"the gate is removed"}


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, id=name, marks=[] if name in _EVERY_DAY else [pytest.mark.long])
        for name, mutant in MUTANTS.items()
    ],
)
def test_a_spoilt_engine_is_noticed(mutant: Mutant, tmp_path: Path) -> None:
    copy_of_the_engine(tmp_path)
    file = tmp_path / "src" / "newsletter" / mutant.file
    source = file.read_text("utf-8")
    assert source.count(mutant.line) == 1
    file.write_text(source.replace(mutant.line, mutant.becomes), "utf-8")

    assert run({mutant.test}, tmp_path) == pytest.ExitCode.TESTS_FAILED


def copy_of_the_engine(folder: Path) -> None:
    shutil.copytree(ROOT / "src", folder / "src")
    shutil.copytree(ROOT / "templates", folder / "templates")


def run(tests: Collection[str], tree: Path) -> int:
    """Run tests against the sources of another tree, on the database that starts fastest."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command += ["-k", "not postgresql", "--basetemp", str(tree / "temporary"), *sorted(tests)]
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL
    ).returncode
