"""How fast a campaign goes out: `python -m bench.send --recipients 200000 --database postgresql --json`.

From publishing to the last accepted letter, through Celery with two children and the ledger on, with
durable commits, beside Postfix's `smtp-source -d` and smtplib on the same sink in the same run. Postfix's
rate is taken before the campaign and after it, for the machine changes its mind meanwhile.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import text

from bench.pacing import in_turns
from bench.procfs import cpu_seconds, peak_rss_mb
from bench.rivals import RECIPIENT, smtp_source, smtp_source_rate, smtplib_rate
from bench.stage import AUTHOR, Stage, fill, publish, set_up
from newsletter.delivery.progress import count_deliveries
from newsletter.domain.states import CampaignState
from newsletter.models import Campaign, Post
from tests.support.sink import read_record
from tests.support.sink.rate import measure
from tests.support.stack import Worker, environment_of, workers

_PARAGRAPHS = 15  # make a letter of this size, which is the rivals'
_LETTER = 15_000
_MORE = 500
"""Bytes that ours may have beyond it: the comparison is fair as long as all send the same."""
_POLL = 0.1
DOMAINS = ("gmail.com", "outlook.com", "yahoo.com", "icloud.com", "example.org")


@dataclass(frozen=True)
class Cost:
    """CPU seconds used so far."""

    worker: float
    database: float
    sink: float

    def since(self, before: "Cost", letters: int) -> dict[str, float]:
        """Microseconds a letter since then."""
        return {
            name: round((getattr(self, name) - getattr(before, name)) / letters * 1e6, 1)
            for name in ("worker", "database", "sink")
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=200_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--connections", type=int, default=256, help="of each sending process")
    parser.add_argument("--batch-size", type=int, default=4000)
    parser.add_argument("--alone", action="store_true", help="without the rivals")
    parser.add_argument("--pacing", action="store_true", help="what limits cost, on and off in turns")
    parser.add_argument("--runs", type=int, default=4, help="of each, with --pacing; even")
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    options = parser.parse_args()
    with set_up(options.database, connections=options.connections, batch_size=options.batch_size) as stage:
        _say(f"{options.database}: {_durability(stage)}")
        if options.pacing:
            print(json.dumps(_pacing(stage, options.recipients, options.runs)))
            return
        before = None if options.alone else _postfix(stage)
        figures = _campaign(stage, options.recipients)
        if not options.alone:
            figures |= _rivals(stage, figures["rate"], [before, _postfix(stage)])
    if not options.alone:
        figures |= _sink_alone(figures["rate"])
    if not options.json:
        for name, figure in figures.items():
            _say(f"{name:24} {figure}")
    else:
        print(json.dumps(figures))


def _campaign(stage: Stage, recipients: int) -> dict[str, Any]:
    post = fill(stage.house, recipients, _PARAGRAPHS)
    environment = environment_of(stage.house.settings)
    with tempfile.TemporaryDirectory() as folder, workers() as start:
        worker = start(environment, Path(folder) / "worker.log")
        started = monotonic()
        campaign = publish(stage.house, post)
        _wait(stage, campaign, CampaignState.FREEZING)
        frozen, before = monotonic(), _cost(stage, worker)
        _wait(stage, campaign, CampaignState.SENDING)
        seconds, cost = monotonic() - frozen, _cost(stage, worker)
        rss = peak_rss_mb(worker.pid)
        worker.stop()
    with stage.house.database.reading() as session:
        counts = count_deliveries(session, campaign.id)
    copies = stage.sink.copies()
    for other in (RECIPIENT, AUTHOR):  # Postfix writes to the one, and the other is told that all is sent
        del copies[other]
    length = _mean_length(stage)
    if not _LETTER <= length <= _LETTER + _MORE:
        sys.exit(f"A letter has {length} bytes now, the rivals' have {_LETTER}: change _PARAGRAPHS.")
    return {
        "recipients": recipients,
        "rate": round(counts.accepted / seconds),
        "seconds": round(seconds, 2),
        "freeze_seconds": round(frozen - started, 2),
        "cpu_us_per_message": cost.since(before, max(counts.accepted, 1)),
        "peak_rss_mb": round(rss, 1),
        "accepted": counts.accepted,
        "sink_messages": copies.total(),
        "duplicates": copies.total() - len(copies),
        "letter_bytes": length,
    }


def _pacing(stage: Stage, recipients: int, runs: int) -> dict[str, Any]:
    """Each campaign has a fresh worker, as the one of the other figures has: none finds open connections."""
    fill(stage.house, recipients, _PARAGRAPHS, DOMAINS)

    def measure(post: Post) -> float:
        with tempfile.TemporaryDirectory() as folder, workers() as start:
            worker = start(environment_of(stage.house.settings), Path(folder) / "worker.log")
            rate = _rate(stage, worker, publish(stage.house, post))
            worker.stop()
        return rate

    return {"recipients": recipients, **in_turns(stage, measure, runs)}


def _rate(stage: Stage, worker: Worker, campaign: Campaign) -> float:
    """Letters a second from the fixed audience to the last letter."""
    _wait(stage, campaign, CampaignState.FREEZING)
    frozen, before = monotonic(), _cost(stage, worker)
    _wait(stage, campaign, CampaignState.SENDING)
    seconds, cost = monotonic() - frozen, _cost(stage, worker)
    with stage.house.database.reading() as session:
        accepted = count_deliveries(session, campaign.id).accepted
    _say(f"{accepted / seconds:8.0f} letters/s  CPU in us a letter: {cost.since(before, accepted)}")
    return accepted / seconds


def _postfix(stage: Stage) -> float | None:
    program = smtp_source()
    return smtp_source_rate(program, stage.sink.port, 50_000, _LETTER) if program else None


def _rivals(stage: Stage, rate: float, rates: Sequence[float | None]) -> dict[str, Any]:
    """Postfix and the standard library on the same sink."""
    known = [each for each in rates if each is not None]
    postfix = sum(known) / len(known) if known else None
    plain = smtplib_rate(stage.sink.port, 1_500, "<p>words</p>\n" * (_LETTER // 13))
    return {
        "smtp_source_rates": [round(each) for each in known],
        "smtp_source_rate": round(postfix) if postfix else None,
        "ratio_to_smtp_source": round(rate / postfix, 2) if postfix else None,
        "smtplib_rate": round(plain),
        "ratio_to_smtplib": round(rate / plain, 1),
    }


def _sink_alone(rate: float) -> dict[str, Any]:
    """What the sink takes from a client that only sends bytes: it must not be the bottleneck."""
    alone = measure(100_000, _LETTER, 64)
    return {
        "sink_rate": round(alone.rate),
        "sink_ratio": round(alone.rate / rate, 2),
        "sink_cpu_share": alone.sink_cpu_share,
    }


def _wait(stage: Stage, campaign: Campaign, state: CampaignState) -> None:
    """Wait until the campaign has left a state."""
    while True:
        with stage.house.database.reading() as session:
            if session.get_one(Campaign, campaign.id).state is not state:
                return
        sleep(_POLL)


def _cost(stage: Stage, worker: Worker) -> Cost:
    database = cpu_seconds(stage.postgres_pid) if stage.postgres_pid else 0.0
    return Cost(cpu_seconds(worker.pid), database, stage.sink.stats().cpu_seconds)


def _mean_length(stage: Stage) -> int:
    others = (RECIPIENT, AUTHOR)
    lengths = [copy.length for copy in read_record(stage.sink.record) if copy.recipient not in others]
    return sum(lengths) // max(1, len(lengths))


def _durability(stage: Stage) -> str:
    settings = ("fsync", "synchronous_commit")
    with stage.house.database.engine.connect() as connection:
        if stage.house.database.is_sqlite:
            mode, sync = (
                connection.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous")
            )
            return f"journal_mode={mode} synchronous={sync} (2 is FULL)"
        return " ".join(f"{name}={connection.execute(text(f'SHOW {name}')).scalar()}" for name in settings)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
