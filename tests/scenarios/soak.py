"""A long campaign with every trouble at once: `python -m tests.scenarios.soak --recipients 1000000`.

Two relays that throttle, greylist, refuse, hang up, lose answers and close for a while; workers that are
killed; a person who stops it and lets it go on. At the end nobody is lost, every copy beyond the first is a
recorded resend, only mailboxes that do not exist are suppressed, and no process grew. The last line is JSON.
"""

import argparse
import json
import random
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import select

from bench.procfs import family, rss_mb
from bench.stage import fill, publish
from newsletter.accounts.audit import Actor
from newsletter.delivery.control import Control
from newsletter.delivery.progress import count_deliveries
from newsletter.delivery.relay_book import RelayEntry, add_relay
from newsletter.domain.pacing import Limits
from newsletter.domain.relays import parse_relay_url
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign, Delivery, Subscriber, Suppression
from newsletter.wiring import House
from tests.scenarios.chaos import Fire, Start, installation
from tests.support.ledgers import assert_counts_add_up, campaign_now
from tests.support.postgres import running_postgres
from tests.support.sink import Do, Moment, Rule, Script, Sink, running_sink
from tests.support.stack import workers

_GONE = r"(07|41)@"
_SETTINGS = {
    "connections": 16,
    "pacing_beat": 0.25,
    "seats_for": 3,
    "relay_waits": (0.5, 1.0),
    "retry_waits": (0.5, 1.0, 2.0),
}


def trouble(limit: float, seed: int) -> Script:
    """Everything that happens in the wild, often enough; `limit` is in letters a second."""
    rcpt, dot = Moment.RCPT, Moment.DOT
    return Script(
        (
            Rule(Moment.CONNECT, Do.REPLY, "421 4.7.0 Too many connections", chance=0.02),
            Rule(Moment.MAIL, Do.CLOSE, chance=0.0005),
            Rule(rcpt, Do.REPLY, "550 5.1.1 no such user", address=_GONE),
            Rule(rcpt, Do.REPLY, "450 4.7.1 Greylisted, try again", chance=0.01),
            Rule(rcpt, Do.REPLY, "452 4.5.3 Too many recipients", chance=0.001),
            Rule(rcpt, Do.REPLY, "550 5.7.1 blocked by policy", chance=0.003),
            Rule(rcpt, Do.REPLY, "454 4.7.0 Throttling: Maximum sending rate exceeded", above=limit),
            Rule(dot, Do.REPLY, "451 4.3.0 try again later", chance=0.003),
            Rule(dot, Do.CLOSE, chance=0.0005),
            Rule(dot, Do.ACCEPT_AND_CLOSE, chance=0.0005),
        ),
        messages_a_connection=350,
        seed=seed,
    )


@dataclass
class Soak:
    """A campaign under way, and what may happen to it."""

    fire: Fire
    campaign: Campaign
    sinks: tuple[Sink, Sink]
    limit: float
    dice: random.Random
    sizes: list[float] = field(default_factory=list)
    stops: int = 0
    closings: int = 0

    def run(self, every: float) -> None:
        """Until all is done."""
        control = Control(self.fire.house.database, self.fire.house.bell, self.campaign.id, Actor("soak"))
        next_at = monotonic() + every
        while not self._is_finished():
            self.fire.start_the_dead()
            if monotonic() > next_at:
                act = self.dice.choice([self._kill, lambda: self._stop(control), self._close_a_relay])
                act()
                next_at = monotonic() + every * self.dice.uniform(0.5, 1.5)
            self.sizes.append(
                max((rss_mb(pid) for each in self.fire.workers for pid in family(each.pid)), default=0)
            )
            sleep(0.2)

    def _kill(self) -> None:
        self.fire.kill_child()

    def _stop(self, control: Control) -> None:
        # What is cancelled before its audience is fixed stays so.
        ways = [control.pause, control.cancel] if self._is_frozen() else [control.pause]
        if self.dice.choice(ways)():
            self.stops += 1
            sleep(0.5)
            control.resume()

    def _close_a_relay(self) -> None:
        sink = self.dice.choice(self.sinks)
        sink.play(Script((Rule(Moment.CONNECT, Do.CLOSE), Rule(Moment.MAIL, Do.CLOSE))))
        self.closings += 1
        sleep(1.5)
        sink.play(trouble(self.limit, self.closings))

    def _is_frozen(self) -> bool:
        return campaign_now(self.fire.house, self.campaign.id).audience_frozen_at is not None

    def _is_finished(self) -> bool:
        return campaign_now(self.fire.house, self.campaign.id).state is CampaignState.FINISHED


def soak(recipients: int, limit: float, every: float, dice: random.Random) -> dict[str, Any]:
    """Send a campaign through everything. Returns what was found at the end."""
    scripts = (trouble(limit, 1), trouble(limit, 2))
    with (
        tempfile.TemporaryDirectory(prefix="nl-soak-") as name,
        running_sink(scripts[0]) as first,
        running_sink(scripts[1]) as second,
        running_postgres() as postgres,
        installation(Path(name), postgres, first, **_SETTINGS) as (house, broker),
    ):
        post = fill(house, recipients, 3)
        with house.database.writing() as session:
            entry = RelayEntry(parse_relay_url(second.url), weight=1)
            house.follow_smtp_url_in(session)
            add_relay(session, post.publication_id, "second", entry, Limits(), house.now())
        campaign = publish(house, post, UncertainPolicy.RESEND)
        with workers() as run:
            start = Start(house.settings, Path(name) / "worker.log", run)
            fire = Fire(house, broker, postgres, start, dice, [start(), start()])
            soaking = Soak(fire, campaign, (first, second), limit, dice)
            soaking.run(every)
        house.sweep("a sweeper").run()
        findings = _findings(house, campaign, (first, second))
    happened = {"kills": fire.kills, "stops": soaking.stops, "closings": soaking.closings}
    return {**findings, **happened, "memory_growth": round(_grown(soaking.sizes), 2)}


def _grown(sizes: list[float]) -> float:
    """The last quarter of a run beside its second one, when all had begun."""
    quarter = len(sizes) // 4
    return max(sizes[-quarter:]) / max(sizes[quarter : 2 * quarter]) if quarter else 1.0


def holds(findings: dict[str, Any]) -> bool:
    """Whether all promises were kept."""
    return (
        not findings["lost"]
        and not findings["unrecorded_copies"]
        and not findings["wrongly_suppressed"]
        and not findings["wrongly_failed"]
        and findings["suppressed"] == findings["without_mailbox"]
    )


def _findings(house: House, campaign: Campaign, sinks: tuple[Sink, Sink]) -> dict[str, Any]:
    assert_counts_add_up(house, campaign.id)
    copies = sinks[0].copies() + sinks[1].copies()
    with house.database.reading() as session:
        rows = session.execute(
            select(Subscriber.address, Delivery.state, Delivery.resends, Delivery.code)
            .join(Delivery, Delivery.subscriber_id == Subscriber.id)
            .where(Delivery.campaign_id == campaign.id)
            .execution_options(yield_per=10_000)  # who reads a million at once seems to stand still
        ).all()
        suppressed = session.scalars(
            select(Subscriber.address).join(Suppression, Suppression.subscriber_id == Subscriber.id)
        ).all()
        counts = count_deliveries(session, campaign.id)
    gone = {address for address, *_rest in rows if re.search(_GONE, address or "")}
    accepted = {DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN}
    return {
        "recipients": len(rows),
        "accepted": counts.accepted,
        "failed": counts.failed,
        "uncertain": counts.uncertain,
        "without_mailbox": len(gone),
        "suppressed": len(suppressed),
        "wrongly_suppressed": len(set(suppressed) - gone),
        "wrongly_failed": sum(
            state is DeliveryState.FAILED and (code or 0) // 100 != 5 for _a, state, _r, code in rows
        ),
        "lost": sum(state in accepted and not copies[address or ""] for address, state, *_rest in rows),
        "copies_beyond_first": sum(max(0, copies[address or ""] - 1) for address, *_rest in rows),
        "recorded_resends": counts.resends,
        "unrecorded_copies": sum(
            max(0, copies[address or ""] - 1 - resends) for address, _state, resends, _code in rows
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.soak", description=__doc__)
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--limit", type=float, default=2_000.0, help="letters a second that each relay takes")
    parser.add_argument("--every", type=float, default=15.0, help="seconds between two blows")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", file=sys.stderr)
    findings = soak(options.recipients, options.limit, options.every, random.Random(options.seed))
    print(json.dumps(findings))
    sys.exit(0 if holds(findings) else 1)


if __name__ == "__main__":
    main()
