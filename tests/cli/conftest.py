"""Running commands as a person would."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli import main
from tests.conftest import SECRET

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder with an environment of its own."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("NEWSLETTER_") or name in {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("NEWSLETTER_SECRET_KEY", SECRET)
    monkeypatch.setenv("NEWSLETTER_SITE_URL", "http://localhost")

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, arguments, env=environment)

    return run


@pytest.fixture
def on_database(run: Run, database_url: str) -> Run:
    return lambda *arguments: run(*arguments, DATABASE_URL=database_url)
