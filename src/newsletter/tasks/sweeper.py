"""The thread that sweeps, in every worker's parent process."""

import threading

import structlog

from newsletter.domain.errors import NewsletterError
from newsletter.wiring import House

_log = structlog.get_logger(__name__)


class Sweeper:
    """Sweeps at regular times until it is stopped; trouble with one sweep is left to the next."""

    def __init__(self, house: House, worker: str) -> None:
        self._house = house
        self._worker = worker
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin sweeping."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; the sweep under way finishes."""
        self._stopped.set()

    def _run(self) -> None:
        while True:
            try:
                self._house.sweep(self._worker).run()
            except NewsletterError as error:
                _log.error("sweep_failed", reason=str(error))
            except Exception:  # noqa: BLE001 (a sweeper that dies is a worker that forgets)
                _log.exception("sweep_failed")
            if self._stopped.wait(self._house.settings.sweep_every):
                return
