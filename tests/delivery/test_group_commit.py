"""While one group is being committed, the next one gathers."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field

import pytest

from newsletter.delivery.entries import Entry, Holding, Lease, Passage
from newsletter.delivery.group_commit import GroupCommit

OPEN, NOTED, STOP = Passage.OPEN, Passage.NOTED, Passage.STOP


def entry(number: int) -> Entry:
    """An entry that can be told from others."""
    return Entry(renews=Holding(Lease(number, 1, 1, 1, 1, 1)))


def number_of(entry: Entry) -> int:
    assert entry.renews is not None
    return entry.renews.lease.batch_id


@dataclass
class Bench:
    """A database that commits when it is told to, and those who wait for it."""

    groups: list[list[int]] = field(default_factory=list)
    commits: list[asyncio.Future[Sequence[Passage]]] = field(default_factory=list)
    answers: list[tuple[int, Passage]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commit = GroupCommit(self._post, self.failures.append)

    async def _post(self, entries: Sequence[Entry]) -> Sequence[Passage]:
        self.groups.append([number_of(each) for each in entries])
        self.commits.append(asyncio.get_running_loop().create_future())
        return await self.commits[-1]

    def submit(self, *numbers: int) -> None:
        for number in numbers:
            self.commit.submit(entry(number), lambda passage, number=number: self._note(number, passage))  # type: ignore[misc]

    def _note(self, number: int, passage: Passage) -> None:
        self.answers.append((number, passage))

    async def finish(self, *passages: Passage) -> None:
        """The commit under way comes to its end; whatever follows from it happens."""
        self.commits[-1].set_result(passages)
        await settled()

    async def fail(self, error: Exception) -> None:
        self.commits[-1].set_exception(error)
        await settled()


async def settled() -> None:
    for _turn in range(5):
        await asyncio.sleep(0)


def run(story: Coroutine[object, object, None]) -> None:
    asyncio.run(story)


def test_entries_of_one_turn_of_the_loop_go_together() -> None:
    async def story() -> None:
        bench = Bench()
        bench.submit(1, 2, 3)
        await settled()

        assert bench.groups == [[1, 2, 3]]

    run(story())


def test_a_lone_entry_does_not_wait_for_others() -> None:
    async def story() -> None:
        bench = Bench()
        bench.submit(1)
        await settled()
        await bench.finish(OPEN)

        assert (bench.groups, bench.answers) == ([[1]], [(1, OPEN)])

    run(story())


def test_entries_that_come_while_a_commit_runs_go_together_in_the_next() -> None:
    async def story() -> None:
        bench = Bench()
        bench.submit(1)
        await settled()
        bench.submit(2)
        await settled()
        bench.submit(3, 4)
        await settled()
        assert bench.groups == [[1]]

        await bench.finish(OPEN)

        assert bench.groups == [[1], [2, 3, 4]]

    run(story())


def test_answers_come_in_the_order_of_entries_and_each_gets_its_own() -> None:
    async def story() -> None:
        bench = Bench()
        bench.submit(3, 1, 2)
        await settled()
        await bench.finish(STOP, OPEN, NOTED)

        assert bench.answers == [(3, STOP), (1, OPEN), (2, NOTED)]

    run(story())


def test_nobody_is_answered_before_the_commit() -> None:
    async def story() -> None:
        bench = Bench()
        bench.submit(1)
        await settled()
        assert bench.answers == []

        bench.submit(2)
        await bench.finish(OPEN)
        assert bench.answers == [(1, OPEN)]

    run(story())


def test_what_is_said_on_an_answer_goes_into_the_next_group() -> None:
    async def story() -> None:
        bench = Bench()
        bench.commit.submit(entry(1), lambda _passage: bench.submit(2, 3))
        await settled()
        await bench.finish(OPEN)
        await bench.finish(OPEN, OPEN)

        assert bench.groups == [[1], [2, 3]]
        assert bench.answers == [(2, OPEN), (3, OPEN)]

    run(story())


def test_it_is_quiet_when_everything_is_durable() -> None:
    async def story() -> None:
        bench = Bench()
        is_quiet = [bench.commit.is_quiet]
        bench.submit(1)
        is_quiet.append(bench.commit.is_quiet)
        await settled()
        bench.submit(2)
        await bench.finish(OPEN)
        is_quiet.append(bench.commit.is_quiet)
        await bench.finish(OPEN)
        is_quiet.append(bench.commit.is_quiet)

        assert is_quiet == [True, False, False, True]

    run(story())


def test_a_failing_post_reports_once_and_answers_nobody() -> None:
    async def story() -> None:
        bench, trouble = Bench(), RuntimeError("no disk")
        bench.submit(1, 2)
        await settled()
        bench.submit(3)
        await bench.fail(trouble)

        assert bench.failures == [trouble]
        assert bench.answers == []
        assert bench.groups == [[1, 2]]
        assert bench.commit.is_quiet

    run(story())


@pytest.mark.parametrize("answers", [(), (OPEN,), (OPEN, OPEN, OPEN)], ids=["none", "too few", "too many"])
def test_a_post_that_does_not_answer_every_entry_has_failed(answers: Sequence[Passage]) -> None:
    async def story() -> None:
        bench = Bench()
        bench.submit(1, 2)
        await settled()
        await bench.finish(*answers)

        assert [type(each) for each in bench.failures] == [ValueError]

    run(story())
