"""Fixtures of all tests: both databases, the house with a bell that only remembers, a relay, the web."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from pydantic import SecretStr

from newsletter.database import Database
from newsletter.jobs import Job
from newsletter.migrations import upgrade
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.wiring import House
from tests.support.compiled import share_what_is_compiled
from tests.support.postgres import Postgres, in_memory, running_postgres
from tests.support.relay import Relay, running_relay
from tests.support.slates import Slates

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    """Temporary files in memory where there is room: every commit of SQLite waits for the disk."""
    folder = in_memory()
    if folder is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


share_what_is_compiled()

SECRET = "a secret for tests only, as long as it needs to be"


@dataclass
class Rings:
    """Remembers who was woken."""

    heard: list[tuple[Job, tuple[int, ...]]] = field(default_factory=list)

    def __call__(self, job: Job, ids: tuple[int, ...]) -> None:
        self.heard.append((job, ids))

    @property
    def jobs(self) -> list[Job]:
        return [job for job, _ids in self.heard]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    name = postgres.create()
    database = Database(postgres.url(name).replace("postgresql://", "postgresql+psycopg://"))
    upgrade(database.engine)
    database.close()
    return name


@pytest.fixture(scope="session")
def slates(postgres: Postgres, postgres_template: str) -> Iterator[Slates]:
    slates = Slates(postgres, postgres_template)
    yield slates
    slates.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database.engine)
    database.close()  # the last connection folds the write-ahead log into the file
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the newest shape, empty, on SQLite and then on PostgreSQL."""
    with fresh_database(request.param, request, tmp_path) as url:
        yield url


@contextmanager
def fresh_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        path = folder / "newsletter.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    slates: Slates = request.getfixturevalue("slates")
    with slates.lend() as url:
        yield url


@pytest.fixture
def rings() -> Rings:
    return Rings()


@pytest.fixture
def relay() -> Iterator[Relay]:
    with running_relay() as server:
        yield server


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, database_url=database_url)


def settings_for(folder: Path, **values: object) -> Settings:
    """Settings that wait for nothing and read nothing from this machine."""
    defaults: dict[str, object] = {
        "data_dir": folder,
        "secret_key": SECRET,
        "site_url": "http://localhost",
        "rate_limits": False,
        "form_seconds": 0,
        "connect_timeout": 60,
        "reply_timeout": 60,
        "lease_for": 20,
        "uncertain_grace": 0,
        "notices_every": 0.05,
    }
    return Settings(_env_file=None, **{**defaults, **values})  # type: ignore[arg-type, call-arg]


@pytest.fixture
def house(settings: Settings, rings: Rings) -> Iterator[House]:
    house = House(settings, rings)
    yield house
    house.database.close()


@pytest.fixture
def mailing_house(house: House, relay: Relay, rings: Rings) -> Iterator[House]:
    """A house whose mail goes to the relay, one letter after another."""
    settings = house.settings.model_copy(update={"smtp_url": SecretStr(relay.url), "connections": 1})
    mailing = House(settings, rings)
    yield mailing
    mailing.database.close()


@pytest.fixture
def app(house: House) -> Flask:
    app = create_app(house)
    app.testing = False
    return app


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()
