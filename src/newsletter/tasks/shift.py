"""One worker process at work: it keeps its connections from task to task."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace

from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.sending import Sender
from newsletter.jobs import Job
from newsletter.wiring import House


class Shift:
    """What the tasks of one process share. Made before the fork, begun after it."""

    def __init__(self, house: House, stopping: Callable[[], bool]) -> None:
        self._house = house
        self._stopping = stopping
        self._sender: Sender | None = None

    def begin(self) -> None:
        """Start afresh in a child: nothing that was opened before the fork may be used after it."""
        self._house = replace(self._house)
        self._sender = None

    def end(self) -> None:
        """Hang up."""
        if self._sender is not None:
            self._sender.close()
        self._house.database.close()

    def freeze(self, campaign_id: int) -> None:
        """Fix the audience of a campaign."""
        house = self._house
        freeze_audience(house.database, house.bell, campaign_id, house.settings.batch_size)

    def send(self) -> None:
        """Send what is due, and wake one more worker when there is more."""
        bell = self._house.bell
        owner = f"{socket.gethostname()}:{os.getpid()}"
        more = self._the_sender().send_due(owner, self._stopping, lambda: bell.ring(Job.SEND))
        if more and not self._stopping():
            bell.ring(Job.SEND)

    def send_notices(self) -> None:
        """Send what single people wait for."""
        self._the_sender().send_notices(self._stopping)

    def _the_sender(self) -> Sender:
        if self._sender is None:
            self._sender = self._house.sender()
        return self._sender
