"""A house with a relay, a broker and workers that can be killed; and campaigns on their way to a sink."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from zlib import crc32

import pytest
from playwright.sync_api import Browser
from pydantic import SecretStr

from newsletter.delivery.freezing import freeze_audience
from newsletter.delivery.sending import Sender
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.migrations import upgrade
from newsletter.models import Campaign
from newsletter.settings import Settings
from newsletter.wiring import House, wire
from tests.conftest import Rings
from tests.support.checker import Findings, check
from tests.support.chromium import running_chromium
from tests.support.factories import make_campaign
from tests.support.ledgers import campaign_now, states
from tests.support.relay import Relay
from tests.support.sink import Do, Moment, Rule, Script, Sink, running_sink
from tests.support.stack import Worker, environment_of, running_broker, wait_for, workers

_FAR = 600.0
"""Seconds: a limit that nobody reaches who is only slow. Notes of the dead free their batches at once."""
_PACE = Script(dot_latency=0.05)
UNTIL_HELD = 5  # letters a connection


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of scenarios that take long in two ways one, always the same, is for every day.

    The ways are the two databases, or a browser with and without scripts.
    """
    twins: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("slow"):
            name = item.nodeid.replace("sqlite", "postgresql").replace("without scripts", "with scripts")
            twins[name].append(item)
    for name, pair in twins.items():
        if len(pair) == 2:
            pair[crc32(name.encode()) % 2].add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    with running_broker() as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(params=[False, True], ids=["without scripts", "with scripts"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@dataclass(frozen=True)
class Works:
    """The running installation: a house to look through, and workers to start."""

    house: House
    start_worker: Callable[[], Worker]


@pytest.fixture
def works(settings: Settings, relay: Relay, broker: str, tmp_path: Path) -> Iterator[Works]:
    running = settings.model_copy(
        update={
            "smtp_url": SecretStr(relay.url),
            "redis_url": broker,
            "sweep_every": 0.3,
            "lease_for": _FAR,
            "uncertain_grace": 0.0,
            "connections": 1,
        }
    )
    house = wire(running)
    log = tmp_path / "worker.log"
    with workers() as start:
        yield Works(house, lambda: start(environment_of(running), log))
    house.database.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


@dataclass(frozen=True)
class Mailing:
    """A frozen campaign on its way to a sink, and a sender in this process."""

    house: House
    campaign_id: int
    sender: Sender
    sink: Sink

    @property
    def state(self) -> CampaignState:
        return campaign_now(self.house, self.campaign_id).state

    @property
    def states(self) -> dict[DeliveryState, int]:
        return states(self.house, self.campaign_id)

    def send_once(self) -> None:
        """One round, and a look for what was left lying."""
        self.sender.send_due("a worker", lambda: False, lambda: None)
        self.house.sweep("a sweeper").run()

    def send_until(self, condition: Callable[[], bool]) -> None:
        def sent() -> bool:
            self.send_once()
            return condition()

        wait_for(sent)

    def finish(self) -> Findings:
        """Send until all is done; gives what the books say then."""
        self.send_until(lambda: self.state is CampaignState.FINISHED)
        return check(self.house, self.campaign_id, self.sink)


class Begin(Protocol):
    """Begins a mailing; `prepare` is called before its audience is frozen; other values are settings."""

    def __call__(
        self,
        script: Script = ...,
        *,
        readers: int = ...,
        policy: UncertainPolicy = ...,
        markdown: str = ...,
        domains: Sequence[str] = ...,
        prepare: Callable[[House, Campaign], None] = ...,
        **values: object,
    ) -> Mailing: ...


@pytest.fixture
def begin(settings: Settings, sink: Sink, rings: Rings) -> Iterator[Begin]:
    with ExitStack() as stack:

        def begin(
            script: Script = Script(),  # noqa: B008 (frozen)
            *,
            readers: int = 24,
            policy: UncertainPolicy = UncertainPolicy.RESEND,
            markdown: str = "Hello.",
            domains: Sequence[str] = ("example.org",),
            prepare: Callable[[House, Campaign], None] = lambda _house, _campaign: None,
            **values: object,
        ) -> Mailing:
            sink.play(script)
            house = House(_in_a_hurry(settings, sink, values), rings)
            stack.callback(house.database.close)
            campaign = make_campaign(
                house, readers=readers, policy=policy, markdown=markdown, domains=domains
            )
            prepare(house, campaign)
            freeze_audience(house.database, house.bell, campaign.id, 10)
            sender = house.sender()
            stack.callback(sender.close)
            return Mailing(house, campaign.id, sender, sink)

        yield begin


def _in_a_hurry(settings: Settings, sink: Sink, values: dict[str, object]) -> Settings:
    defaults = {
        "smtp_url": SecretStr(sink.url),
        "connections": 4,
        "relay_waits": (0.05,),
        "pacing_beat": 0.1,
        "retry_waits": (0.05,),
    }
    return settings.model_copy(update={**defaults, **values})


@dataclass(frozen=True)
class Plant:
    """An installation with real workers whose letters go to a sink, and a campaign they are to send."""

    house: House
    sink: Sink
    start_worker: Callable[[], Worker]
    campaign_id: int
    log: Path

    def start_and_hold(self, at: Moment) -> Worker:
        """A worker whose connections all have brought some letters to their end and now wait for a reply.

        So it cannot be done before a test has come to its blow.
        """
        self.sink.play(replace(_PACE, rules=(Rule(at, Do.HOLD, after=UNTIL_HELD),)))
        worker = self.start_worker()
        self.sink.wait_for(lambda: self.sink.stats().held >= self.house.settings.connections)
        return worker

    def go_on(self) -> None:
        """Let go of what is held, and hold nothing more."""
        self.sink.play(_PACE)
        self.sink.release()

    def wait_for_copies(self, number: int) -> None:
        self.sink.wait_for(lambda: len(self.sink.accepted()) >= number)

    def wait_until_finished(self) -> Findings:
        wait_for(lambda: campaign_now(self.house, self.campaign_id).state is CampaignState.FINISHED)
        return check(self.house, self.campaign_id, self.sink)


class Build(Protocol):
    """Builds a plant; other values are settings."""

    def __call__(
        self, readers: int, policy: UncertainPolicy = ..., *, domains: Sequence[str] = ..., **values: object
    ) -> Plant: ...


@pytest.fixture
def build(settings: Settings, sink: Sink, broker: str, tmp_path: Path) -> Iterator[Build]:
    with ExitStack() as stack:
        start = stack.enter_context(workers())

        def build(
            readers: int,
            policy: UncertainPolicy = UncertainPolicy.RESEND,
            *,
            domains: Sequence[str] = ("example.org",),
            **values: object,
        ) -> Plant:
            defaults = {
                "smtp_url": SecretStr(sink.url),
                "redis_url": broker,
                "connections": 8,
                "batch_size": 100,
                "sweep_every": 0.3,
                "lease_for": _FAR,
                "reply_timeout": _FAR,
            }
            sink.play(_PACE)
            house = wire(settings.model_copy(update={**defaults, **values}))
            stack.callback(house.database.close)
            upgrade(house.database.engine)
            campaign = make_campaign(house, readers=readers, policy=policy, domains=domains)
            log = tmp_path / "worker.log"
            return Plant(house, sink, lambda: start(environment_of(house.settings), log), campaign.id, log)

        yield build
