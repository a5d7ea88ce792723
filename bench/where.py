"""Where a sending process spends its CPU: `python -m bench.where --json`.

One sender in this process, its ledger on PostgreSQL and the sink in its fast mode. A timer that runs on
CPU time asks every millisecond which part of the engine is at work; the thread that leases and loads
batches is counted by itself.
"""

import argparse
import json
import signal
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from bench.stage import Stage, fill, publish, set_up
from newsletter.delivery.freezing import freeze_audience
from newsletter.tasks.shift import look_for_cycles_seldom

_EVERY = 0.001
_PARTS = {
    "filling the plan's holes": (
        "publishing/",
        "rendering/",
        "domain/links",
        "domain/tokens",
        "mail/message",
    ),
    "writing to the socket": ("mail/smtp/connection",),
    "the SMTP dialogue": ("mail/smtp/", "mail/envelope", "domain/outcomes"),
    "the group commit": (
        *("delivery/posting", "delivery/ledger", "delivery/group_commit", "delivery/desk"),
        *("delivery/entries", "domain/settlement"),
    ),
    "lanes and feed": ("delivery/",),
}
_LOOP = "the event loop"
_BATCHES = "leasing and loading batches"


class Sampler:
    """Counts which part is at work whenever a millisecond of CPU was used."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def __enter__(self) -> "Sampler":
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
        return self

    def __exit__(self, *_error: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _look(self, _number: int, frame: FrameType | None) -> None:
        while frame is not None:
            part = _part_of(frame.f_code.co_filename)
            if part is not None:
                self.seen[part] += 1
                return
            frame = frame.f_back
        self.seen[_LOOP] += 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with set_up("postgresql", connections=options.connections) as stage:
        shares = _shares(stage, options.recipients)
    if options.json:
        print(json.dumps(shares))
        return
    for part, share in shares.items():
        print(f"{part:32} {share:5.1f} %")


def _shares(stage: Stage, recipients: int) -> dict[str, Any]:
    house = stage.house
    campaign = publish(house, fill(house, recipients, 19))
    freeze_audience(house.database, house.bell, campaign.id, house.settings.batch_size)
    sender = house.sender()
    look_for_cycles_seldom()
    before = _cpu_of_threads()
    with Sampler() as sampler:
        while sender.send_due("a bench", lambda: False, lambda: None):
            pass
    used = _cpu_of_threads()
    sender.close()
    used.subtract(before)
    desk = used["desk_0"] / used.total()
    parts = {part: count / sampler.seen.total() * (1 - desk) for part, count in sampler.seen.most_common()}
    return {part: round(share * 100, 1) for part, share in {**parts, _BATCHES: desk}.items()}


def _part_of(file: str) -> str | None:
    _, inside, name = file.partition("/src/newsletter/")
    if not inside or name.startswith("delivery/sending"):
        return None
    return next((part for part, files in _PARTS.items() if name.startswith(files)), None)


def _cpu_of_threads() -> Counter[str]:
    """Ticks of CPU that each living thread used, by its name."""
    used: Counter[str] = Counter()
    for thread in threading.enumerate():
        stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text().rpartition(")")[2].split()
        used[thread.name] += int(stat[11]) + int(stat[12])
    return used


if __name__ == "__main__":
    main()
