"""A house with a relay, a broker and workers that can be killed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsletter.settings import Settings
from newsletter.wiring import House, wire
from tests.support.relay import Relay
from tests.support.stack import Worker, environment_of, running_broker, workers


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    with running_broker() as url:
        yield url


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
            "lease_for": 2.0,
            "uncertain_grace": 0.0,
        }
    )
    house = wire(running)
    log = tmp_path / "worker.log"
    with workers() as start:
        yield Works(house, lambda: start(environment_of(running), log))
    house.database.close()
