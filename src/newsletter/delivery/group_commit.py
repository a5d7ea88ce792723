"""A self-clocked group commit: while one group is being committed, the next one gathers.

A quiet process commits each entry at once; a busy one commits as many together as came in meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from newsletter.delivery.entries import Entry, Passage

Answer = Callable[[Passage], None]


class GroupCommit:
    """Takes entries, posts them in groups, and answers each when it is durable."""

    def __init__(
        self,
        post: Callable[[Sequence[Entry]], Awaitable[Sequence[Passage]]],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._post = post
        self._on_failure = on_failure
        self._gathered: list[tuple[Entry, Answer]] = []
        self._running: asyncio.Task[None] | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether everything that was handed in is durable."""
        return self._running is None

    def submit(self, entry: Entry, answer: Answer) -> None:
        """Hand in an entry; `answer` is called once it is durable, and with what the gate says."""
        self._gathered.append((entry, answer))
        if self._running is None:  # whoever else is ready in this turn of the loop joins in
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._gathered:
                group, self._gathered = self._gathered, []
                passages = await self._post([entry for entry, _answer in group])
                for (_entry, answer), passage in zip(group, passages, strict=True):
                    answer(passage)
        except Exception as error:  # noqa: BLE001 (whatever it is, no letter may leave after it)
            self._on_failure(error)
        finally:
            self._running = None
