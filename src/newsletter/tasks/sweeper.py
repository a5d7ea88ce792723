"""The thread that sweeps, in every worker's parent process.

While no broker carries its bells, it does by itself what they would have asked for.
"""

import os
import threading
from collections.abc import Sequence

import structlog

from newsletter.domain.errors import NewsletterError
from newsletter.jobs import Ring
from newsletter.tasks.shift import Shift
from newsletter.wiring import House

_log = structlog.get_logger(__name__)


class Sweeper:
    """Sweeps at regular times until it is stopped; trouble with one sweep is left to the next.

    No child is forked while a sweep is under way: it would begin with a copy of half a transaction, and
    SQLite would refuse it the write lock for the rest of its life.
    """

    def __init__(self, house: House, shift: Shift, worker: str) -> None:
        self._house = house
        self._shift = shift
        self._worker = worker
        self._stopped = threading.Event()
        self._sweeping = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin sweeping."""
        lock = self._sweeping
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; the sweep under way finishes."""
        self._stopped.set()

    def _run(self) -> None:
        while True:
            try:
                with self._sweeping:
                    self._do_unheard(self._house.sweep(self._worker).run())
            except NewsletterError as error:
                _log.error("sweep_failed", reason=str(error))
            except Exception:  # noqa: BLE001 (a sweeper that dies is a worker that forgets)
                _log.exception("sweep_failed")
            if self._stopped.wait(self._house.settings.sweep_every):
                return

    def _do_unheard(self, rings: Sequence[Ring]) -> None:
        """A broker that is away must not keep letters waiting; nothing is left open for a fork to copy."""
        try:
            for job, ids in rings:
                self._shift.do(job, ids)
        finally:
            if rings:
                self._shift.end()
