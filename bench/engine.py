"""What a letter costs us in CPU, without kernel, relay and database: `python -m bench.engine --json`.

Merging, the SMTP protocol, the lanes and the client side of the ledger's group commit, driven by an
imaginary relay that always says yes. The figure is a ratio to a fixed piece of pure-Python work done in
the same run, so that it means the same on any machine.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic, process_time
from typing import Any, cast

from bench.merge import END, LINKS, sample_plan
from newsletter.delivery.entries import Entry, Holding, Lease, Passage, Recipient
from newsletter.delivery.feed import Assignment, Feed
from newsletter.delivery.outlet import Kit, Outlet, RelayInUse
from newsletter.delivery.outlets import Outlets
from newsletter.delivery.posting import fold, row_of
from newsletter.delivery.posting_postgresql import row_columns, slip_columns
from newsletter.delivery.seats import PaceKey, Share
from newsletter.domain.identifiers import new_public_id, public_id_from
from newsletter.domain.links import SectionLinks
from newsletter.domain.outcomes import Outcome
from newsletter.domain.relays import RelayAddress, Security
from newsletter.domain.retries import RetrySchedule
from newsletter.domain.settlement import Rules
from newsletter.mail.smtp.connection import Connection, Route, Timeouts
from newsletter.mail.smtp.events import Event
from newsletter.models import Section
from newsletter.publishing.letters import Imprint, Merger

_LANES = 16
_ROUTE = Route(RelayAddress("127.0.0.1", 25, Security.PLAIN), "sender.example", Timeouts(10, 600))
_RULES = Rules(RetrySchedule((60,), timedelta(days=1)), timedelta(minutes=10))
_NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Relay:
    """A transport that answers every write with yes."""

    def __init__(self) -> None:
        self.connection: Connection
        self.letters = 0
        self._answers: list[bytes] = []

    def write(self, data: memoryview) -> None:
        """Take bytes and remember what to say to them."""
        if bytes(data[:4]) == b"EHLO":
            self._answers.append(b"250-relay.example\r\n250-PIPELINING\r\n250 SIZE 52428800\r\n")
            return
        if len(data) > 1000:
            self.letters += 1
            self._answers.append(b"250 2.0.0 Ok: queued as 4F%08X\r\n" % self.letters)
        if bytes(data[-6:]) == b"DATA\r\n":
            self._answers.append(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n")

    def answer(self) -> None:
        """Say what there is to say."""
        said, self._answers = b"".join(self._answers), []
        if said:
            self.connection.data_received(said)

    def set_write_buffer_limits(self, **_limits: int) -> None:
        """There is no buffer."""

    def abort(self) -> None:
        """There is nothing to abort."""

    def is_closing(self) -> bool:
        """It never hangs up."""
        return False


class Head:
    """Feeds outlets and commits their entries in groups that are never sent anywhere."""

    def __init__(self, feed: Feed, relays: list[Relay]) -> None:
        self._feed = feed
        self._gathered: list[tuple[Entry, Callable[[Passage], None]]] = []
        self.settled = 0
        self.outlets = Outlets(Kit(1.0, 1.0, connect=_opener(relays)), _LANES)

    def take(self, outlet: Outlet) -> Assignment | None:
        """The next letter."""
        now = monotonic()
        return self._feed.take(None) if outlet.may_take("", now) else None

    def recovered(self, _outlet: Outlet) -> None:
        """The first letter went through."""

    def submit(self, entry: Entry, answer: Callable[[Passage], None]) -> None:
        """Gather."""
        self._gathered.append((entry, answer))

    def commit(self) -> None:
        """Prepare the group as the ledger does, and say yes to all."""
        group, self._gathered = self._gathered, []
        slips = fold(entry for entry, _answer in group)
        results = (result for slip in slips for result in slip.results)
        rows = [row for result in results if (row := row_of(result, _NOW, _RULES)) is not None]
        slip_columns(slips)
        row_columns(rows)
        for slip in slips:
            slip.holding.in_flight = slip.granted
        for entry, answer in group:
            answer(Passage.OPEN if entry.intent else Passage.NOTED)

    def has_settled(self, _assignment: Assignment) -> None:
        """One more is done."""
        self.settled += 1

    def heard(self, _assignment: Assignment, _outcome: Outcome) -> None:
        """All is well here."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="it always is")
    parser.add_argument("--limit", type=float, help="the ratio above which this fails")
    options = parser.parse_args()
    figures = measured(options.letters, options.runs)
    print(json.dumps(figures))
    if options.limit is not None and figures["ratio"] > options.limit:
        sys.exit(f"A letter costs more than {options.limit} units of fixed work.")


def measured(letters: int, runs: int) -> dict[str, float]:
    """Microseconds of CPU a letter, and the ratio to fixed work; the best of several runs."""
    ratios = []
    for _ in range(runs):
        unit = _fixed_work()
        cost = asyncio.run(_cost(letters)) / letters
        ratios.append((cost / unit, cost))
    ratio, cost = min(ratios)
    return {"ratio": round(ratio, 2), "us_per_letter": round(cost * 1e6, 1)}


def _fixed_work() -> float:
    """Seconds for a fixed piece of pure-Python work: a thousand additions and dictionary writes."""
    best = float("inf")
    for _ in range(50):
        start = process_time()
        table: dict[int, int] = {}
        for number in range(1000):
            table[number & 63] = number + 1
        best = min(best, process_time() - start)
    return best


async def _cost(letters: int) -> float:
    relays: list[Relay] = []
    head = Head(_feed(letters), relays)
    head.outlets.update([RelayInUse(1, "one", _ROUTE)])
    for outlet in head.outlets:
        outlet.work_for(cast("Any", head))
        outlet.renew({PaceKey(1): Share(good_for=float("inf"))}, monotonic(), 0.0)
        outlet.wake(_LANES, monotonic())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    start = process_time()
    while head.settled < letters:
        for relay in relays:
            relay.answer()
        head.commit()
    return process_time() - start


def _opener(relays: list[Relay]) -> Callable[[Route, Callable[[Event], None]], Any]:
    async def open_connection(route: Route, hear: Callable[[Event], None]) -> Connection:
        connection, relay = Connection(route, hear), Relay()
        relays.append(relay)
        relay.connection = connection
        connection.connection_made(cast("asyncio.Transport", relay))
        connection.data_received(b"220 relay.example ESMTP\r\n")
        relay.answer()
        return connection

    return open_connection


def _feed(letters: int) -> Feed:
    section = Section(name="Mail", slug="mail", public_id=public_id_from(b"section!"))
    merger = Merger(
        sample_plan(section), SectionLinks(LINKS, section.public_id), Imprint(END, "letters@example.org")
    )
    feed = Feed(lambda _work, _recipient, why: _fail(why))
    recipients = [
        Recipient(number, 1, f"reader{number}@example.org", f"Reader {number}", new_public_id())
        for number in range(letters)
    ]
    holding = Holding(Lease(1, 1, 1, 0, letters, 1), recipients, started_at=_NOW)
    feed.add(holding, merger, 0)
    return feed


def _fail(why: str) -> None:
    raise AssertionError(why)


if __name__ == "__main__":
    main()
