"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere."""

import sys
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_LINES = 10


class Bar(Protocol):
    """Something that can be told how far the work is."""

    def show(self, done: int, total: int) -> None:
        """Tell how much is done."""


class _TerminalBar:
    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=None)

    def show(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


class _Lines:
    def __init__(self, label: str) -> None:
        self._label = label
        self._told = -1

    def show(self, done: int, total: int) -> None:
        tenth = done * _LINES // total if total else 0
        if tenth > self._told:
            self._told = tenth
            print(f"{self._label}: {done:,} of {total:,}", file=sys.stderr, flush=True)


class Bars:
    """Makes bars; on standard error, so that results on standard output stay clean."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress: Progress | None = None
        if console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description:<22}"),
                BarColumn(bar_width=36),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=console,
            )

    def __enter__(self) -> "Bars":
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def bar(self, label: str) -> Bar:
        """A new bar below the others."""
        return _Lines(label) if self._progress is None else _TerminalBar(self._progress, label)
