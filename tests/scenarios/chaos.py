"""A campaign under fire: `python -m tests.scenarios.chaos --recipients 100000 --policy resend`.

Workers are killed again and again, the broker is flushed and killed, PostgreSQL crashes, a worker
sleeps past its lease. At the end the sink's record and the ledger must tell the same story. The last
line is JSON.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bench.procfs import family
from bench.stage import fill, publish
from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.migrations import upgrade
from newsletter.models import Campaign, Delivery, Subscriber
from newsletter.settings import Settings
from newsletter.wiring import House, wire
from tests.support.broker import Broker
from tests.support.ledgers import assert_counts_add_up
from tests.support.postgres import Postgres, running_postgres
from tests.support.sink import Script, Sink, running_sink
from tests.support.stack import Worker, environment_of, workers

_LEASE = 3.0
_CONNECTIONS = 8


@dataclass
class Fire:
    """What is shot at, and how often it was hit."""

    house: House
    broker: Broker
    postgres: Postgres
    start: "Start"
    dice: random.Random
    workers: list[Worker] = field(default_factory=list)
    kills: int = 0
    done: dict[str, int] = field(default_factory=dict)

    def shoot(self) -> None:
        """One blow, chosen by the dice; mostly a kill."""
        blows = [self.kill_child] * 6 + [self.kill_worker] * 3
        blows += [self.flush_broker, self.kill_broker, self.crash_database, self.sleep_past_the_lease]
        missing = [blow for blow in set(blows) if blow.__name__ not in self.done]
        blow = self.dice.choice(missing if missing and self.kills > 8 else blows)
        self.done[blow.__name__] = self.done.get(blow.__name__, 0) + 1
        blow()

    def kill_child(self) -> None:
        """One sending process of a worker."""
        children = [pid for worker in self.workers for pid in list(family(worker.pid))[1:]]
        if children:
            self._kill(self.dice.choice(children))

    def kill_worker(self) -> None:
        """A whole worker, as a power cut does."""
        worker = self.dice.choice(self.workers)
        self.workers.remove(worker)
        worker.kill()
        self.kills += 1
        self.workers.append(self.start())

    def start_the_dead(self) -> None:
        """What a service manager does: Celery gives up when a child dies while it is being started."""
        self.workers = [worker if worker.is_alive else self.start() for worker in self.workers]

    def flush_broker(self) -> None:
        """Every bell is lost."""
        self.broker.flush()

    def kill_broker(self) -> None:
        """The broker comes back empty."""
        self.broker.kill()
        sleep(1)
        self.broker.start()

    def crash_database(self) -> None:
        """PostgreSQL stops without a word and recovers."""
        self.postgres.restart()

    def sleep_past_the_lease(self) -> None:
        """A worker is stopped for longer than its leases last, and wakes as if nothing had happened."""
        pids = list(family(self.dice.choice(self.workers).pid))
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        sleep(_LEASE * 1.5)
        for pid in pids:
            _signal(pid, signal.SIGCONT)

    def _kill(self, pid: int) -> None:
        _signal(pid, signal.SIGKILL)
        self.kills += 1


@dataclass(frozen=True)
class Start:
    """Starts workers of one installation."""

    settings: Settings
    log: Path
    run: Callable[[Mapping[str, str], Path], Worker]

    def __call__(self) -> Worker:
        return self.run(environment_of(self.settings, stop_within=10), self.log)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.chaos", description=__doc__)
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--policy", choices=[policy.value for policy in UncertainPolicy], default="resend")
    parser.add_argument("--kills", type=int, default=30, help="at least so many")
    parser.add_argument("--every", type=float, default=2.5, help="seconds between two blows")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", file=sys.stderr)
    findings = rage(
        options.recipients,
        UncertainPolicy(options.policy),
        options.kills,
        options.every,
        random.Random(options.seed),
    )
    print(json.dumps(findings))
    sys.exit(0 if _holds(findings) else 1)


def rage(
    recipients: int, policy: UncertainPolicy, kills: int, every: float, dice: random.Random
) -> dict[str, Any]:
    """Send a campaign while everything breaks. Returns what was found at the end."""
    script = Script(dot_latency=0.03)
    with tempfile.TemporaryDirectory(prefix="nl-chaos-") as name, running_sink(script) as sink:
        folder = Path(name)
        with (
            running_postgres(durable=True) as postgres,
            installation(folder, postgres, sink) as (house, broker),
        ):
            post = fill(house, recipients, 3)
            campaign = publish(house, post, policy)
            with workers() as run:
                start = Start(house.settings, folder / "worker.log", run)
                fire = Fire(house, broker, postgres, start, dice, [start()])
                _send_under_fire(fire, campaign, kills, every)
            findings = _findings(house, campaign, sink)
    blows = ", ".join(f"{count} × {blow.replace('_', ' ')}" for blow, count in sorted(fire.done.items()))
    print(blows, file=sys.stderr)
    return {"kills": fire.kills, **findings, "connections_killed": _CONNECTIONS * 2, "policy": policy.value}


def _send_under_fire(fire: Fire, campaign: Campaign, kills: int, every: float) -> None:
    next_blow = monotonic() + every
    while not _is_finished(fire.house, campaign):
        fire.start_the_dead()
        if fire.kills < kills and monotonic() > next_blow:
            fire.shoot()
            next_blow = monotonic() + every * fire.dice.uniform(0.3, 1.7)
        sleep(0.1)


def _findings(house: House, campaign: Campaign, sink: Sink) -> dict[str, int]:
    """The sink's record against the ledger."""
    assert_counts_add_up(house, campaign.id)
    letters = [copy for copy in sink.accepted() if copy.recipient.startswith("reader")]  # its author is told
    copies = Counter(copy.recipient for copy in letters)
    foreign = [copy for copy in letters if copy.body_address != copy.recipient]
    assert not foreign, foreign[:3]
    with house.database.reading() as session:
        rows = session.execute(
            select(Subscriber.address, Delivery.state, Delivery.resends)
            .join(Delivery, Delivery.subscriber_id == Subscriber.id)
            .where(Delivery.campaign_id == campaign.id)
        ).all()
        counts = count_deliveries(session, campaign.id)
    explained = {DeliveryState.UNCERTAIN, DeliveryState.SKIPPED, DeliveryState.FAILED}
    return {
        "recipients": len(rows),
        "lost": sum(not copies[address or ""] and state not in explained for address, state, _ in rows),
        "copies_beyond_first": copies.total() - len(copies),
        "recorded_resends": counts.resends,
        "unrecorded_copies": sum(max(0, copies[address or ""] - 1 - resends) for address, _, resends in rows),
        "resends_of_copies": sum(
            min(max(0, copies[address or ""] - 1), resends) for address, _, resends in rows
        ),
        "uncertain": counts.uncertain,
        "failed": counts.failed,
        "accepted": counts.accepted,
    }


def _holds(findings: dict[str, Any]) -> bool:
    if findings["lost"] or findings["unrecorded_copies"] or findings["failed"]:
        return False
    return findings["policy"] == "resend" or not findings["copies_beyond_first"]


@contextmanager
def installation(
    folder: Path, postgres: Postgres, sink: Sink, **settings: Any
) -> Iterator[tuple[House, Broker]]:
    """A house and its broker, in a hurry; other values are settings."""
    broker = Broker(folder)
    hurry: dict[str, Any] = {
        "connections": _CONNECTIONS,
        "batch_size": 500,
        "lease_for": _LEASE,
        "sweep_every": 0.5,
        "uncertain_grace": 1,
        "reply_timeout": 20,
    }
    house = wire(
        Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=folder,
            database_url=postgres.url(postgres.create()),
            redis_url=broker.url,
            smtp_url=SecretStr(sink.url),
            secret_key=SecretStr("a secret for chaos only, as long as it needs to be"),
            **{**hurry, **settings},
        )
    )
    try:
        upgrade(house.database.engine)
        yield house, broker
    finally:
        house.database.close()
        broker.kill()


def _is_finished(house: House, campaign: Campaign) -> bool:
    try:
        with house.database.reading() as session:
            return session.get_one(Campaign, campaign.id).state is CampaignState.FINISHED
    except house.database.driver_errors:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    main()
