"""The thread that sweeps beside a process that forks."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from newsletter.database import Database
from newsletter.jobs import Ring
from newsletter.tasks.shift import Shift
from newsletter.tasks.sweeper import Sweeper
from newsletter.wiring import House

_FORKS_MEANWHILE = 0.5


@dataclass(frozen=True)
class SlowSweep:
    """Is in the middle of a transaction when a fork is asked for, and stays there for a while."""

    database: Database
    is_inside: threading.Event
    fork_asked_for: threading.Event
    forked: threading.Event

    def run(self) -> Sequence[Ring]:
        with self.database.writing():
            self.is_inside.set()
            self.fork_asked_for.wait()
            self.forked.wait(_FORKS_MEANWHILE)
        return ()


@dataclass(frozen=True)
class SlowHouse:
    settings: Any
    sweep: Callable[[str], SlowSweep]


def status_of_a_child_that_writes(url: str) -> int:
    """Fork, and write to the database in the child, through a connection of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with Database(url).writing():
                status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_child_forked_during_a_sweep_can_write(house: House) -> None:
    url = house.settings.sqlalchemy_url
    is_inside, asked, forked = threading.Event(), threading.Event(), threading.Event()
    sweep = SlowSweep(Database(url, pooled=False), is_inside, asked, forked)
    slow = cast("House", SlowHouse(house.settings, lambda _worker: sweep))
    sweeper = Sweeper(slow, Shift(slow, lambda: False), "a worker")
    sweeper.start()
    os.register_at_fork(before=asked.set, after_in_parent=forked.set)  # asked before the sweeper is
    is_inside.wait()

    assert status_of_a_child_that_writes(url) == 0

    sweeper.stop()
