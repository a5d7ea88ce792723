"""Whether small mail overtakes big mail: `python -m bench.lane --json`.

While a campaign of many recipients goes out, people ask for confirmation mails by the site's form. Each
is timed from the request to the sink's record; pages of the site are timed meanwhile.
"""

import argparse
import json
import re
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import monotonic, sleep
from typing import Any

from bench.stage import Stage, fill, publish, set_up
from newsletter.cli.processes import Processes, free_port
from newsletter.cli.stack import web_command
from newsletter.domain.states import CampaignState
from newsletter.models import Campaign
from tests.support.stack import environment_of, wait_for, workers

_STAMP = re.compile(r'name="stamp" value="([^"]+)"')
_PARAGRAPHS = 22
_GAP = 0.2
_AT_ONCE = 16


class Tail:
    """Follows the sink's record; knows when a recipient first stood there."""

    def __init__(self, record: Path) -> None:
        self._file = record.open("rb")
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    def has(self, address: str) -> bool:
        """Whether a letter to this address was accepted."""
        with self._lock:
            self._seen.update(line.partition(b"\t")[0] for line in self._file if line.startswith(b"asked"))
            return address.encode() in self._seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=200_000)
    parser.add_argument("--mails", type=int, default=50)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", action="store_true", help="it always is")
    options = parser.parse_args()
    with set_up("postgresql", connections=options.connections, rate_limits=False) as stage:
        print(json.dumps(_measured(stage, options.recipients, options.mails)))


def _measured(stage: Stage, recipients: int, mails: int) -> dict[str, Any]:
    post = fill(stage.house, recipients, _PARAGRAPHS)
    with tempfile.TemporaryDirectory() as folder, workers() as start, _site(stage, Path(folder)) as url:
        start(environment_of(stage.house.settings), Path(folder) / "worker.log")
        campaign = publish(stage.house, post)
        wait_for(lambda: _state(stage, campaign) is CampaignState.SENDING, within=120)
        mail_seconds, page_seconds = _ask(stage, url, mails)
        during = _state(stage, campaign) is CampaignState.SENDING
        print("the campaign was still going out at the end: " + str(during), file=sys.stderr)
    return {
        "mails": len(mail_seconds),
        "p95_seconds": round(_p95(mail_seconds), 3),
        "worst_seconds": round(max(mail_seconds), 3),
        "page_p95_seconds": round(_p95(page_seconds), 3),
        "campaign_was_under_way": during,
    }


def _ask(stage: Stage, url: str, mails: int) -> tuple[list[float], list[float]]:
    """One person after another, at a steady pace, whether those before have their mail or not."""
    tail = Tail(stage.sink.record)
    asked = []
    with ThreadPoolExecutor(_AT_ONCE) as people:
        for number in range(mails):
            asked.append(people.submit(_ask_for_one, tail, url, f"asked{number}@example.org"))
            sleep(_GAP)
    times = [each.result() for each in asked]
    return [mail for mail, _page in times], [page for _mail, page in times]


def _ask_for_one(tail: Tail, url: str, address: str) -> tuple[float, float]:
    """Seconds to the mail, and to a page."""
    stamp = _STAMP.search(_fetch(f"{url}/subscribe"))
    assert stamp is not None
    form = urllib.parse.urlencode({"address": address, "section": "mail", "stamp": stamp[1]}).encode()
    started = monotonic()
    _fetch(f"{url}/subscribe", form)
    _until(lambda: tail.has(address))
    came = monotonic()
    _fetch(url)
    return came - started, monotonic() - came


def _until(condition: Callable[[], bool]) -> None:
    until = monotonic() + 60
    while not condition():
        if monotonic() > until:
            sys.exit("A confirmation mail did not come within a minute.")
        sleep(0.01)


def _fetch(url: str, form: bytes | None = None) -> str:
    with urllib.request.urlopen(url, form, timeout=60) as answer:
        page: bytes = answer.read()
    return page.decode()


def _state(stage: Stage, campaign: Campaign) -> CampaignState:
    with stage.house.database.reading() as session:
        return session.get_one(Campaign, campaign.id).state


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


@contextmanager
def _site(stage: Stage, folder: Path) -> Iterator[str]:
    port = free_port()
    settings = stage.house.settings
    with Processes(folder) as processes:
        environment = environment_of(settings, rate_limits=False, form_seconds=0)
        processes.start("web", web_command(settings, "127.0.0.1", port), environment)
        url = f"http://127.0.0.1:{port}"
        processes.wait_until(lambda: _answers(url), "The site")
        yield url


def _answers(url: str) -> bool:
    try:
        _fetch(f"{url}/healthz")
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
