"""One worker process at work: it keeps its connections from task to task."""

import gc
import os
import socket
import threading
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
        self._here = threading.local()  # a conversation with a relay belongs to one thread

    def begin(self) -> None:
        """Start afresh in a child: nothing that was opened before the fork may be used after it."""
        self._house = replace(self._house)
        self._here = threading.local()
        look_for_cycles_seldom()

    def end(self) -> None:
        """Hang up; whatever is done next opens its connections anew."""
        sender: Sender | None = getattr(self._here, "sender", None)
        if sender is not None:
            sender.close()
            del self._here.sender
        self._house.database.close()

    def do(self, job: Job, ids: tuple[int, ...]) -> None:
        """What a ring asks for."""
        match job:
            case Job.FREEZE:
                self.freeze(*ids)
            case Job.SEND:
                self.send()
            case Job.NOTICES:
                self.send_notices()

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
        if not hasattr(self._here, "sender"):
            self._here.sender = self._house.sender()
        sender: Sender = self._here.sender
        return sender


def look_for_cycles_seldom() -> None:
    """A letter makes hundreds of objects and no cycle: looking for some after so few is wasted."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
